package casefile

import (
	"math"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// dialectKeys says which keys of a dialect mean anything for a format of file.
var dialectKeys = map[string][]string{
	"csv": {"delimiter", "quoteChar", "escapeChar", "doubleQuote", "header", "lineTerminator", "skipInitialSpace",
		"commentChar", "skipLines"},
	"fixed": {"header", "lineTerminator", "commentChar", "skipLines"},
	"xlsx":  {"header", "skipLines", "sheetName"},
}

// dialect reads the CSV dialect. Its defaults are those of the Frictionless CSV
// Dialect, but that a line ends as it ends, and that fixed-width files have no
// header.
func (s *section) dialect(format string) pipeline.Dialect {
	d := pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, Header: format != "fixed"}
	n := s.at("dialect")
	if n == nil {
		return d
	}
	known := dialectKeys[format]
	if known == nil {
		s.r.fail(s.keys["dialect"], "remove it", "dialect of %s: %s files have none", s.what, format)
		return d
	}
	x := s.r.section(n, "dialect of "+s.what, known)
	if x == nil {
		return d
	}
	d.Delimiter = x.char("delimiter", d.Delimiter, false)
	d.Quote = x.char("quoteChar", d.Quote, true)
	d.Escape = x.char("escapeChar", 0, true)
	d.Comment = x.char("commentChar", 0, true)
	d.DoubleQuote = x.boolean("doubleQuote", true) && d.Quote != 0
	d.Header = x.boolean("header", d.Header)
	d.SkipInitialSpace = x.boolean("skipInitialSpace", false)
	d.SkipLines = int(x.integer("skipLines", 0, 0, math.MaxInt16))
	d.LineTerminator = x.terminator()
	d.SheetName = x.text("sheetName")
	x.distinct(&d)
	return d
}

// distinct refuses a character with two meanings.
func (s *section) distinct(d *pipeline.Dialect) {
	if strings.ContainsRune("'\"", rune(d.Delimiter)) && s.has("delimiter") {
		s.r.fail(s.at("delimiter"), "", "delimiter of %s is a quote", s.what)
	}
	if d.Escape != 0 && d.Escape == d.Quote {
		s.r.fail(s.at("escapeChar"), "doubleQuote: true says that a quote is doubled", "escapeChar of %s is the quoteChar", s.what)
		return
	}
	if d.SkipInitialSpace && d.Delimiter == ' ' {
		s.r.fail(s.at("skipInitialSpace"), "remove it", "skipInitialSpace of %s would skip the delimiter", s.what)
	}
	chars := []struct {
		key string
		c   byte
	}{{"delimiter", d.Delimiter}, {"quoteChar", d.Quote}, {"escapeChar", d.Escape}, {"commentChar", d.Comment}}
	for i, b := range chars {
		for _, a := range chars[:i] {
			if b.c == 0 || a.c != b.c {
				continue
			}
			at := s.at(b.key)
			if at == nil {
				at = s.at(a.key)
			}
			if at != nil {
				s.r.fail(at, "", "%s and %s of %s are the same character", a.key, b.key, s.what)
			}
		}
	}
}

// char reads a single ASCII character that structures a file. "" means none
// where that is allowed.
func (s *section) char(key string, otherwise byte, none bool) byte {
	n := s.at(key)
	if n == nil {
		return otherwise
	}
	t, ok := s.r.scalar(n, key+" of "+s.what)
	if !ok || t == "" && none {
		return 0
	}
	if t == `\t` || t == "tab" {
		t = "\t"
	}
	const hint = `one ASCII character, or "\t"`
	if len(t) != 1 || t[0] >= 0x80 || t[0] == 0 {
		s.r.fail(n, hint, "%s %s of %s is no single character", key, quote(t), s.what)
		return otherwise
	}
	if c := t[0]; c == '\n' || c == '\r' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' {
		s.r.fail(n, hint, "%s %s of %s is a letter, a digit or a line end", key, quote(t), s.what)
		return otherwise
	}
	return t[0]
}

func (s *section) terminator() string {
	n := s.at("lineTerminator")
	if n == nil {
		return ""
	}
	t, ok := s.r.scalar(n, "lineTerminator of "+s.what)
	if !ok {
		return ""
	}
	t = strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(t)
	if !slices.Contains([]string{"\n", "\r\n", "\r"}, t) {
		s.r.fail(n, `"\n", "\r\n" or "\r"`, "lineTerminator %s of %s is not known", quote(t), s.what)
		return ""
	}
	return t
}
