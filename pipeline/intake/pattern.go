package intake

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// pattern matches a whole value against a regular expression (RE2).
//
// Most patterns of layouts are rows of character classes such as
// [0-9a-f]{64}. Those are matched with a table of bytes, some fifty times
// faster than the general matcher; with at most one part of variable length, the
// value's length says how long that part is, so that there is nothing to try.
type pattern struct {
	re    *regexp.Regexp
	parts []patternPart // nil: only re
	fixed int           // bytes of the parts of fixed length
}

type patternPart struct {
	set      *[256]bool
	min, max int // max -1: no bound
}

func compilePattern(text string) (*pattern, error) {
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		if e, ok := err.(*syntax.Error); ok {
			return nil, fmt.Errorf("pattern %q: %s", text, e.Code)
		}
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	p := &pattern{re: re}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return p, nil // regexp read it with the group around it; that one counts
	}
	parts, ok := partsOf(parsed, nil)
	if !ok || len(parts) == 0 {
		return p, nil
	}
	variable := 0
	for _, part := range parts {
		if part.min == part.max {
			p.fixed += part.min
		} else {
			variable++
		}
	}
	if variable <= 1 {
		p.parts = parts
	}
	return p, nil
}

// partsOf gives a pattern as a row of classes of ASCII characters, if it is one.
func partsOf(re *syntax.Regexp, parts []patternPart) ([]patternPart, bool) {
	switch re.Op {
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			// An anchor says nothing where the whole value is matched anyway.
			if i == 0 && sub.Op == syntax.OpBeginText || i == len(re.Sub)-1 && sub.Op == syntax.OpEndText {
				continue
			}
			var ok bool
			if parts, ok = partsOf(sub, parts); !ok {
				return nil, false
			}
		}
		return parts, true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return nil, false
		}
		for _, r := range re.Rune {
			set, ok := setOf(r, r)
			if !ok {
				return nil, false
			}
			parts = append(parts, patternPart{set, 1, 1})
		}
		return parts, true
	case syntax.OpCharClass:
		set, ok := setOf(re.Rune...)
		return append(parts, patternPart{set, 1, 1}), ok
	case syntax.OpCapture:
		return partsOf(re.Sub[0], parts)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		inner, ok := partsOf(re.Sub[0], nil)
		if !ok || len(inner) != 1 || inner[0].min != 1 || inner[0].max != 1 {
			return nil, false
		}
		low, high := repeats(re)
		return append(parts, patternPart{inner[0].set, low, high}), true
	}
	return nil, false
}

func repeats(re *syntax.Regexp) (low, high int) {
	switch re.Op {
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		return 1, -1
	case syntax.OpQuest:
		return 0, 1
	}
	return re.Min, re.Max
}

// setOf is the set of the ranges' bytes, if all of them are ASCII.
func setOf(ranges ...rune) (*[256]bool, bool) {
	var set [256]bool
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1] >= utf8.RuneSelf {
			return nil, false
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			set[r] = true
		}
	}
	return &set, true
}

func (p *pattern) match(b []byte) bool {
	if p.parts == nil {
		return p.re.Match(b)
	}
	spare := len(b) - p.fixed
	if spare < 0 {
		return false
	}
	for _, part := range p.parts {
		n := part.min
		if part.min != part.max {
			if spare < part.min || part.max >= 0 && spare > part.max {
				return false
			}
			n, spare = spare, 0
		}
		for _, c := range b[:n] {
			if !part.set[c] {
				return false
			}
		}
		b = b[n:]
	}
	return len(b) == 0
}
