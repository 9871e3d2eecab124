package catalog

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

const figure = `-- figure: affected_persons
-- title:  People whose data was sent
-- title.ko: 정보가 제공된 사람
-- unit:   persons
-- needs:  person_totals, persons
-- reading: holders
--
-- Counts each person once,
-- however often they were sent.
--
-- A second paragraph: with a colon.
SELECT count(*) AS affected_persons -- not prose
FROM person_totals
`

func TestParse(t *testing.T) {
	got, err := Parse("figure/affected_persons.sql", figure)
	if err != nil {
		t.Fatal(err)
	}
	want := pipeline.Query{
		Kind: pipeline.FigureQuery, Name: "affected_persons", Path: "figure/affected_persons.sql",
		Title: pipeline.Text{En: "People whose data was sent", Ko: "정보가 제공된 사람"},
		Unit:  "persons", Needs: []string{"person_totals", "persons"}, Readings: []string{"holders"},
		Definition: "Counts each person once, however often they were sent.\n\nA second paragraph: with a colon.",
		SQL:        figure, SHA256: digest(figure),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	crlf, err := Parse("figure/affected_persons.sql", strings.ReplaceAll(figure, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if crlf.Definition != want.Definition || crlf.Title != want.Title {
		t.Errorf("CRLF changes the header: %q, %v", crlf.Definition, crlf.Title)
	}
}

func TestParseErrors(t *testing.T) {
	const file = "figure/f.sql"
	tests := []struct{ name, file, text, want string }{
		{"empty", file, "", `figure/f.sql:1: does not begin with "-- figure: f"`},
		{"other kind", file, "-- check: f\n--\nSELECT 1", `figure/f.sql:1: does not begin with "-- figure: f"`},
		{"other name", file, "-- figure: g\n--\nSELECT 1", `figure/f.sql:1: the figure is called "g" here and "f" in the file's name`},
		{"unknown key", file, "-- figure: f\n-- titel: x\n--\nSELECT 1", `figure/f.sql:2: unknown key "titel"; keys of a figure are title, title.ko, unit, needs, rule, reading`},
		{"key of another kind", file, "-- figure: f\n-- severity: stop\n--\nSELECT 1", `figure/f.sql:2: unknown key "severity"`},
		{"twice", file, "-- figure: f\n-- unit: a\n-- unit: b\n--\nSELECT 1", `figure/f.sql:3: unit is given twice`},
		{"kind twice", file, "-- figure: f\n-- figure: f\n--\nSELECT 1", `figure/f.sql:2: unknown key "figure"`},
		{"no value", file, "-- figure: f\n-- unit:\n--\nSELECT 1", `figure/f.sql:2: unit has no value`},
		{"no key", file, "-- figure: f\n-- prose too early\n--\nSELECT 1", `figure/f.sql:2: neither "-- key: value" nor the bare "--"`},
		{"SQL too early", file, "-- figure: f\nSELECT 1", `figure/f.sql:2: neither`},
		{"no end", file, "-- figure: f\n-- unit: a", `figure/f.sql:2: no bare "--" ends the header`},
		{"no SQL", file, "-- figure: f\n--\n-- prose\n\n", `figure/f.sql:5: there is no SQL after the header`},
		{"needs empty", file, "-- figure: f\n-- needs: a,,b\n--\nSELECT 1", `figure/f.sql:2: the list has an empty entry`},
		{"needs twice", file, "-- figure: f\n-- needs: a, a\n--\nSELECT 1", `figure/f.sql:2: a is listed twice`},
		{"scope", "rollup/r.sql", "-- rollup: r\n-- scope: year\n--\nSELECT 1", `rollup/r.sql:2: scope "year" is not known; the only scope is month`},
		{"severity", "check/c.sql", "-- check: c\n-- severity: bad\n--\nSELECT 1", `check/c.sql:2: severity "bad" is not known; severities are stop, incomplete, note`},
		{"name", "check/C-1.sql", "-- check: C-1\n--\nSELECT 1", `check/C-1.sql:1: file name is no name`},
		{"folder", "checks/c.sql", "-- checks: c\n--\nSELECT 1", `checks/c.sql:1: no kind of query; folders are rollup, check, figure, table, finding`},
		{"bytes", file, "-- figure: f\n--\nSELECT '\xff'", `figure/f.sql:1: is not UTF-8 text`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.file, tt.text)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// query is a file that Load and Lint accept, but for what a test changes.
func query(kind, name, needs string) *fstest.MapFile {
	extra := map[string]string{
		"rollup": "-- grain: one row\n", "check": "-- severity: note\n", "figure": "-- unit: records\n",
		"table": "-- unit: records\n", "finding": "-- rule: an article\n",
	}
	return &fstest.MapFile{Data: []byte("-- " + kind + ": " + name + "\n-- title: t\n-- title.ko: 제목\n-- needs: " + needs + "\n" +
		extra[kind] + "--\n-- Prose.\nSELECT 1 AS one FROM files ORDER BY one\n")}
}

func TestLoadOrder(t *testing.T) {
	queries, err := Load(fstest.MapFS{
		"embed.go":               {Data: []byte("package sql")},
		"rollup/a_last.sql":      query("rollup", "a_last", "m_middle, z_first"),
		"rollup/m_middle.sql":    query("rollup", "m_middle", "z_first, transfers"),
		"rollup/z_first.sql":     query("rollup", "z_first", "transfers"),
		"rollup/b_alone.sql":     query("rollup", "b_alone", "files"),
		"rollup/b_alone.txtar":   {},
		"rollup/.hidden":         {},
		"figure/f.sql":           query("figure", "f", "a_last"),
		"check/c.sql":            query("check", "c", "files"),
		"finding/f.sql":          query("finding", "f", "files"),
		"table/t.sql":            query("table", "t", "files"),
		"rollup/m_middle.db.sql": {Data: []byte("SELECT 2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range queries {
		got = append(got, q.Path)
	}
	want := []string{"rollup/b_alone.sql", "rollup/z_first.sql", "rollup/m_middle.sql", "rollup/a_last.sql",
		"check/c.sql", "figure/f.sql", "table/t.sql", "finding/f.sql"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"db": "SELECT 2"}, queries[2].Variants); diff != "" {
		t.Errorf("variants (-want +got)\n%s", diff)
	}
}

func TestLoadErrors(t *testing.T) {
	tests := []struct {
		name string
		fsys fstest.MapFS
		want string
	}{
		{"circle", fstest.MapFS{"rollup/a.sql": query("rollup", "a", "b"), "rollup/b.sql": query("rollup", "b", "a")},
			"rollup/a.sql:1: rollups need each other in a circle: a, b"},
		{"own tail", fstest.MapFS{"rollup/a.sql": query("rollup", "a", "a")}, "rollup/a.sql:1: rollups need each other in a circle: a"},
		{"folder", fstest.MapFS{"figures/a.sql": query("figure", "a", "files")}, "figures: no kind of query; folders are rollup, check, figure, table, finding"},
		{"ending", fstest.MapFS{"figure/a.SQL": {}}, "figure/a.SQL: no query; queries end in .sql, examples in .txtar"},
		{"variant alone", fstest.MapFS{"rollup/a.db.sql": {}}, "rollup/a.db.sql: a variant of a.sql, which is not there or has errors"},
		{"all together", fstest.MapFS{"figure/a.sql": {}, "check/b.sql": {}},
			"check/b.sql:1: does not begin with \"-- check: b\"\nfigure/a.sql:1: does not begin with \"-- figure: a\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(tt.fsys)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if queries, err := Load(fstest.MapFS{}); err != nil || len(queries) != 0 {
		t.Errorf("no folders: %v, %v", queries, err)
	}
}

func TestMerge(t *testing.T) {
	load := func(files fstest.MapFS) []pipeline.Query {
		t.Helper()
		queries, err := Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return queries
	}
	builtin := load(fstest.MapFS{"figure/b.sql": query("figure", "b", "files"), "finding/a.sql": query("finding", "a", "files")})
	all, err := Merge(builtin, load(fstest.MapFS{"figure/a.sql": query("figure", "a", "files"), "check/b.sql": query("check", "b", "files")}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range all {
		got = append(got, q.Path)
	}
	if diff := cmp.Diff([]string{"check/b.sql", "figure/a.sql", "figure/b.sql", "finding/a.sql"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = Merge(builtin, load(fstest.MapFS{"figure/b.sql": query("figure", "b", "files")}))
	if want := "figure/b.sql:1: there is a built-in figure b already; give this one another name"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// FuzzParse: whatever the text, Parse ends, its errors name file and line, and
// what it accepts keeps the text and has SQL.
func FuzzParse(f *testing.F) {
	f.Add(figure)
	f.Add("-- figure: affected_persons\n--\n--\n--x\nSELECT '--' /* ")
	f.Add("-- figure: affected_persons\r\n-- needs: a , b\r\n--\t\r\n\r\nSELECT \"")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse("figure/affected_persons.sql", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "figure/affected_persons.sql:") {
				t.Errorf("error without place: %v", err)
			}
			return
		}
		if q.SQL != text || q.Name != "affected_persons" || q.SHA256 != digest(text) {
			t.Errorf("changed the text: %q", q.SQL)
		}
		for _, tok := range tokens(q.SQL) {
			if tok.text == "" || tok.line < 1 || tok.line > 1+strings.Count(text, "\n") {
				t.Errorf("token %+v", tok)
			}
		}
		_ = Lint([]pipeline.Query{q})
	})
}
