package casefile

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"exhibit/pipeline"
)

// FuzzParse: whatever the bytes, Parse gives a case that keeps every rule, or
// mistakes with lines of the file; and the same again for the same bytes.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"small.yaml", "full.yaml"} {
		f.Add([]byte(readTestdata(f, name)))
	}
	f.Add(Starter())
	small := readTestdata(f, "small.yaml")
	for _, m := range slices.Concat(caseMistakes, schemaMistakes, shapeMistakes) {
		f.Add([]byte(strings.Replace(small, m.old, m.new, 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, "case.yaml")
		if err == nil {
			if err := broken(c); err != nil {
				t.Fatal(err)
			}
			return
		}
		var all Errors
		if c != nil || !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("case %v beside %T %v", c, err, err)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") +
			strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + 1
		for i, e := range all {
			if e.Line < 1 || e.Line > lines || e.Problem == "" || !utf8.ValidString(e.Error()) || strings.ContainsAny(e.Error(), "\n\r") {
				t.Fatalf("of %d lines: %+v", lines, e)
			}
			if i > 0 && all[i-1].Line > e.Line {
				t.Fatalf("line %d after line %d", e.Line, all[i-1].Line)
			}
		}
		if _, again := Parse(data, "case.yaml"); again == nil || again.Error() != err.Error() {
			t.Fatalf("first %v, then %v", err, again)
		}
	})
}

// Every cut of a valid file is a valid case or a mistake, never a panic.
func TestCuts(t *testing.T) {
	for _, name := range []string{"small.yaml", "full.yaml"} {
		text := readTestdata(t, name)
		for i := range len(text) {
			if c, err := Parse([]byte(text[:i]), "case.yaml"); err == nil {
				if err := broken(c); err != nil {
					t.Fatalf("%s, %d bytes: %v", name, i, err)
				}
			}
		}
	}
}

// broken says which rule an accepted case breaks: written down a second time,
// apart from the code that reads.
func broken(c *pipeline.Case) error {
	ident := regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	if !ident.MatchString(c.Name) || c.Title.En == "" || c.Span.From == pipeline.NoDay || c.Span.From > c.Span.To || len(c.SHA256) != 64 {
		return fmt.Errorf("case %+v", c)
	}
	if c.Limits.RejectedPerMillion < 0 || c.Definitions.Holders == "" || c.Definitions.OverseasPayment == "" || c.Definitions.Outsourcing == "" {
		return fmt.Errorf("limits %+v, definitions %+v", c.Limits, c.Definitions)
	}
	for name, d := range c.Stopped {
		if s := c.Source(name); s == nil || s.Kind != pipeline.Transfers || d == pipeline.NoDay {
			return fmt.Errorf("stopped %q", name)
		}
	}
	if len(c.Sources) == 0 {
		return errors.New("no sources")
	}
	ids := map[string]bool{}
	for _, cl := range c.Claims {
		if cl.ID == "" || cl.Text == "" || ids[cl.ID] || cl.Line == 0 {
			return fmt.Errorf("claim %+v", cl)
		}
		ids[cl.ID] = true
	}
	for i := range c.Sources {
		s := &c.Sources[i]
		if !ident.MatchString(s.Name) || c.Source(s.Name) != s || s.Sender == "" || s.Line == 0 || s.FilesLine == 0 {
			return fmt.Errorf("source %+v", s)
		}
		if err := errors.Join(brokenSource(s), brokenFields(s)); err != nil {
			return fmt.Errorf("source %s: %w", s.Name, err)
		}
	}
	return nil
}

func brokenSource(s *pipeline.Source) error {
	count := map[pipeline.Role]int{}
	for _, f := range s.Schema.Fields {
		count[f.Role]++
	}
	ok := s.Date.Fixed == pipeline.NoDay
	switch s.Kind {
	case pipeline.Transfers:
		ok = ok && (s.Date.FromName || s.Date.FromField) && (count["date"] == 1) == s.Date.FromField && count["account"] < 2 &&
			(s.Recipient.Name != "") != s.Recipient.FromField && (count["recipient"] == 1) == s.Recipient.FromField
	case pipeline.Customers:
		ok = ok && count["account"] == 1 && !s.AsOf.FromField
	case pipeline.OverseasPayments:
		ok = ok && count["account"] == 1 && count["paid"] == 1
	case pipeline.Consents:
		ok = ok && count["account"] == 1 && count["consent"] == 1 && count["from"] == 1
	case pipeline.Contracts:
		ok = ok && count["basis"] == 1 && count["from"] == 1
	default:
		ok = false
	}
	if s.Kind != pipeline.Transfers && (s.Date.FromName || s.Date.FromField || s.Cadence != "" || s.Recipient != pipeline.Recipient{}) {
		ok = false
	}
	for _, d := range []pipeline.DateRule{s.Date, s.AsOf} {
		if d.FromName != (d.Pattern != "") || d.FromName != (d.Format != "") || d.FromName && regexp.MustCompile(d.Pattern).NumSubexp() != 1 {
			ok = false
		}
	}
	globs := []string{s.Files}
	if s.Control != nil {
		globs = append(globs, s.Control.Files)
		ok = ok && s.Control.Records > 0
	}
	for _, g := range globs {
		if _, err := path.Match(g, "x"); err != nil || path.IsAbs(g) || path.Clean(g) != g || slices.Contains(strings.Split(g, "/"), "..") {
			return fmt.Errorf("glob %q", g)
		}
	}
	d := s.Dialect
	for _, b := range []byte{d.Delimiter, d.Quote, d.Escape, d.Comment} {
		if b >= 0x80 || b == '\n' || b == '\r' || regexp.MustCompile(`[A-Za-z0-9]`).Match([]byte{b}) {
			ok = false
		}
	}
	if d.Delimiter == 0 || d.Delimiter == d.Quote || d.Delimiter == d.Escape || d.Delimiter == d.Comment || d.SkipLines < 0 {
		ok = false
	}
	if !ok {
		return fmt.Errorf("%+v, roles %v", s, count)
	}
	return nil
}

