package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// lakeFile writes a file of transfers below root and gives its MountedFile.
func lakeFile(t *testing.T, e *Engine, root, source string, d pipeline.Day, keys ...int) pipeline.MountedFile {
	t.Helper()
	path := filepath.Join(root, "source="+source, "transfer_date="+d.String(), "000000000000.parquet")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = fmt.Sprintf("(CAST(%d AS INTEGER), CAST(5 AS BIGINT), 'f')", k)
	}
	export(t, e, "SELECT * FROM (VALUES "+strings.Join(values, ", ")+") v(account_key, fields, file_id) ORDER BY 1", path)
	return pipeline.MountedFile{Path: path, Values: map[string]any{"source": source, "transfer_date": d}}
}

// transfers is a table with columns in the path and in the file.
func transfers(t *testing.T) pipeline.TableDef {
	t.Helper()
	return pipeline.TableDef{Name: "transfers", Columns: []pipeline.Column{{Name: "source", Type: "VARCHAR"}, {Name: "transfer_date", Type: "DATE"},
		{Name: "file_id", Type: "VARCHAR"}, {Name: "account_key", Type: "INTEGER"}, {Name: "fields", Type: "BIGINT"}}}
}

const allTransfers = "SELECT source, transfer_date, account_key, fields, file_id FROM transfers ORDER BY ALL"

// The columns that stand in the path are the same whatever the path looks
// like: as hive folders, flat, below a folder with a misleading name, or with
// values that hive folders would not carry.
func TestPathColumns(t *testing.T) {
	for _, root := range []string{"transfers", "it's 빛 [a]*", "account_key=7", "source=other", "transfer_date=1999-01-01", "month=1"} {
		e := open(t, Options{Threads: 2})
		root := filepath.Join(t.TempDir(), root)
		files := []pipeline.MountedFile{
			lakeFile(t, e, root, "s1", day("2024-01-01"), 1, 2),
			lakeFile(t, e, root, "s1", day("2024-01-02"), 3),
			lakeFile(t, e, root, "007", day("2024-01-02"), 4),
		}
		row := func(source, d string, key int64) []any { return []any{source, day(d), key, int64(5), "f"} }
		want := [][]any{row("007", "2024-01-02", 4), row("s1", "2024-01-01", 1), row("s1", "2024-01-01", 2), row("s1", "2024-01-02", 3)}
		mount(t, e, pipeline.Mounted{Def: transfers(t), Files: files})
		if d := cmp.Diff(want, sel(t, e, allTransfers)); d != "" {
			t.Errorf("%s: %s", root, d)
		}
		files[2].Values["source"] = "__HIVE_DEFAULT_PARTITION__" // the path says otherwise: Values hold
		want[0][0] = "__HIVE_DEFAULT_PARTITION__"
		mount(t, e, pipeline.Mounted{Def: transfers(t), Files: files})
		if d := cmp.Diff(want, sel(t, e, allTransfers)); d != "" {
			t.Errorf("%s: %s", root, d)
		}
	}
}

// Folders that say more in one path than in another are no partitions.
func TestUnevenPaths(t *testing.T) {
	e := open(t, Options{Threads: 1})
	root := t.TempDir()
	files := []pipeline.MountedFile{
		lakeFile(t, e, root, "s", day("2024-01-01"), 1),
		lakeFile(t, e, filepath.Join(root, "run=2"), "s", day("2024-01-02"), 2),
	}
	mount(t, e, pipeline.Mounted{Def: transfers(t), Files: files})
	want := [][]any{{"s", day("2024-01-01"), int64(1), int64(5), "f"}, {"s", day("2024-01-02"), int64(2), int64(5), "f"}}
	if d := cmp.Diff(want, sel(t, e, allTransfers)); d != "" {
		t.Error(d)
	}
}

