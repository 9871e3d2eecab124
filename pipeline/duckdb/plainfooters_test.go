package duckdb

import (
	"path/filepath"
	"strings"
	"testing"

	"exhibit/pipeline"
)

// Footers are read without the engine where a file is as declared, and only
// there: every other type, and every other set of columns, is left to the engine.
func TestPlainFooters(t *testing.T) {
	e := open(t, Options{Threads: 2})
	dir := t.TempDir()
	values := map[string]string{"INTEGER": "1", "BIGINT": "2", "BOOLEAN": "true", "VARCHAR": "'x'", "DATE": "'2024-05-22'",
		"TIMESTAMP": "'2024-05-22 10:11:12.000013'", "DECIMAL(18,4)": "0.25", "DECIMAL(9,2)": "0.25",
		"DOUBLE": "0.5", "HUGEINT": "3", "TINYINT": "1", "UINTEGER": "1", "BLOB": "'x'", "TIMESTAMPTZ": "'2024-05-22 10:11:12+00'",
		"TIMESTAMP_NS": "'2024-05-22 10:11:12'", "TIMESTAMP_MS": "'2024-05-22 10:11:12'", "TIME": "'10:11:12'", "JSON": "'1'",
		"UUID": "'00000000-0000-0000-0000-000000000000'", "INTEGER[]": "[1]"}
	lakeTypes := map[string]bool{"INTEGER": true, "BIGINT": true, "BOOLEAN": true, "VARCHAR": true, "DATE": true, "TIMESTAMP": true,
		"DECIMAL(18,4)": true, "DECIMAL(9,2)": true}
	for stored, value := range values {
		path := filepath.Join(dir, strings.Map(func(r rune) rune {
			if strings.ContainsRune("(),[]", r) {
				return '_'
			}
			return r
		}, stored)+".parquet")
		if _, err := e.copyTo(t.Context(), "SELECT CAST("+value+" AS "+stored+") AS a, 1 AS b", path, nil); err != nil {
			t.Fatal(err)
		}
		for declared := range values {
			m := pipeline.Mounted{Def: pipeline.TableDef{Name: "t", Columns: []pipeline.Column{{Name: "a", Type: declared}}}, Files: []pipeline.MountedFile{{Path: path}}}
			_, got := plainFooters(t.Context(), m, nil)
			if want := declared == stored && lakeTypes[stored]; got != want {
				t.Errorf("a column of type %s, declared as %s: %v", stored, declared, got)
			}
		}
		m := pipeline.Mounted{Def: pipeline.TableDef{Name: "t", Columns: []pipeline.Column{{Name: "b", Type: "INTEGER"}}}, Files: []pipeline.MountedFile{{Path: path}}}
		if rows, got := plainFooters(t.Context(), m, nil); got != (stored != "INTEGER[]") || got && rows != 1 {
			t.Errorf("beside a column of type %s: %v, %d rows", stored, got, rows)
		}
		if _, got := plainFooters(t.Context(), m, map[string]bool{"b": true}); got {
			t.Error("a column that stands in the path and in the file")
		}
	}
}
