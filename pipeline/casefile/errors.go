package casefile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is one mistake in case.yaml. Line and Column count from 1; 0 is not known.
type Error struct {
	Path         string
	Line, Column int
	Problem      string
	Hint         string // what the reader can do; may be empty
}

// Error is "case.yaml:LINE: problem (hint)", on one line.
func (e *Error) Error() string {
	s := e.Path + ": " + e.Problem
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Problem)
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errors are the mistakes of one case.yaml, sorted by line; never empty.
type Errors []*Error

// Error is one line for each mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each mistake to errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, x := range e {
		errs[i] = x
	}
	return errs
}

// sorted orders by place; mistakes of one place keep the order they were found in.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

// quote shows a text of case.yaml on one line, shortened.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// suggest is a hint for a word that is none of the known ones.
func suggest(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "one of: " + strings.Join(known, ", ")
}

// nearest is the known word closest to word, or "" where none is close.
func nearest(word string, known []string) string {
	if len(word) > 64 {
		return ""
	}
	a := []rune(fold(word))
	best, bestDistance := "", max(1, (len(a)+1)/3)+1
	for _, k := range known {
		if d := distance(a, []rune(fold(k))); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	for _, k := range known {
		// int, bool, str, cust: the beginning of one of them.
		if best == "" && len(a) > 2 && strings.HasPrefix(fold(k), string(a)) {
			best = k
		}
	}
	return best
}

func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours between two words (optimal string alignment).
func distance(a, b []rune) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			d := 1
			if a[i-1] == b[j-1] {
				d = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+d)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