// What a file is not as declared is an error that names file and column; the
// engine alone would take the first file's schema for that of all.
func TestFooters(t *testing.T) {
	e := open(t, Options{Threads: 1})
	dir := t.TempDir()
	good := lakeFile(t, e, dir, "s", day("2024-01-01"), 1)
	other := filepath.Join(dir, "source=s", "transfer_date=2024-01-02", "x.parquet")
	if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
		t.Fatal(err)
	}
	bad := pipeline.MountedFile{Path: other, Values: map[string]any{"source": "s", "transfer_date": day("2024-01-02")}}
	for columns, cause := range map[string]string{
		"CAST(1 AS INTEGER) AS account_key, CAST(1 AS BIGINT) AS fields":                                "no column file_id",
		"CAST(1 AS BIGINT) AS account_key, CAST(1 AS BIGINT) AS fields, 'f' AS file_id":                 "column account_key is BIGINT, not INTEGER",
		"CAST(1 AS INTEGER) AS account_key, '1' AS fields, 'f' AS file_id":                              "column fields is VARCHAR, not BIGINT",
		"CAST(1 AS INTEGER) AS account_key, CAST(1 AS BIGINT) AS fields, 'f' AS file_id, 's' AS source": "column source stands in the path and in the file",
	} {
		export(t, e, "SELECT "+columns, other)
		for _, files := range [][]pipeline.MountedFile{{good, bad}, {bad, good}} {
			err := e.Mount(t.Context(), pipeline.Mounted{Def: transfers(t), Files: files})
			if err == nil || !strings.Contains(err.Error(), cause) || !strings.Contains(err.Error(), other) {
				t.Errorf("%s: %v", columns, err)
			}
		}
	}
	if err := os.WriteFile(other, []byte("no parquet"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := e.Mount(t.Context(), pipeline.Mounted{Def: transfers(t), Files: []pipeline.MountedFile{good, bad}}); err == nil {
		t.Error("a file that is no Parquet was mounted")
	}
	bad.Path += ".gone"
	if err := e.Mount(t.Context(), pipeline.Mounted{Def: transfers(t), Files: []pipeline.MountedFile{good, bad}}); err == nil {
		t.Error("a missing file was mounted")
	}
	delete(bad.Values, "source")
	if err := e.Mount(t.Context(), pipeline.Mounted{Def: transfers(t), Files: []pipeline.MountedFile{good, bad}}); err == nil {
		t.Error("a file without a value of the path was mounted")
	}
}

func TestRemount(t *testing.T) {
	e := open(t, Options{Threads: 1})
	def := transfers(t)
	f := lakeFile(t, e, t.TempDir(), "s", day("2024-01-01"), 1, 2, 3)
	for i, m := range []struct {
		pipeline.Mounted
		want int64
	}{
		{pipeline.Mounted{Def: def}, 0},
		{pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{f}}, 3},
		{pipeline.Mounted{Def: def, Rows: [][]any{{"s", day("2024-01-01"), "f", nil, int64(0)}, {"s", day("2024-01-01"), "f", int64(7), int64(0)}}}, 2},
		{pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{f}, Range: &pipeline.KeyRange{Column: "account_key", From: 2, To: 3}}, 1},
		{pipeline.Mounted{Def: def, Rows: [][]any{{"s", day("2024-01-01"), "f", nil, int64(0)}, {"s", day("2024-01-01"), "f", int64(7), int64(0)}},
			Range: &pipeline.KeyRange{Column: "account_key", From: 0, To: 8}}, 1},
		{pipeline.Mounted{Def: def}, 0},
	} {
		mount(t, e, m.Mounted)
		if d := cmp.Diff([][]any{{m.want}}, sel(t, e, "SELECT count(*) FROM transfers")); d != "" {
			t.Errorf("%d: %s", i, d)
		}
	}
}

func TestRows(t *testing.T) {
	e := open(t, Options{Threads: 1})
	def := pipeline.TableDef{Name: `a "b"; DROP`, Columns: []pipeline.Column{{Name: "i", Type: "INTEGER"}, {Name: "n", Type: "BIGINT"}, {Name: "s s", Type: "VARCHAR"},
		{Name: "b", Type: "BOOLEAN"}, {Name: "d", Type: "DATE"}, {Name: "m", Type: "DECIMAL(18,4)"}, {Name: "at", Type: "TIMESTAMP"}}}
	mount(t, e, pipeline.Mounted{Def: def, Rows: [][]any{
		{int64(-2147483648), int64(-9223372036854775808), "'; DROP TABLE x; --", false, day("1900-02-28"), "-12.5", "2024-05-22 10:11:12.5"},
		{int64(2147483647), int64(9223372036854775807), "", true, day("9999-12-31"), pipeline.Decimal("99999999999999.9999"), "1969-12-31 23:59:59.999999"},
		{nil, nil, nil, nil, nil, int64(7), nil},
		{nil, nil, nil, nil, pipeline.NoDay, nil, nil},
	}})
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04:05.999999", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := [][]any{
		{int64(-2147483648), int64(-9223372036854775808), "'; DROP TABLE x; --", false, day("1900-02-28"), pipeline.Decimal("-12.5000"), at("2024-05-22 10:11:12.5")},
		{int64(2147483647), int64(9223372036854775807), "", true, day("9999-12-31"), pipeline.Decimal("99999999999999.9999"), at("1969-12-31 23:59:59.999999")},
		{nil, nil, nil, nil, nil, pipeline.Decimal("7.0000"), nil},
		{nil, nil, nil, nil, nil, nil, nil},
	}
	if d := cmp.Diff(want, sel(t, e, `SELECT * FROM "a ""b""; DROP"`)); d != "" {
		t.Error(d)
	}
	for i, row := range [][]any{
		{int64(2147483648), nil, nil, nil, nil, nil, nil}, // the driver alone would cut it to its low bits
		{"1", nil, nil, nil, nil, nil, nil},
		{nil, true, nil, nil, nil, nil, nil},
		{nil, nil, int64(1), nil, nil, nil, nil},
		{nil, nil, nil, int64(1), nil, nil, nil},
		{nil, nil, nil, nil, "2024-01-01", nil, nil},
		{nil, nil, nil, nil, nil, "1.00001", nil}, // would round
		{nil, nil, nil, nil, nil, "999999999999999", nil},
		{nil, nil, nil, nil, nil, "1e3", nil},
		{nil, nil, nil, nil, nil, nil, "2024-05-22T10:11:12+09:00"},
		{nil, nil, nil, nil, nil, nil, "2024-02-30 00:00:00"},
		{nil, nil, nil, nil, nil, nil, "2024-02-28 00:00:00.1234567"},
		{nil, 1.5, nil, nil, nil, nil, nil},
		{nil, nil, nil, nil, nil, nil},
	} {
		if err := e.Mount(t.Context(), pipeline.Mounted{Def: def, Rows: [][]any{row}}); err == nil {
			t.Errorf("row %d was mounted", i)
		}
	}
}

