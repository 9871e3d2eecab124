package casefile

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"exhibit/pipeline"
)

// directives are the strptime directives that exhibit reads, with the part of a
// time that each of them gives.
var directives = map[byte]struct {
	part   string
	digits int // how many it reads; 0: a name
	time   bool
}{
	'Y': {"year", 4, false}, 'y': {"year", 2, false}, 'm': {"month", 2, false}, 'b': {"month", 0, false}, 'B': {"month", 0, false},
	'd': {"day", 2, false}, 'j': {"day of the year", 3, false},
	'H': {"hour", 2, true}, 'M': {"minute", 2, true}, 'S': {"second", 2, true}, 'f': {"fraction", 6, true},
}

const directiveHint = "directives: %Y %y %m %b %B %d %j %H %M %S %f %%"

// dateFormat checks a strptime pattern of a date, time or datetime.
func (s *section) dateFormat(key, typ, format string) {
	n := s.at(key)
	if strings.HasPrefix(format, "fmt:") {
		s.r.fail(n, "write it without fmt:", "format %s of %s is of an older Table Schema", quote(format), s.what)
		return
	}
	parts := map[string]bool{}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i++; i == len(format) {
			s.r.fail(n, directiveHint, "format %s of %s ends in %%", quote(format), s.what)
			return
		}
		if format[i] == '%' {
			continue
		}
		d, ok := directives[format[i]]
		if !ok {
			s.r.fail(n, directiveHint, "format %s of %s has an unknown directive", quote(format), s.what)
			return
		}
		if parts[d.part] {
			s.r.fail(n, "", "format %s of %s gives the %s twice", quote(format), s.what, d.part)
			return
		}
		if d.time && typ == "date" || !d.time && typ == "time" {
			s.r.fail(n, directiveHint, "format %s of %s: a %s has no %s", quote(format), s.what, typ, d.part)
			return
		}
		parts[d.part] = true
	}
	s.whole(n, typ, format, parts)
}

// whole refuses a format that leaves a part of the value to be invented.
func (s *section) whole(n *yaml.Node, typ, format string, parts map[string]bool) {
	md, yday := parts["month"] && parts["day"], parts["day of the year"]
	if typ != "time" && (!parts["year"] || !md && !yday) {
		s.r.fail(n, `for example "%Y-%m-%d"`, "format %s of %s gives no whole date", quote(format), s.what)
		return
	}
	if yday && (parts["month"] || parts["day"]) {
		s.r.fail(n, "", "format %s of %s gives the day twice", quote(format), s.what)
		return
	}
	if typ == "date" {
		return
	}
	hole := !parts["hour"] || parts["second"] && !parts["minute"] || parts["fraction"] && !parts["second"]
	if hole {
		s.r.fail(n, `for example "%H:%M:%S", or type: date`, "format %s of %s gives no whole time", quote(format), s.what)
	}
}

// form is a value of a constraint that can be compared with another of its type.
type form struct {
	number *big.Rat
	time   time.Time
}

func (a form) above(b form) bool {
	if a.number != nil && b.number != nil {
		return a.number.Cmp(b.number) > 0
	}
	return a.time.After(b.time)
}

