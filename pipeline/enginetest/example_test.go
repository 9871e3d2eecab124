package enginetest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
	"exhibit/pipeline/catalog"
)

func TestCells(t *testing.T) {
	const text = "a,b,c\n1,,\"\"\n\n\"x,y\",\"say \"\"no\"\"\",z\n"
	got, err := readCells(text)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]cell{
		{{text: "a"}, {text: "b"}, {text: "c"}},
		{{text: "1"}, {null: true}, {}},
		{{text: "x,y"}, {text: `say "no"`}, {text: "z"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if lines := strings.Join(writeCells(got), "\n"); lines != strings.ReplaceAll(strings.TrimSpace(text), "\n\n", "\n") {
		t.Errorf("written otherwise than read:\n%s", lines)
	}
	for text, want := range map[string]string{
		"":            "1: no header",
		"a,b\n1":      "2: 1 cells under 2 columns",
		"a\nx\"y":     "2: a quote inside an unquoted cell",
		"a\n\"x":      "2: a quote that nothing closes",
		"a\n\"x\"y,z": "2: text after a closing quote",
	} {
		if _, err := readCells(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func figure(t *testing.T, text string) *pipeline.Query {
	t.Helper()
	q, err := catalog.Parse("figure/f.sql", "-- figure: f\n-- title: t\n-- title.ko: 제목\n-- unit: files\n-- needs: files\n--\n-- Prose.\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	return &q
}

const files = "A comment.\n-- files.csv --\nsource,records\ns,3\ns,4\n"

// What an example does not hold to, nothing else does: each of these has to be
// found.
func TestExampleFindsFaults(t *testing.T) {
	const sum = "SELECT CAST(COALESCE(sum(records), 0) AS BIGINT) AS n FROM files"
	tests := []struct{ name, sql, example, want string }{
		{"right", sum, files + "-- want.csv --\nn\n7\n", ""},
		{"second scenario", sum, files + "-- want.csv --\nn\n7\n-- more/files.csv --\nrecords\n5\n-- more/want.csv --\nn\n6\n", "(-want +got)"},
		{"other number", sum, files + "-- want.csv --\nn\n8\n", "(-want +got)"},
		{"other column", sum, files + "-- want.csv --\nm\n7\n", "(-want +got)"},
		{"NULL for the empty text", "SELECT CAST('' AS VARCHAR) AS n, 1 AS m", "zero: n is\n-- files.csv --\nrecords\n1\n-- want.csv --\nn,m\n,1\n", "(-want +got)"},
		{"reads what it does not need", "SELECT count(*) AS n FROM sources", files + "-- want.csv --\nn\n7\n", "sources"},
		{"table not needed", sum, files + "-- sources.csv --\nsource\ns\n-- want.csv --\nn\n7\n", "sources.csv: no table that the header needs"},
		{"table missing", sum, "A comment.\n-- want.csv --\nn\n7\n", "files.csv: not in the example"},
		{"unknown column", sum, "A comment.\n-- files.csv --\nrecrods\n7\n-- want.csv --\nn\n7\n", `column "recrods" is not one of the table`},
		{"no number", sum, "A comment.\n-- files.csv --\nrecords\nx\n-- want.csv --\nn\n7\n", "files.csv: row 1: records:"},
		{"no want", sum, files, "want.csv: not there"},
		{"no comment", sum, "-- files.csv --\nrecords\n7\n-- want.csv --\nn\n7\n", "no comment"},
		{"zero", sum, "A comment.\n-- files.csv --\nrecords\n0\n-- want.csv --\nn\n0\n", "column n is empty or 0 throughout"},
		{"zero with its reason", sum, "zero: nothing came\n-- files.csv --\nrecords\n0\n-- want.csv --\nn\n0\n", ""},
		{"NULL of empty tables", "SELECT CAST(sum(records) AS BIGINT) AS n FROM files", files + "-- want.csv --\nn\n7\n", "n is <nil>, want 0"},
		{"no row of empty tables", sum + " HAVING count(*) > 0", files + "-- want.csv --\nn\n7\n", "0 rows, want one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := faults(t, figure(t, tt.sql), tt.example)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// faults is Run for one query and the text of its example.
func faults(t *testing.T, q *pipeline.Query, text string) error {
	ex, err := readExample([]byte(text))
	if err != nil {
		return err
	}
	if err := ex.telling(q); err != nil {
		return err
	}
	e := openDuckDB(t)
	for i := range ex.scenarios {
		if err := ex.scenarios[i].holds(t, e, q, q.SQL); err != nil {
			return err
		}
	}
	return emptyHolds(t, e, q)
}

func TestPairs(t *testing.T) {
	fsys := fstest.MapFS{"figure/f.sql": {}, "figure/g.txtar": {}}
	err := pairs(fsys, []pipeline.Query{{Path: "figure/f.sql"}})
	if want := "figure/f.txtar is missing; figure/g.txtar has no .sql"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
