package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// selfTest holds the engine to the behaviour that this package builds on. An
// engine of another version, or one that answers otherwise, is refused: a
// wrong number is worse than none.
func (e *Engine) selfTest(ctx context.Context) error {
	if !slices.Contains(knownVersions, e.version) {
		return fmt.Errorf("DuckDB %s is not a version whose behaviour was measured (%v)", e.version, knownVersions)
	}
	dir := filepath.Join(e.temp.path, "source=007")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, "t.parquet")
	n, err := e.copyTo(ctx, selfTestRows, path, nil)
	if err != nil {
		return err
	}
	if n != 5000 {
		return fmt.Errorf("COPY says %d rows of 5000", n)
	}
	for _, t := range selfTests {
		r, err := e.rows(ctx, strings.ReplaceAll(t.text, "$FILE", quote(path)), 0)
		if err != nil {
			return fmt.Errorf("%s: %w", t.fact, err)
		}
		if got := fmt.Sprint(r.Values); got != t.want {
			return fmt.Errorf("%s: %s, not %s", t.fact, got, t.want)
		}
	}
	return errors.Join(e.testCopyLeavesNothing(ctx, dir), os.RemoveAll(dir))
}

const selfTestRows = `SELECT CAST(CASE WHEN range % 7 = 0 THEN NULL ELSE range % 11 END AS INTEGER) AS k, range AS n, 'v' || range % 3 AS s,
 DATE '2018-04-01' + CAST(range % 5 AS INTEGER) AS d, CAST(-0.25 AS DECIMAL(18,4)) AS m, TIMESTAMP '2024-05-22 10:11:12.000013' AS ts, range % 2 = 0 AS b FROM range(5000)`

// selfTests are the facts; $FILE is the file of selfTestRows.
var selfTests = []struct{ fact, text, want string }{
	{"a text is found by equality in Parquet", "SELECT count(*) FROM read_parquet([$FILE]) WHERE s = 'v1'", "[[1667]]"},
	{"a text is found by a join in Parquet", "SELECT count(*) FROM read_parquet([$FILE]) JOIN (SELECT 'v2' AS s) USING (s)", "[[1666]]"},
	{"types survive Parquet", "SELECT DISTINCT m, ts, typeof(k), typeof(n), typeof(d), typeof(b) FROM read_parquet([$FILE])",
		"[[-0.2500 2024-05-22 10:11:12.000013 +0000 UTC INTEGER BIGINT DATE BOOLEAN]]"},
	{"file_row_number is the place of a row", "SELECT count(*) FROM read_parquet([$FILE], file_row_number = true) WHERE file_row_number <> n", "[[0]]"},
	{"a folder's value has the type it is given", "SELECT DISTINCT source FROM read_parquet([$FILE], hive_partitioning = true, hive_types = {'source': VARCHAR})", "[[007]]"},
	{"a folder's value is one only where asked for", "SELECT count(*) FROM (DESCRIBE FROM read_parquet([$FILE], hive_partitioning = false))", "[[7]]"},
	{"a footer shows its types", "SELECT string_agg(duckdb_type, ' ' ORDER BY column_id) FROM parquet_schema([$FILE]) WHERE num_children IS NULL",
		"[[INTEGER BIGINT VARCHAR DATE DECIMAL(18,4) TIMESTAMP BOOLEAN]]"},
	{"NULL sorts first where asked for", "SELECT k, n FROM read_parquet([$FILE]) ORDER BY k NULLS FIRST, n LIMIT 2", "[[<nil> 0] [<nil> 7]]"},
	{"sums are exact", "SELECT sum(n), sum(n * 9007199254740993) FROM read_parquet([$FILE]) WHERE n < 8", "[[28 252201579132747804]]"},
	{"bits are exact", "SELECT popcount(4611686018427387903), bitwise_and(4611686018427387903, 5), popcount(NULL)", "[[62 5 <nil>]]"},
	{"one statement is told from two", "SELECT json_array_length(json_serialize_sql('SELECT 1; SELECT 2') -> 'statements')", "[[2]]"},
	{"only SELECTs are parsed for the gate", "SELECT CAST(json_serialize_sql('COPY (SELECT 1) TO ''x''') ->> 'error' AS BOOLEAN)", "[[true]]"},
	{"nothing is downloaded", "SELECT current_setting('autoinstall_known_extensions') OR current_setting('autoload_known_extensions')", "[[false]]"},
	{"the order of rows is kept", "SELECT current_setting('preserve_insertion_order')", "[[true]]"},
}

// testCopyLeavesNothing shows that a COPY that fails in the middle takes its
// file away.
func (e *Engine) testCopyLeavesNothing(ctx context.Context, dir string) error {
	path := filepath.Join(dir, "f.parquet")
	_, err := e.conn.ExecContext(ctx, "COPY (SELECT CASE WHEN range = 4999 THEN error('x') ELSE range END FROM range(5000)) TO "+quote(path)+" (FORMAT parquet)")
	if err == nil {
		return errors.New("a COPY that fails is no error")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.New("a COPY that fails leaves its file")
	}
	return nil
}