var (
	wholeText  = regexp.MustCompile(`^[+-]?[0-9]{1,40}$`)
	numberText = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{1,40})?$`)
)

// read reads the text of a constraint in the form that its field declares.
func read(f *pipeline.Field, text string) (form, bool) {
	switch f.Type {
	case "integer", "number":
		if f.Group != "" {
			text = strings.ReplaceAll(text, f.Group, "")
		}
		want := wholeText
		if f.Type == "number" {
			want = numberText
			text = strings.Replace(text, f.Decimal, ".", 1)
		}
		if !want.MatchString(text) {
			return form{}, false
		}
		n, ok := new(big.Rat).SetString(text)
		return form{number: n}, ok
	case "boolean":
		return form{}, slices.Contains(f.True, text) || slices.Contains(f.False, text)
	}
	format := f.Format
	if format == "" {
		format = map[string]string{"date": "%Y-%m-%d", "time": "%H:%M:%S", "datetime": "%Y-%m-%dT%H:%M:%SZ", "year": "%Y", "yearmonth": "%Y-%m"}[f.Type]
	}
	switch f.Type {
	case "date", "time", "datetime", "year", "yearmonth":
		t, ok := readTime(format, text)
		return form{time: t}, ok
	}
	return form{}, true
}

// readTime reads a text by a strptime pattern that dateFormat accepts. Numbers
// have their full width.
func readTime(format, text string) (time.Time, bool) {
	part := map[string]int{"year": 2000, "month": 1, "day": 1}
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' || i+1 == len(format) || format[i+1] == '%' {
			if text == "" || text[0] != c {
				return time.Time{}, false
			}
			text = text[1:]
			if c == '%' {
				i++
			}
			continue
		}
		i++
		var v int
		var ok bool
		if v, text, ok = readPart(format[i], text); !ok {
			return time.Time{}, false
		}
		part[directives[format[i]].part] = v
	}
	yday, byYday := part["day of the year"]
	if byYday {
		part["day"] = yday
	}
	t := time.Date(part["year"], time.Month(part["month"]), part["day"], part["hour"], part["minute"], part["second"], part["fraction"]*1000, time.UTC)
	// time.Date carries 30 February over; a carried value is no date.
	same := t.Hour() == part["hour"] && t.Minute() == part["minute"] && t.Second() == part["second"]
	if byYday {
		same = same && t.Year() == part["year"] && yday > 0
	} else {
		same = same && t.Month() == time.Month(part["month"]) && t.Day() == part["day"]
	}
	return t, same && text == ""
}

func readPart(directive byte, text string) (v int, rest string, ok bool) {
	d := directives[directive]
	if d.digits == 0 {
		for m := time.January; m <= time.December; m++ {
			word := m.String()
			if directive == 'b' {
				word = word[:3]
			}
			if rest, ok := strings.CutPrefix(text, word); ok {
				return int(m), rest, true
			}
		}
		return 0, text, false
	}
	n := 0
	for n < d.digits && n < len(text) && '0' <= text[n] && text[n] <= '9' {
		v = v*10 + int(text[n]-'0')
		n++
	}
	switch {
	case directive == 'f' && n > 0:
		for i := n; i < d.digits; i++ {
			v *= 10
		}
	case n < d.digits:
		return 0, text, false
	}
	if directive == 'y' {
		// POSIX: 69 to 99 are of the twentieth century.
		if v += 2000; v >= 2069 {
			v -= 100
		}
	}
	return v, text[n:], true
}

// fits reports a text of a constraint that no value of the field can equal.
func (s *section) fits(n *yaml.Node, key string, f *pipeline.Field) (form, bool) {
	if f.Type == "" {
		return form{}, false
	}
	v, ok := read(f, n.Value)
	if !ok {
		form := f.Type
		if f.Format != "" {
			form += " of the form " + quote(f.Format)
		}
		s.r.fail(n, "write it as the files do", "%s %s of %s is no %s", key, quote(n.Value), s.what, form)
	}
	return v, ok
}

// bounds reads minimum and maximum.
func (s *section) bounds(f *pipeline.Field) {
	var low, high form
	var hasLow, hasHigh bool
	if s.belongs("minimum", f) {
		if f.Minimum = s.text("minimum"); f.Minimum != "" {
			low, hasLow = s.fits(s.at("minimum"), "minimum", f)
		}
	}
	if s.belongs("maximum", f) {
		if f.Maximum = s.text("maximum"); f.Maximum != "" {
			high, hasHigh = s.fits(s.at("maximum"), "maximum", f)
		}
	}
	if hasLow && hasHigh && low.above(high) {
		s.r.fail(s.at("minimum"), "", "minimum of %s is above the maximum", s.what)
	}
}
