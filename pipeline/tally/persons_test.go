package tally

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exhibit/pipeline"
)

// What is not in the order that its SQL gives, or lacks a value, is an error and
// leaves no file: read in step, it would give other persons without a word.
func TestPersonsRefuses(t *testing.T) {
	dir := t.TempDir()
	good := pipeline.PersonsJob{
		Totals:       []string{rowsFile(t, dir, totalColumns, []int64{1, 5, 5, 1, 19000, 19000}, []int64{3, 5, 5, 1, 19000, 19000})},
		SharedTotals: []string{rowsFile(t, dir, sharedTotalColumns, []int64{3, 3, 5, 5, 1, 19000, 19000, 1}, []int64{3, 9, 5, 5, 1, 19000, 19000, 1})},
		Shared:       []string{rowsFile(t, dir, accountColumn, []int64{3}, []int64{3})},
		Holders:      []string{rowsFile(t, dir, accountColumn, []int64{1}, []int64{3}, []int64{3})},
		To:           1 << 31, Out: filepath.Join(dir, "out.parquet"),
	}
	tally := &Tally{}
	if n, err := tally.Persons(t.Context(), good); err != nil || n != 3 {
		t.Fatalf("%d persons, %v", n, err)
	}
	for name, change := range map[string]func(j *pipeline.PersonsJob){
		"totals in disorder": func(j *pipeline.PersonsJob) {
			j.Totals = []string{rowsFile(t, dir, totalColumns, []int64{3, 5, 5, 1, 19000, 19000}, []int64{1, 5, 5, 1, 19000, 19000})}
		},
		"holders in disorder": func(j *pipeline.PersonsJob) {
			j.Holders = []string{rowsFile(t, dir, accountColumn, []int64{3}, []int64{1})}
		},
		"shared in disorder": func(j *pipeline.PersonsJob) {
			j.Shared = []string{rowsFile(t, dir, accountColumn, []int64{3}, []int64{1})}
		},
		"a total is missing": func(j *pipeline.PersonsJob) {
			j.Totals = []string{rowsFile(t, dir, totalColumns, []int64{1, nobody, 5, 1, 19000, 19000})}
		},
		"other columns": func(j *pipeline.PersonsJob) { j.SharedTotals = j.Totals },
		"no file":       func(j *pipeline.PersonsJob) { j.Shared = []string{filepath.Join(dir, "none.parquet")} },
	} {
		job := good
		job.Out = filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		change(&job)
		if _, err := tally.Persons(t.Context(), job); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(job.Out); !os.IsNotExist(err) {
			t.Errorf("%s: left a file: %v", name, err)
		}
	}
}

// rowsFile writes rows into a file of its own.
func rowsFile(t *testing.T, dir string, columns []column, rows ...[]int64) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "rows-*.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	writeRows(t, f.Name(), columns, rows, len(rows))
	return f.Name()
}
