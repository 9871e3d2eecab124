package enginetest

import (
	"testing"

	"exhibit/pipeline"
	"exhibit/pipeline/duckdb"
	inmemory "exhibit/pipeline/tally"
	"exhibit/sql"
)

func openDuckDB(t testing.TB) pipeline.Engine {
	t.Helper()
	e, err := duckdb.Open(t.Context(), duckdb.Options{MemoryBytes: 512 << 20, Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Every query under sql/ answers its example on the embedded engine.
func TestExamples(t *testing.T) { Run(t, openDuckDB, sql.Files) }

// The built-in queries agree with their definitions worked out record by
// record, whatever the order, the months and the ranges.
func TestProperties(t *testing.T) { Properties(t, openDuckDB, sql.Files) }

// The months that package tally counts are those of their SQL.
func TestTally(t *testing.T) { Tally(t, openDuckDB, &inmemory.Tally{}, sql.Files) }
