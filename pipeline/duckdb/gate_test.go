package duckdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

var persons = pipeline.TableDef{Name: "persons", Columns: []pipeline.Column{{Name: "person_key", Type: "INTEGER"}, {Name: "known", Type: "BOOLEAN"}}}

// queryable is an engine with one table, an unmounted Parquet file, and a
// working folder in which nothing may appear.
func queryable(t *testing.T, lock bool) (e *Engine, dir string) {
	t.Helper()
	dir = t.TempDir()
	e = open(t, Options{Threads: 1})
	mount(t, e, pipeline.Mounted{Def: persons, Rows: [][]any{{int64(1), true}, {int64(2), false}, {int64(3), nil}}})
	export(t, e, "SELECT 1 AS a", filepath.Join(dir, "x.parquet"))
	view := persons
	view.Name = "secret_path"
	view.Columns = []pipeline.Column{{Name: "a", Type: "INTEGER"}}
	mount(t, e, pipeline.Mounted{Def: view, Files: []pipeline.MountedFile{{Path: filepath.Join(dir, "x.parquet")}}})
	if lock {
		if err := e.Lock(t.Context(), []string{dir}); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return e, dir
}

var refused = []string{
	"",
	"-- nothing",
	"COPY (SELECT 1) TO 'out.csv'",
	"COPY persons TO 'out.parquet'",
	"EXPORT DATABASE 'out'",
	"ATTACH 'out.db'",
	"SET threads = 1",
	"RESET threads",
	"PRAGMA database_list",
	"INSTALL httpfs",
	"LOAD json",
	"CALL checkpoint()",
	"CREATE TABLE t AS SELECT 1",
	"CREATE TEMP TABLE t AS SELECT 1",
	"DROP TABLE persons",
	"INSERT INTO persons VALUES (9, true)",
	"UPDATE persons SET known = true",
	"DELETE FROM persons",
	"WITH d AS (DELETE FROM persons RETURNING *) SELECT * FROM d",
	"EXPLAIN SELECT 1",
	"EXPLAIN ANALYZE INSERT INTO persons VALUES (9, true)",
	"PREPARE p AS SELECT 1",
	"USE temp",
	"BEGIN",
	"VACUUM",
	"CHECKPOINT",
	"DESCRIBE persons",
	"SHOW TABLES",
	"SUMMARIZE persons",
	"FROM (DESCRIBE persons)",
	"FROM (DESCRIBE 'x.parquet')",
	"SELECT 1; SELECT 2",
	"SELECT 1; COPY (SELECT 1) TO 'out.csv'",
	"COPY (SELECT 1) TO 'out.csv'; SELECT 1",
	"SELECT 1) LIMIT 1; COPY (SELECT 1) TO 'out.csv'; SELECT * FROM (SELECT 1",
	"SELECT 1) TO 'out.csv' --",
	"SELECT 1) UNION (SELECT 2",
	"SELECT ?",
	"SELECT $1",
	"SELECT 1 \x00",
	"SELECT * FROM 'x.parquet'",
	`SELECT * FROM "x.parquet"`,
	"SELECT * FROM persons WHERE EXISTS (SELECT * FROM 'x.parquet')",
	`SELECT * FROM (WITH "x.parquet" AS (SELECT 1) SELECT * FROM "x.parquet"), 'x.parquet'`,
	"SELECT * FROM read_parquet('x.parquet')",
	"SELECT * FROM read_csv('x.csv')",
	"SELECT * FROM read_text('x.parquet')",
	"SELECT * FROM read_blob('x.parquet')",
	"SELECT * FROM parquet_schema('x.parquet')",
	"SELECT * FROM parquet_metadata('x.parquet')",
	"SELECT * FROM sniff_csv('x.csv')",
	"SELECT * FROM glob('*')",
	"SELECT (SELECT count(*) FROM glob('*'))",
	"SELECT * FROM query('SELECT 1')",
	"SELECT * FROM query_table('persons')",
	"SELECT * FROM json_execute_serialized_sql('{}')",
	"FROM enable_logging()",
	"FROM enable_logging(storage='file', storage_path='out')",
	"FROM checkpoint()",
	"FROM enable_profiling()",
	"SELECT * FROM duckdb_views()",
	"SELECT * FROM duckdb_views",
	"SELECT * FROM (WITH duckdb_views AS (SELECT 1) SELECT 1), duckdb_views",
	"SELECT * FROM duckdb_settings()",
	"SELECT * FROM pragma_database_list",
	"SELECT * FROM pragma_table_info('persons')",
	"SELECT * FROM sqlite_master",
	"SELECT * FROM information_schema.views",
	"SELECT * FROM pg_catalog.pg_views",
	"SELECT * FROM system.main.duckdb_views",
	"SELECT * FROM temp.exhibit_result_1",
	"SELECT * FROM exhibit_result_1",
	"SELECT getenv('HOME')",
	"SELECT current_setting('temp_directory')",
	"SELECT pg_get_viewdef(1)",
	"SELECT write_log('x')",
	"SELECT nextval('s')",
	"SELECT sleep_ms(1)",
	"SELECT setseed(0.5)",
	"SELECT json_serialize_plan('SELECT * FROM read_csv(''x.csv'')')",
	"SELECT * FROM no_such_table",
	"SELECT no_such_column FROM persons",
	strings.Repeat("(", 20000) + "SELECT 1" + strings.Repeat(")", 20000),
}

func TestRefused(t *testing.T) {
	for _, lock := range []bool{false, true} {
		e, dir := queryable(t, lock)
		if _, err := e.Adhoc(t.Context(), "SELECT 1"); err != nil { // makes exhibit_result_1
			t.Fatal(err)
		}
		for _, text := range refused {
			r, err := e.Adhoc(t.Context(), text)
			if err == nil {
				t.Errorf("%.60q was run and gave %d rows", text, r.Count)
				continue
			}
			if !strings.HasPrefix(err.Error(), "query: ") {
				t.Errorf("%.60q: %v", text, err)
			}
			if !errors.Is(err, errOneSelect) && !strings.Contains(text, "no_such_column") && !strings.ContainsAny(text, "?$") {
				t.Errorf("%.60q: %v", text, err)
			}
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 1 || left[0].Name() != "x.parquet" {
			t.Errorf("something was written: %v, %v", left, err)
		}
		if d := cmp.Diff([][]any{{int64(3)}}, sel(t, e, "SELECT count(*) FROM persons")); d != "" {
			t.Errorf("the table changed: %s", d)
		}
	}
}

func TestAllowed(t *testing.T) {
	e, _ := queryable(t, true)
	for text, want := range map[string]int64{
		"SELECT * FROM persons;":                             3,
		"FROM persons":                                       3,
		"SELECT * FROM main.PERSONS -- all of them":          3,
		"SELECT * FROM secret_path":                          1,
		"(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 LIMIT 1": 1,
		"WITH p AS (SELECT * FROM persons) SELECT * FROM p JOIN p q USING (person_key)":                                 3,
		"WITH RECURSIVE n AS (SELECT 1 a UNION ALL SELECT a + 1 FROM n WHERE a < 9) SELECT * FROM n":                    9,
		"SELECT known, count(*), sum(person_key) FROM persons GROUP BY ALL":                                             3,
		"SELECT popcount(person_key), bitwise_and(person_key, 1), row_number() OVER (ORDER BY person_key) FROM persons": 3,
		"SELECT * FROM range(5), generate_series(1, 2)":                                                                 10,
		"SELECT unnest([1, 2, 3])":                               3,
		"VALUES (1), (2)":                                        2,
		"SELECT ';' AS \"a;b\" /* ; */":                          1,
		"SELECT 1 AS a, 2 AS a":                                  1,
		"PIVOT persons ON known IN (true, false) USING count(*)": 3,
		"SELECT * FROM persons WHERE person_key > 99":            0,
		"SELECT random() < 2, 'COPY x TO y; DROP TABLE persons'": 1,
	} {
		r, err := e.Adhoc(t.Context(), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r.Count != want {
			t.Errorf("%s: %d rows, not %d", text, r.Count, want)
		}
	}
}

// A result has each kind of value that SQL can make, and shows it exactly.
const everyType = `SELECT range AS n, CAST(range AS INTEGER) AS i, CAST(12.5 AS DECIMAL(18,2)) AS d, DATE '2024-05-22' AS day, TIMESTAMP '2024-05-22 10:11:12.000013' AS at,
 CAST(NULL AS BOOLEAN) AS b, '빛' AS s, 0.25::DOUBLE AS x, sum(range) OVER () AS small, CAST('170141183460469231731687303715884105727' AS HUGEINT) AS big,
 [1, 2] AS list, CAST(200 AS UTINYINT) AS u8, 1 AS s FROM range(100000) ORDER BY range`

func TestResult(t *testing.T) {
	e, _ := queryable(t, true)
	r, err := e.Adhoc(t.Context(), everyType)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Page(t.Context(), 99_998, 10)
	if err != nil {
		t.Fatal(err)
	}
	at := day("2024-05-22").Time().Add(10*3600e9 + 11*60e9 + 12e9 + 13e3)
	row := func(n int64) []any {
		return []any{n, n, pipeline.Decimal("12.50"), day("2024-05-22"), at, nil, "빛", 0.25, int64(4999950000),
			"170141183460469231731687303715884105727", "[1, 2]", int64(200), int64(1)}
	}
	if d := cmp.Diff([][]any{row(99_998), row(99_999)}, page.Values); d != "" {
		t.Error(d)
	}
	if page.Truncated || r.Count != 100_000 {
		t.Errorf("truncated %v, count %d", page.Truncated, r.Count)
	}
	var types []string
	for _, c := range r.Columns {
		types = append(types, c.Name+" "+c.Type)
	}
	if d := cmp.Diff([]string{"n BIGINT", "i INTEGER", "d DECIMAL(18,2)", "day DATE", "at TIMESTAMP", "b BOOLEAN", "s VARCHAR", "x DOUBLE",
		"small BIGINT", "big VARCHAR", "list VARCHAR", "u8 INTEGER", "s_1 INTEGER"}, types); d != "" {
		t.Error(d)
	}
	if page, err := r.Page(t.Context(), 0, 5); err != nil || len(page.Values) != 5 || !page.Truncated {
		t.Errorf("first page: %v, %v", page, err)
	}
	out := filepath.Join(t.TempDir(), "result.parquet") // outside the readable folder
	if err := r.Parquet(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(out); err != nil || info.Size() == 0 {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestArrow(t *testing.T) {
	e, _ := queryable(t, true)
	r, err := e.Adhoc(t.Context(), everyType)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.WriteArrow(t.Context(), &b, r); err != nil {
		t.Fatal(err)
	}
	in, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Release()
	var types []string
	for _, f := range in.Schema().Fields() {
		types = append(types, f.Type.String())
	}
	if d := cmp.Diff([]string{"int64", "int32", "decimal(18, 2)", "date32", "timestamp[us]", "bool", "utf8", "float64", "int64", "utf8", "utf8", "int32", "int32"}, types); d != "" {
		t.Error(d)
	}
	rows, last := int64(0), ""
	for in.Next() {
		batch := in.RecordBatch()
		rows += batch.NumRows()
		last = ""
		for i := range batch.NumCols() {
			last += batch.Column(int(i)).ValueStr(int(batch.NumRows()-1)) + "|"
		}
	}
	if rows != 100_000 {
		t.Errorf("%d rows", rows)
	}
	if d := cmp.Diff("99999|99999|12.5|2024-05-22|2024-05-22T10:11:12.000013|(null)|빛|0.25|4999950000|170141183460469231731687303715884105727|[1, 2]|200|1|", last); d != "" {
		t.Error(d)
	}
}

func TestArrowOfNoRows(t *testing.T) {
	e, _ := queryable(t, false)
	r, err := e.Adhoc(t.Context(), "SELECT * FROM persons WHERE false")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.WriteArrow(t.Context(), &b, r); err != nil {
		t.Fatal(err)
	}
	in, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Release()
	if in.Schema().NumFields() != 2 || in.Next() {
		t.Errorf("schema %v", in.Schema())
	}
}

// After Lock, not even SQL that passes no gate reaches files elsewhere, and
// the settings stay.
func TestLock(t *testing.T) {
	e, dir := queryable(t, false)
	elsewhere := filepath.Join(t.TempDir(), "y.parquet")
	export(t, e, "SELECT 1 AS a", elsewhere)
	if err := e.Lock(t.Context(), []string{dir}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"FROM " + quote(elsewhere), "SELECT * FROM read_text('/etc/hostname')"} {
		if r, err := e.Select(t.Context(), text, 0); err == nil {
			t.Errorf("%s: %v", text, r.Values)
		}
	}
	for _, text := range []string{"SET threads = 2", "SET enable_external_access = true", "ATTACH '/tmp/out.db'"} {
		if err := e.exec(context.Background(), text); err == nil {
			t.Errorf("%s was run", text)
		}
	}
	if n := export(t, e, "SELECT * FROM persons ORDER BY 1", filepath.Join(t.TempDir(), "out.parquet")); n != 3 {
		t.Errorf("exported %d rows", n)
	}
	if err := e.Mount(t.Context(), pipeline.Mounted{Def: pipeline.TableDef{Name: "y", Columns: []pipeline.Column{{Name: "a", Type: "INTEGER"}}},
		Files: []pipeline.MountedFile{{Path: elsewhere}}}); err == nil {
		t.Error("a file outside the readable folders was mounted")
	}
}