func brokenFields(s *pipeline.Source) error {
	if len(s.Schema.Fields) == 0 || len(s.Schema.Items()) > 62 || s.Schema.MissingValues == nil {
		return fmt.Errorf("schema %+v", s.Schema)
	}
	columns := map[string]bool{}
	for _, c := range pipeline.StagedColumns(s) {
		low := strings.ToLower(c.Name)
		if c.Name == "" || columns[low] || low == "file_id" || low == "source" {
			return fmt.Errorf("column %q", c.Name)
		}
		columns[low] = true
	}
	seen := map[string]bool{}
	for _, f := range s.Schema.Fields {
		ok := f.Name != "" && !seen[f.Name] && f.Role != "" && f.Type != "" && f.Type != "any" && f.Format != "any" && f.Format != "default" && f.Line > 0
		seen[f.Name] = true
		if f.Type == "number" {
			ok = ok && f.Decimal != "" && f.Decimal != f.Group && (!f.Kept() || f.Scale >= 0) && f.Scale <= 18
		} else {
			ok = ok && f.Scale == -1 && f.Decimal == ""
		}
		if f.Type == "boolean" {
			ok = ok && len(f.True) > 0 && len(f.False) > 0
		}
		if f.Role == pipeline.RoleAmount && f.Scale > 4 {
			ok = false
		}
		if _, err := regexp.Compile(f.Constraints.Pattern); err != nil || f.MaxLength >= 0 && f.MinLength > f.MaxLength {
			ok = false
		}
		if s.Format == "fixed" && f.Width < 1 {
			ok = false
		}
		if !ok {
			return fmt.Errorf("field %+v", f)
		}
	}
	return nil
}

// Texts of constraints are read in the form of their field, strictly.
func TestForms(t *testing.T) {
	tests := []struct {
		typ, format, text string
		ok                bool
	}{
		{"date", "", "2020-02-29", true}, {"date", "", "2019-02-29", false}, {"date", "", "2020-2-29", false}, {"date", "", "2020-02-29 ", false},
		{"date", "%Y%m%d", "20200229", true}, {"date", "%Y%m%d", "2020022", false}, {"date", "%d.%m.%y", "01.01.69", true},
		{"date", "%Y%j", "2020366", true}, {"date", "%Y%j", "2019366", false}, {"date", "%Y%j", "2020000", false},
		{"date", "%d %b %Y", "01 May 2020", true}, {"date", "%d %b %Y", "01 Mai 2020", false}, {"date", "%d %B %Y", "01 August 2020", true},
		{"date", "%%%Y-%m-%d", "%2020-01-01", true}, {"date", "%%%Y-%m-%d", "2020-01-01", false},
		{"time", "", "23:59:59", true}, {"time", "", "24:00:00", false}, {"time", "", "23:59:60", false}, {"time", "%H:%M", "07:05", true},
		{"datetime", "", "2020-01-01T00:00:00Z", true}, {"datetime", "%Y-%m-%d %H:%M:%S.%f", "2020-01-01 00:00:00.5", true},
		{"year", "", "1999", true}, {"year", "", "99", false}, {"yearmonth", "", "1999-12", true}, {"yearmonth", "", "1999-13", false},
		{"integer", "", "-5", true}, {"integer", "", "1.0", false}, {"integer", "", "", false}, {"integer", "", "1e3", false},
		{"number", "", "-5.25", true}, {"number", "", ".5", false}, {"number", "", "1e999999999", false}, {"number", "", "NaN", false},
		{"string", "", "anything", true},
	}
	for _, x := range tests {
		f := field(1, "f", x.typ, pipeline.RoleIgnore, format(x.format))
		if _, ok := read(&f, x.text); ok != x.ok {
			t.Errorf("%s %q: %q is %v, want %v", x.typ, x.format, x.text, ok, x.ok)
		}
	}
	if got, ok := readTime("%d.%m.%y", "31.12.68"); !ok || !got.Equal(time.Date(2068, 12, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("two-digit year 68: %v", got)
	}
	if got, ok := readTime("%d.%m.%y", "31.12.69"); !ok || got.Year() != 1969 {
		t.Errorf("two-digit year 69: %v", got)
	}
}
