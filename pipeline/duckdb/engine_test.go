package duckdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

func open(t *testing.T, o Options) *Engine {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	done, err := e.alone() // once it has tested itself
	if err != nil {
		t.Fatal(err)
	}
	done()
	return e
}

func mount(t *testing.T, e *Engine, m pipeline.Mounted) {
	t.Helper()
	if err := e.Mount(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func sel(t *testing.T, e *Engine, text string) [][]any {
	t.Helper()
	r, err := e.Select(t.Context(), text, 0)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r.Values
}

func export(t *testing.T, e *Engine, text, path string) int64 {
	t.Helper()
	n, err := e.Export(t.Context(), text, path)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

func day(s string) pipeline.Day {
	d, err := pipeline.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestRowsAndFiles(t *testing.T) {
	e := open(t, Options{Threads: 1})
	def := pipeline.TableDef{Name: "accounts", Columns: []pipeline.Column{{Name: "k", Type: "INTEGER"}, {Name: "d", Type: "DATE"}, {Name: "s", Type: "VARCHAR"}, {Name: "b", Type: "BOOLEAN"}}}
	mount(t, e, pipeline.Mounted{Def: def, Rows: [][]any{{int64(1), day("2024-05-01"), "가", true}, {nil, pipeline.NoDay, nil, nil}}})
	want := [][]any{{int64(1), day("2024-05-01"), "가", true}, {nil, nil, nil, nil}}
	if d := cmp.Diff(want, sel(t, e, "SELECT * FROM accounts")); d != "" {
		t.Error(d)
	}
	path := filepath.Join(t.TempDir(), "it's a [빛] *.parquet")
	if n := export(t, e, "SELECT * FROM accounts ORDER BY k;", path); n != 2 {
		t.Errorf("exported %d rows", n)
	}
	mount(t, e, pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{{Path: path}}})
	if d := cmp.Diff(want, sel(t, e, "SELECT * FROM accounts")); d != "" {
		t.Error(d)
	}
}

func TestUnknownVersion(t *testing.T) {
	e := open(t, Options{})
	e.version = "v1.6.0"
	if err := e.selfTest(t.Context()); err == nil || !strings.Contains(err.Error(), "v1.6.0") {
		t.Errorf("%v", err)
	}
}

// A self-test that cannot fail tests nothing: each notices a wrong answer, and
// an engine with one is of no use.
func TestSelfTestFails(t *testing.T) {
	for i := range selfTests {
		good := selfTests[i].want
		selfTests[i].want = "[[other]]"
		e, err := Open(t.Context(), Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		def, _ := pipeline.LookupTable("accounts")
		_, selected := e.Select(t.Context(), "SELECT 1 AS a", 0)
		_, exported := e.Export(t.Context(), "SELECT 1 AS a", filepath.Join(t.TempDir(), "x"))
		_, converted := e.Convert(t.Context(), pipeline.Conversion{})
		for _, err := range []error{selected, exported, converted, e.Mount(t.Context(), pipeline.Mounted{Def: def})} {
			if err == nil || !strings.Contains(err.Error(), selfTests[i].fact) {
				t.Errorf("%s: %v", selfTests[i].fact, err)
			}
		}
		selfTests[i].want = good
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSelect(t *testing.T) {
	e := open(t, Options{})
	for text, want := range map[string]any{
		"SELECT sum(range) FROM range(10)":                              int64(45),
		"SELECT CAST('9223372036854775807' AS HUGEINT)":                 int64(9223372036854775807),
		"SELECT CAST(-9223372036854775808 AS HUGEINT)":                  int64(-9223372036854775808),
		"SELECT CAST(9223372036854775807 AS UBIGINT)":                   int64(9223372036854775807),
		"SELECT CAST(200 AS UTINYINT)":                                  int64(200),
		"SELECT CAST(12.5 AS DECIMAL(18,2))":                            pipeline.Decimal("12.50"),
		"SELECT CAST(-0.05 AS DECIMAL(4,2))":                            pipeline.Decimal("-0.05"),
		"SELECT CAST(0 AS DECIMAL(4,2))":                                pipeline.Decimal("0.00"),
		"SELECT CAST(-7 AS DECIMAL(30,0))":                              pipeline.Decimal("-7"),
		"SELECT DATE '2024-05-22'":                                      day("2024-05-22"),
		"SELECT DATE '1900-01-01'":                                      day("1900-01-01"),
		"SELECT TIMESTAMP '1969-12-31 23:59:59'":                        time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
		"SELECT popcount(CAST(2147483647 AS INTEGER))":                  int64(31),
		"SELECT popcount(0)":                                            int64(0),
		"SELECT popcount(4611686018427387904)":                          int64(1),
		"SELECT bitwise_and(CAST(6 AS INTEGER), 4611686018427387907)":   int64(2),
		"SELECT popcount(bitwise_and(days, 5)) FROM (SELECT 7 AS days)": int64(2),
		"SELECT 'a' || chr(39) -- ends in a comment":                    "a'",
		"SELECT true;\n;\n":                                             true,
		"SELECT NULL":                                                   nil,
	} {
		if d := cmp.Diff([][]any{{want}}, sel(t, e, text)); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
	for text, cause := range map[string]string{
		"SELECT 0.5::DOUBLE AS share":                        "column share: no DOUBLE in a result: cast it",
		"SELECT [1, 2] AS l":                                 "no INTEGER[]",
		"SELECT [1.5] AS l":                                  "no DECIMAL(2,1)[]",
		"SELECT 'a'::BLOB AS b":                              "no BLOB",
		"SELECT now() AS at":                                 "no TIMESTAMPTZ",
		"SELECT CAST('9223372036854775808' AS HUGEINT) AS n": "column n: a number beyond 64 bits",
		"SELECT CAST(18446744073709551615 AS UBIGINT) AS n":  "column n: a number beyond 64 bits",
		"SELECT 1; SELECT 2":                                 "",
		"COPY (SELECT 1) TO '/nowhere/x'":                    "no SELECT",
		"SELECT $1":                                          "",
		"SELECT * FROM nowhere":                              "nowhere",
	} {
		r, err := e.Select(t.Context(), text, 0)
		if err == nil || !strings.Contains(err.Error(), cause) {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
}

func TestLimit(t *testing.T) {
	e := open(t, Options{})
	for limit, want := range map[int]int{0: 5, 4: 4, 5: 5, 6: 5} {
		r, err := e.Select(t.Context(), "SELECT range FROM range(5) ORDER BY range DESC", limit)
		if err != nil || len(r.Values) != want || r.Truncated != (want < 5) || r.Values[0][0] != int64(4) {
			t.Errorf("limit %d: %v, %v", limit, r, err)
		}
	}
}

func TestColumns(t *testing.T) {
	e := open(t, Options{})
	got, err := e.Columns(t.Context(), "SELECT CAST(1 AS INTEGER) AS a, sum(1) AS \"b c\", CAST(1 AS DECIMAL(18,4)) AS d;")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]pipeline.Column{{Name: "a", Type: "INTEGER"}, {Name: "b c", Type: "HUGEINT"}, {Name: "d", Type: "DECIMAL(18,4)"}}, got); d != "" {
		t.Error(d)
	}
	if _, err := e.Columns(t.Context(), "SELECT 1; DROP TABLE x"); err == nil {
		t.Error("two statements have columns")
	}
}

// What Parquet would round, or has no type for in the lake, is not written.
func TestExportTypes(t *testing.T) {
	e := open(t, Options{})
	out := filepath.Join(t.TempDir(), "out.parquet")
	export(t, e, "SELECT sum(range) AS h, CAST(1 AS UBIGINT) AS u, CAST(1 AS TINYINT) AS t, 1 AS a, 2 AS a, sum(CAST(1.5 AS DECIMAL(18,4))) AS m FROM range(10)", out)
	got := sel(t, e, "SELECT string_agg(name || ' ' || duckdb_type, ', ' ORDER BY column_id) FROM parquet_schema("+quote(out)+") WHERE column_id > 0")
	if d := cmp.Diff([][]any{{"h BIGINT, u BIGINT, t INTEGER, a INTEGER, a_1 INTEGER, m DECIMAL(18,4)"}}, got); d != "" {
		t.Error(d)
	}
	for _, text := range []string{"SELECT 0.5::DOUBLE AS x", "SELECT 'a'::BLOB AS x", "SELECT now() AS x", "SELECT [1] AS x", "SELECT uuid() AS x", "SELECT CAST(0.5 AS DECIMAL(38,20)) AS x", "SELECT CAST('999999999999999999' AS DECIMAL(38,4)) AS x",
		"SELECT CAST('9223372036854775808' AS HUGEINT) AS x", "SELECT 1; SELECT 2", "SELECT 1) TO 'x' --"} {
		out := filepath.Join(t.TempDir(), "out.parquet")
		if _, err := e.Export(t.Context(), text, out); err == nil {
			t.Errorf("%s was written", text)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: something lies at the path", text)
		}
	}
}

// No value of a row stands in an error.
func TestErrorsHoldNoValues(t *testing.T) {
	e := open(t, Options{})
	const secret = "010-1234-5678"
	def := pipeline.TableDef{Name: "t", Columns: []pipeline.Column{{Name: "s", Type: "VARCHAR"}, {Name: "n", Type: "BIGINT"}}}
	mount(t, e, pipeline.Mounted{Def: def, Rows: [][]any{{secret, int64(9111222333444555666)}}})
	for _, text := range []string{"SELECT CAST(s AS INTEGER) FROM t", "SELECT CAST(s AS DATE) FROM t", "SELECT n * n FROM t", "SELECT CAST(n AS INTEGER) FROM t",
		"SELECT error(s) FROM t", "SELECT strptime(s, '%Y') FROM t", "SELECT CAST(s AS UUID)::VARCHAR FROM t", "SELECT CAST(s AS JSON)::VARCHAR FROM t",
		"SELECT (SELECT s FROM (SELECT s FROM t UNION ALL SELECT s || '1' FROM t))", "SELECT CAST(s AS BOOLEAN) FROM t", "SELECT CAST(n AS DECIMAL(4,2)) FROM t",
		"SELECT printf(s, 1, s) || printf('%d', s) FROM t", "SELECT regexp_matches(s, '(' || s) FROM t", "SELECT CAST(s || '[' AS INTEGER[])::VARCHAR FROM t"} {
		run := func(what string, err error) {
			if err == nil {
				return // a few give a result
			}
			if strings.Contains(err.Error(), "1234") || strings.Contains(err.Error(), "9111222") {
				t.Errorf("%s: %s: %v", what, text, err)
			}
		}
		_, err := e.Select(t.Context(), text, 0)
		run("select", err)
		_, err = e.Export(t.Context(), text, filepath.Join(t.TempDir(), "x.parquet"))
		run("export", err)
		_, err = e.Adhoc(t.Context(), text)
		run("adhoc", err)
	}
}

// A cancelled statement ends (uncancelled, each would take hours), leaves no
// file, and the engine goes on.
func TestCancel(t *testing.T) {
	e := open(t, Options{})
	def := pipeline.TableDef{Name: "t", Columns: []pipeline.Column{{Name: "n", Type: "BIGINT"}}}
	mount(t, e, pipeline.Mounted{Def: def, Rows: [][]any{{int64(1)}}})
	const endless = "SELECT a.range * b.range AS n FROM range(1000000) a, range(1000000) b"
	out := filepath.Join(t.TempDir(), "out.parquet")
	for what, run := range map[string]func(context.Context) error{
		"select": func(ctx context.Context) error {
			_, err := e.Select(ctx, "SELECT max(n % 7) FROM ("+endless+")", 0)
			return err
		},
		"export": func(ctx context.Context) error { _, err := e.Export(ctx, endless, out); return err },
		"export in place of a file": func(ctx context.Context) error {
			if err := os.WriteFile(out, []byte("earlier"), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := e.Export(ctx, endless, out)
			return err
		},
		"adhoc": func(ctx context.Context) error { _, err := e.Adhoc(ctx, endless); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := run(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: something lies at the path", what)
		}
		if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v", what, left, err)
		}
		if d := cmp.Diff([][]any{{int64(1)}}, sel(t, e, "SELECT n FROM t")); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
}

// The spill folder is private and goes with the engine; that of a killed
// process goes with the next engine, that of a running one stays.
func TestTempDir(t *testing.T) {
	in := filepath.Join(t.TempDir(), "work", "tmp")
	first, err := Open(t.Context(), Options{TempDir: in})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.temp.path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	dead := filepath.Join(in, tempPrefix+"dead")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{dead + ".lock": "", filepath.Join(dead, "spill.tmp"): "accounts"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second, err := Open(t.Context(), Options{TempDir: in})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the folder of a dead process is still there")
	}
	if _, err := os.Stat(first.temp.path); err != nil {
		t.Error(err)
	}
	for _, e := range []*Engine{first, second} {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	left, err := filepath.Glob(filepath.Join(in, tempPrefix+"*"))
	if err != nil || len(left) > 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// An engine that does not start says so to whoever uses it, and leaves nothing.
func TestEngineThatDoesNotStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	e, err := Open(ctx, Options{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Ready(); !errors.Is(err, context.Canceled) {
		t.Errorf("ready: %v", err)
	}
	if _, err := e.Select(t.Context(), "SELECT 1 AS a", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("select: %v", err)
	}
	if v := e.Version(); v != "duckdb " {
		t.Errorf("version %q", v)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); err != nil || len(left) > 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
