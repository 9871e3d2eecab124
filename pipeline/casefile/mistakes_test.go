package casefile

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mistake is one change of testdata/small.yaml: the first old becomes new. want
// are the errors, without "case.yaml:" before the line.
type mistake struct{ name, old, new, want string }

func TestMistakes(t *testing.T) {
	small := readTestdata(t, "small.yaml")
	if _, err := Parse([]byte(small), "case.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Concat(caseMistakes, schemaMistakes, shapeMistakes) {
		t.Run(m.name, func(t *testing.T) {
			if !strings.Contains(small, m.old) {
				t.Fatalf("small.yaml has no %q", m.old)
			}
			c, err := Parse([]byte(strings.Replace(small, m.old, m.new, 1)), "case.yaml")
			if err == nil {
				t.Fatalf("accepted; want %s", m.want)
			}
			if c != nil {
				t.Error("a case beside an error")
			}
			want := "case.yaml:" + strings.ReplaceAll(m.want, "\n", "\ncase.yaml:")
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Mistakes far apart come back together, sorted by line, each as *Error.
func TestAllMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer("case: small", "case: Small", "kind: customers", "kind: customer", "role: paid", "role: payed",
		`figure: total_records.total_records, source: "paper"`, "figur: x", "delimiter: \";\"", "delimiter: x").
		Replace(readTestdata(t, "small.yaml"))
	_, err := Parse([]byte(text), "dir/case.yaml")
	want := `dir/case.yaml:1: "Small" is no name (a-z, 0-9, - and _, at most 64, beginning with a letter or digit)
dir/case.yaml:18: delimiter "x" of dialect of source "daily" is a letter, a digit or a line end (one ASCII character, or "\t")
dir/case.yaml:30: kind "customer" of source "people" is not known (did you mean "customers"?)
dir/case.yaml:45: role "payed" of field "day" is not known (did you mean "paid"?)
dir/case.yaml:48: unknown key "figur" in a claim (did you mean "figure"?)`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var all Errors
	var one *Error
	if !errors.As(err, &all) || len(all) != 5 || !errors.As(err, &one) || one.Line != 1 || one.Column != 7 {
		t.Errorf("%T does not give its mistakes: %+v", err, one)
	}
}

// What is wrong with the file as a whole.
func TestNoCase(t *testing.T) {
	deep := "case: x\nspan: " + strings.Repeat("[", 30) + strings.Repeat("]", 30)
	tests := []struct{ name, text, want string }{
		{"empty", "", "case.yaml:1: empty (exhibit init writes a case.yaml to begin with)"},
		{"only a comment", "# nothing\n", "case.yaml:1: empty (exhibit init writes a case.yaml to begin with)"},
		{"a text", "case", "case.yaml:1: the file is no mapping (keys: case, title, span, stopped, population, home_country, definitions, limits, sources, claims)"},
		{"null", "---\n", "case.yaml:2: the file is no mapping (keys: case, title, span, stopped, population, home_country, definitions, limits, sources, claims)"},
		{"too large", "case: x\n#" + strings.Repeat("x", MaxBytes), "case.yaml:1: larger than 1048576 bytes (a case describes data, it does not hold any)"},
		{"CP949", "case: x\ntitle: \xb0\xa1\n", "case.yaml:2: a byte that is no UTF-8 text (save the file as UTF-8 text)"},
		{"UTF-16", "\xff\xfec\x00", "case.yaml:1: a byte that is no UTF-8 text (save the file as UTF-8 text)"},
		{"NUL", "case: x\r\n\r\ntitle: \x00\n", "case.yaml:3: a byte that is no UTF-8 text (save the file as UTF-8 text)"},
		{"too deep", deep, "case.yaml:2: nested deeper than 20 levels"},
		{"far too deep", strings.Repeat("[", MaxBytes), "case.yaml:1: exceeded max depth of 10000"},
		{"a key that is a list", "[a]: b\ncase: x\nspan: {from: 2020-01-01, to: 2020-01-02}\nsources: [x]\n",
			"case.yaml:1: a key of the file is no text\n" +
				"case.yaml:4: a source is no mapping (keys: " + strings.Join(sourceKeys, ", ") + ")"},
		{"cut short", "case: x\r\nspan: {from: 2020-01-01\r\n\r\n", "case.yaml:2: did not find expected ',' or '}' (a bracket is not closed, or a line is indented unlike the others)"},
		{"no sources", "case: x\nspan: {from: 2020-01-01, to: 2020-01-02}\nsources: []\n",
			"case.yaml:3: no sources (a case has at least one source of files)"},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			_, err := Parse([]byte(x.text), "case.yaml")
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(x.want, err.Error()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// A field more than transfers.fields has bits is refused; 62 are not.
func TestItems(t *testing.T) {
	small := readTestdata(t, "small.yaml")
	with := func(n int) string {
		const before = "        - {name: phone, type: string, role: identifier}\n"
		var more strings.Builder
		for i := range n - 4 { // id, phone, and the three attributes, less one for amount
			more.WriteString("        - {name: x" + string(rune('A'+i/26)) + string(rune('a'+i%26)) + "1, role: identifier}\n")
		}
		return strings.Replace(small, before, more.String(), 1)
	}
	if _, err := Parse([]byte(with(maxItems)), "case.yaml"); err != nil {
		t.Error(err)
	}
	_, err := Parse([]byte(with(maxItems+1)), "case.yaml")
	want := `case.yaml:23: source "daily" has 63 items, at most 62 fit (personal: false, or role ignore, for those that are no personal data)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLoad(t *testing.T) {
	_, err := Load("testdata/none.yaml")
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "testdata/none.yaml: ") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load("testdata"); err == nil || err.Error() != "testdata: not a regular file" {
		t.Errorf("folder: %v", err)
	}
	c, err := Load("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Path != "testdata/small.yaml" || len(c.SHA256) != 64 {
		t.Errorf("path %q, sha256 %q", c.Path, c.SHA256)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"delimiter", "quoteChar", "skipLines", "role", "type"}
	for word, want := range map[string]string{
		"delimeter": "delimiter", "Delimiter": "delimiter", "quote_char": "quoteChar", "quotchar": "quoteChar", "skip-line": "skipLines",
		"roel": "role", "rôle": "role", "delim": "delimiter", "x": "", "": "", "color": "", strings.Repeat("role", 30): "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	for _, x := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"가나", "가다", 1}} {
		if got := distance([]rune(x.a), []rune(x.b)); got != x.want {
			t.Errorf("distance(%q, %q) = %d, want %d", x.a, x.b, got, x.want)
		}
	}
}

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
