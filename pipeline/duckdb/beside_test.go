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

// Statements that run beside one another read each its own tables in place of
// those that are mounted for everybody, which stand unchanged afterwards.
func TestOwnTables(t *testing.T) {
	e := open(t, Options{Threads: 3})
	dir := t.TempDir()
	mount(t, e, pipeline.Mounted{Def: persons, Rows: [][]any{{int64(1), true}}})
	var files []pipeline.MountedFile
	for i := range 4 {
		f := pipeline.MountedFile{Path: filepath.Join(dir, fmt.Sprintf("own-%d.parquet", i))}
		export(t, e, fmt.Sprintf("SELECT CAST(%d AS INTEGER) AS person_key, true AS known", 100+i), f.Path)
		files = append(files, f)
	}
	other := persons
	other.Name = "others"
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 10 {
				own := pipeline.Mounted{Def: persons, Rows: [][]any{{int64(10 * i), true}, {int64(10*i + k), true}}}
				want := int64(20*i + k)
				switch k % 3 {
				case 1:
					own = pipeline.Mounted{Def: persons, Files: files[i%4 : i%4+1]}
					want = int64(100 + i%4)
				case 2:
					own.Range = &pipeline.KeyRange{Column: "person_key", From: 10*int64(i) + 1, To: 1000}
					want = int64(10*i + k)
				}
				path := filepath.Join(dir, fmt.Sprintf("%d-%d.parquet", i, k))
				_, err := e.Export(t.Context(), "SELECT CAST(sum(p.person_key) AS BIGINT) AS n, count(o.person_key) AS o FROM persons p LEFT JOIN others o ON false", path,
					own, pipeline.Mounted{Def: other})
				if err != nil {
					t.Error(err)
					return
				}
				r, err := e.Select(t.Context(), "SELECT n, o, (SELECT sum(person_key) FROM persons) AS everybodys FROM read_parquet("+quote(path)+")", 1)
				if err != nil {
					t.Error(err)
					return
				}
				if d := cmp.Diff([][]any{{want, int64(0), int64(1)}}, r.Values); d != "" {
					t.Errorf("%d, %d: %s", i, k, d)
				}
			}
		})
	}
	wg.Wait()
	if _, err := e.Select(t.Context(), "SELECT * FROM others", 1); err == nil {
		t.Error("a statement's own table is left behind")
	}
	wrong := pipeline.Mounted{Def: other, Files: []pipeline.MountedFile{{Path: filepath.Join(dir, "none.parquet")}}}
	if _, err := e.Export(t.Context(), "SELECT 1 AS n", filepath.Join(dir, "n.parquet"), pipeline.Mounted{Def: persons}, wrong); err == nil {
		t.Error("an own table without its file is no error")
	}
	if d := cmp.Diff([][]any{{int64(1)}}, sel(t, e, "SELECT person_key FROM persons")); d != "" {
		t.Error(d)
	}
}