// A table of very many files mounts and answers without looking at each for
// every question.
func TestManyFiles(t *testing.T) {
	e := open(t, Options{})
	root := t.TempDir()
	keys := make([]int, 30) // so many rows that the table is not copied into the engine
	first := lakeFile(t, e, root, "s", day("2018-04-01"), keys...)
	data, err := os.ReadFile(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	files := []pipeline.MountedFile{first}
	for i := 1; i < 2230; i++ {
		d := day("2018-04-01") + pipeline.Day(i)
		path := filepath.Join(root, "source=s", "transfer_date="+d.String(), "0.parquet")
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, pipeline.MountedFile{Path: path, Values: map[string]any{"source": "s", "transfer_date": d}})
	}
	mount(t, e, pipeline.Mounted{Def: transfers(t), Files: files})
	want := [][]any{{int64(66_900), int64(2230), day("2018-04-01"), day("2024-05-08")}}
	if d := cmp.Diff(want, sel(t, e, "SELECT count(*), count(DISTINCT transfer_date), min(transfer_date), max(transfer_date) FROM transfers")); d != "" {
		t.Error(d)
	}
	const oneDay = "SELECT count(*) FROM transfers WHERE transfer_date = DATE '2020-02-29'"
	if d := cmp.Diff([][]any{{int64(30)}}, sel(t, e, oneDay)); d != "" {
		t.Error(d)
	}
	plan, err := e.rows(t.Context(), "EXPLAIN "+oneDay, 0)
	if err != nil || !strings.Contains(fmt.Sprint(plan.Values), "1/2230") {
		t.Errorf("one day opens other files than its own: %v, %v", plan, err)
	}
}

// A table of few rows, and one of some more in many files, is the same table,
// whole or in part, when it is copied into the engine; so is the next one of its
// name.
func TestCopiedFiles(t *testing.T) {
	e := open(t, Options{Threads: 2})
	root := t.TempDir()
	var files []pipeline.MountedFile
	for i := range 2 * copiedFiles {
		keys := make([]int, smallRows/(copiedFiles-1)+1)
		for k := range keys {
			keys[k] = i + k
		}
		files = append(files, lakeFile(t, e, root, "s", day("2024-01-01")+pipeline.Day(i), keys...))
	}
	as := func(kind string, list []pipeline.MountedFile, r *pipeline.KeyRange) [][]any {
		mount(t, e, pipeline.Mounted{Def: transfers(t), Files: list, Range: r})
		if e.mounted.kind("transfers") != kind {
			t.Fatalf("%d files are a %s", len(list), e.mounted.kind("transfers"))
		}
		return sel(t, e, allTransfers)
	}
	for _, r := range []*pipeline.KeyRange{nil, {Column: "account_key", From: 3, To: 102}} {
		some, most := files[:copiedFiles-1], files[copiedFiles-1:]
		want := as("VIEW", some, r)
		if d := cmp.Diff(append(want, as("TABLE", most, r)...), as("TABLE", files, r)); d != "" {
			t.Error(d)
		}
		var each [][]any
		for i := range some {
			each = append(each, as("TABLE", some[i:i+1], r)...)
		}
		if d := cmp.Diff(want, each); d != "" {
			t.Error(d)
		}
	}
}
