package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// inRanges exports a text in the ranges between some keys.
func inRanges(t *testing.T, e *Engine, text, path, key string, keys ...int64) int64 {
	t.Helper()
	var ranges []*pipeline.KeyRange
	for i := range len(keys) - 1 {
		ranges = append(ranges, &pipeline.KeyRange{Column: key, From: keys[i], To: keys[i+1]})
	}
	n, err := e.ExportRanges(t.Context(), text, path, ranges)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Rows of every type, NULL too, in more than one row group a range, are read
// again as they were exported, by the engine and by the other reader of
// footers; a filter finds its rows by what the footer says of each group.
func TestRangesAreOneFile(t *testing.T) {
	e := open(t, Options{Threads: 2})
	const text = `SELECT CAST(range AS INTEGER) AS k, CASE WHEN range % 3 > 0 THEN 'a' || range % 1000 END AS s, range % 7 = 0 AS b,
		DATE '2024-01-01' + CAST(range % 400 AS INTEGER) AS d, CASE WHEN range % 5 > 0 THEN range * 1000000007 END AS n,
		CAST(range AS DECIMAL(18,2)) AS m FROM range(400000) ORDER BY k`
	dir := t.TempDir()
	whole, parts := filepath.Join(dir, "whole.parquet"), filepath.Join(dir, "parts.parquet")
	export(t, e, text, whole)
	// One range is empty, one has a row, one has three row groups.
	if n := inRanges(t, e, text, parts, "k", 0, 1, 1, 300_001, 399_999, 1<<31); n != 400_000 {
		t.Errorf("exported %d rows", n)
	}
	at := func(path, rest string) string { return "FROM read_parquet(" + quote(path) + ") " + rest }
	for _, pair := range [][2]string{{whole, parts}, {parts, whole}} {
		if d := sel(t, e, "SELECT * "+at(pair[0], "EXCEPT ALL SELECT * ")+at(pair[1], "")); len(d) > 0 {
			t.Errorf("%d rows of one and not of the other", len(d))
		}
	}
	want := sel(t, e, "SELECT * "+at(whole, "WHERE k BETWEEN 299990 AND 300010"))
	if d := cmp.Diff(want, sel(t, e, "SELECT * "+at(parts, "WHERE k BETWEEN 299990 AND 300010"))); d != "" {
		t.Error(d)
	}
	if d := sel(t, e, "SELECT count(*) FROM (SELECT k, row_number() OVER () AS place "+at(parts, ") WHERE k + 1 <> place")); d[0][0] != int64(0) {
		t.Errorf("%v rows are not in their place", d[0][0])
	}
	r, err := file.OpenParquetFile(parts, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.NumRows() != 400_000 || r.NumRowGroups() != 1+3+1+1 {
		t.Errorf("%d rows in %d groups", r.NumRows(), r.NumRowGroups())
	}
}

// After an error nothing of it lies at the path, and no part anywhere.
func TestRangesThatFail(t *testing.T) {
	e := open(t, Options{Threads: 2})
	path := filepath.Join(t.TempDir(), "x.parquet")
	for _, text := range []string{
		"SELECT CAST(range AS INTEGER) AS k, CAST(CASE WHEN range = 150 THEN 'x' ELSE '1' END AS INTEGER) AS m FROM range(200) ORDER BY k",
		"SELECT 1 AS other",
	} {
		ranges := []*pipeline.KeyRange{{Column: "k", From: 0, To: 100}, {Column: "k", From: 100, To: 200}}
		if _, err := e.ExportRanges(t.Context(), text, path, ranges); err == nil {
			t.Errorf("%s: no error", text)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: left at the path: %v", text, err)
		}
		if left, _ := filepath.Glob(filepath.Join(e.temp.path, "*")); len(left) > 0 {
			t.Error(fmt.Sprint("left behind: ", left))
		}
	}
}
