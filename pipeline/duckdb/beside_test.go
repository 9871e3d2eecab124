package duckdb

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// Questions and exports that run beside one another, while tables are mounted
// anew, answer what each would answer alone, in the same settings.
func TestBeside(t *testing.T) {
	e := open(t, Options{Threads: 3})
	dir := t.TempDir()
	mount(t, e, pipeline.Mounted{Def: persons, Rows: [][]any{{int64(1), true}, {int64(2), false}}})
	other := persons
	other.Name = "others"
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 10 {
				r, err := e.Select(t.Context(), fmt.Sprintf("SELECT sum(person_key) + %d AS n, current_setting('TimeZone') AS zone, popcount(7) AS bits FROM persons", i), 1)
				if err != nil {
					t.Error(err)
					return
				}
				if d := cmp.Diff([][]any{{int64(3 + i), "UTC", int64(3)}}, r.Values); d != "" {
					t.Error(d)
				}
				n, err := e.Export(t.Context(), "SELECT person_key FROM persons ORDER BY person_key", filepath.Join(dir, fmt.Sprintf("%d-%d.parquet", i, k)))
				if err != nil || n != 2 {
					t.Errorf("%d rows exported: %v", n, err)
				}
				if err := e.Mount(t.Context(), pipeline.Mounted{Def: other, Rows: [][]any{{int64(i), nil}}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := e.Unmount(t.Context(), "others"); err != nil {
		t.Error(err)
	}
	if err := e.Unmount(t.Context(), "others"); err != nil {
		t.Error(err)
	}
	if _, err := e.Select(t.Context(), "SELECT * FROM others", 1); err == nil {
		t.Error("a table that was taken away answers")
	}
}
