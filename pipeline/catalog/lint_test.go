package catalog

import (
	"strings"
	"testing"
	"testing/fstest"

	"exhibit/pipeline"
)

// good is a query that keeps every rule.
func good(t *testing.T, kind pipeline.QueryKind, text string) pipeline.Query {
	t.Helper()
	q, err := Parse(string(kind)+"/persons.sql", "-- "+string(kind)+": persons\n-- title: t\n-- title.ko: 제목\n-- needs: files\n--\n-- Prose.\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	q.Unit, q.Rule, q.Severity, q.Grain = "records", "an article", pipeline.Stop, "one row"
	return q
}

func TestLintHeader(t *testing.T) {
	const sql = "SELECT count(*) AS n FROM files ORDER BY n"
	tests := []struct {
		name   string
		kind   pipeline.QueryKind
		change func(q *pipeline.Query)
		want   string
	}{
		{"title", pipeline.FigureQuery, func(q *pipeline.Query) { q.Title.En = "" }, "no title"},
		{"title.ko", pipeline.FigureQuery, func(q *pipeline.Query) { q.Title.Ko = "" }, "no title.ko"},
		{"definition", pipeline.FigureQuery, func(q *pipeline.Query) { q.Definition = "" }, "no definition;"},
		{"unit", pipeline.FigureQuery, func(q *pipeline.Query) { q.Unit = "" }, "no unit"},
		{"no needs", pipeline.FigureQuery, func(q *pipeline.Query) { q.Needs = nil }, "no needs;"},
		{"needs", pipeline.FigureQuery, func(q *pipeline.Query) { q.Needs = []string{"recrods"} }, "needs recrods, which is no table of a case"},
		{"reading", pipeline.FigureQuery, func(q *pipeline.Query) { q.Readings = []string{"holder"} }, "reading holder is no definition of case.yaml"},
		{"severity", pipeline.CheckQuery, func(q *pipeline.Query) { q.Severity = "" }, "no severity"},
		{"rule of a stop", pipeline.CheckQuery, func(q *pipeline.Query) { q.Rule = "" }, "no rule; say why"},
		{"rule of a finding", pipeline.FindingQuery, func(q *pipeline.Query) { q.Rule = "" }, "no rule; name the law"},
		{"grain", pipeline.RollupQuery, func(q *pipeline.Query) { q.Grain = "" }, "no grain;"},
		{"range", pipeline.RollupQuery, func(q *pipeline.Query) { q.Range = "month" }, "range month is no column of a table that it needs"},
		{"range of a finding", pipeline.FindingQuery, func(q *pipeline.Query) { q.Range = "person_key" }, "range person_key is not what the rows are ordered by"},
		{"rollup", pipeline.RollupQuery, func(q *pipeline.Query) { q.Name = "files" }, "makes no rollup"},
		{"variant", pipeline.FigureQuery, func(q *pipeline.Query) { q.Variants = map[string]string{"duckdb": ""} }, "has a variant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := good(t, tt.kind, sql)
			if err := Lint([]pipeline.Query{q}); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			tt.change(&q)
			err := Lint([]pipeline.Query{q})
			if want := string(tt.kind) + "/persons.sql:1: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	q := good(t, pipeline.FigureQuery, sql)
	q.Needs = []string{"records_retail-daily"}
	if err := Lint([]pipeline.Query{q}); err != nil {
		t.Errorf("records of a source: %v", err)
	}
	for _, order := range []string{"f.n", "n, other", "CAST(f.n AS BIGINT) * 2 + other"} {
		q = good(t, pipeline.FindingQuery, "SELECT n, min(m) OVER (ORDER BY m) AS m FROM files f ORDER BY "+order)
		q.Range = "n"
		if err := Lint([]pipeline.Query{q}); err != nil {
			t.Errorf("ordered by %s: %v", order, err)
		}
	}
	q = good(t, pipeline.CheckQuery, sql)
	q.Severity, q.Rule = pipeline.Note, ""
	if err := Lint([]pipeline.Query{q}); err != nil {
		t.Errorf("a note needs no rule: %v", err)
	}
}

func TestLintSQL(t *testing.T) {
	refused := map[string]string{
		"SELECT a::BIGINT FROM files":                                    "operator :: ",
		"SELECT a / b FROM files":                                        "operator / ",
		"SELECT a // b FROM files":                                       "operator // ",
		"SELECT CAST((a - a % b) / c AS BIGINT) AS d FROM files":         "operator / ",
		"SELECT CAST((a - c % b) / b AS BIGINT) AS d FROM files":         "operator / ",
		"SELECT CAST((a + a % b) / b AS BIGINT) AS d FROM files":         "operator / ",
		"SELECT CAST((a - a % b) / b + 1 AS BIGINT) AS d FROM files":     "operator / ",
		"SELECT CAST((a + b - a + b % c) / c AS BIGINT) AS d FROM files": "operator / ",
		"SELECT CAST((a - a % b) / b AS INTEGER) AS d FROM files":        "operator / ",
		"SELECT (a - a % b) / b AS d FROM files":                         "operator / ",
		"SELECT a & b FROM files":                                        "operator & ",
		"SELECT [a] FROM files":                                          "operator [ ",
		"SELECT a FROM files;":                                           "operator ; ",
		"SELECT a FROM files QUALIFY row_number() OVER (w) = 1":          "QUALIFY ",
		"SELECT a FROM files GROUP BY ALL":                               "ALL ",
		"SELECT a FROM files ORDER BY ALL":                               "ALL ",
		"SELECT a FROM files ASOF JOIN sources USING (a)":                "ASOF ",
		"SELECT a FROM files WHERE a ILIKE 'x'":                          "ILIKE ",
		"SELECT DISTINCT ON (a) b FROM files":                            "ON ",
		"SELECT * EXCLUDE (a) FROM files":                                "EXCLUDE ",
		"SELECT columns(*) FROM files":                                   "COLUMNS ",
		"SELECT d + INTERVAL 1 DAY FROM files":                           "INTERVAL ",
		"SELECT date_diff('day', a, b) FROM files":                       "DATE_DIFF ",
		"SELECT current_date AS d FROM files":                            "CURRENT_DATE ",
		"SELECT now() AS d FROM files":                                   "NOW ",
		"SELECT median(a) FROM files":                                    "MEDIAN ",
		"SELECT list(a) FROM files":                                      "LIST ",
		"SELECT a FROM read_parquet('x')":                                "READ_PARQUET ",
		"SELECT CAST(a AS DOUBLE) FROM files":                            "DOUBLE ",
		"SELECT a FROM files SEMI JOIN sources USING (source)":           "SEMI ",
		"SELECT a FROM files NATURAL JOIN sources":                       "NATURAL ",
		"FROM files": "the SQL does not begin",
		"SELECT a\n\n  -- ILIKE\n  , b::INTEGER /* ILIKE\n */ FROM x": "operator :: ",
	}
	for text, want := range refused {
		q := good(t, pipeline.FigureQuery, text)
		err := Lint([]pipeline.Query{q})
		if err == nil || !strings.Contains(err.Error(), ": "+want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	q := good(t, pipeline.FigureQuery, "SELECT a\n\n  -- ILIKE\n  , b::INTEGER FROM x")
	if err := Lint([]pipeline.Query{q}); err == nil || !strings.HasPrefix(err.Error(), "figure/persons.sql:10: operator ::") {
		t.Errorf("line of a breach: %v", err)
	}
	allowed := []string{
		"SELECT 'a::b; QUALIFY ''x'' now()' AS \"ilike\" FROM files -- a / b; now()\n",
		"WITH a AS (SELECT count(*) FILTER (WHERE b <> 1) AS n FROM files) SELECT a.n FROM a UNION ALL SELECT 2",
		"SELECT x FROM (VALUES (1, 2)) AS v (x, y) /* [1] & now() */ WHERE NOT EXISTS (SELECT 1) AND x IN (1, 2)",
		"SELECT CAST(a AS DECIMAL(18,4)), row_number() OVER (PARTITION BY b ORDER BY c) FROM files f JOIN g ON (f.a = g.a)",
		"SELECT bitwise_and(days, bit - 1), popcount(fields), 2 * a % 3, b || 'x', f.interval FROM files f",
		"SELECT 1 AS one, CAST((1000 * f.a - 1000 * f.a % f.b) / f.b AS BIGINT) AS share FROM files f",
		"SELECT CAST((a - a % 10) / 10 AS BIGINT) AS tens FROM files",
	}
	for _, text := range allowed {
		if err := Lint([]pipeline.Query{good(t, pipeline.FigureQuery, text)}); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	unordered := "SELECT a, row_number() OVER (ORDER BY b) FROM files"
	for _, kind := range []pipeline.QueryKind{pipeline.RollupQuery, pipeline.CheckQuery, pipeline.TableQuery, pipeline.FindingQuery} {
		if err := Lint([]pipeline.Query{good(t, kind, unordered)}); err == nil || !strings.Contains(err.Error(), "no ORDER BY at the end") {
			t.Errorf("%s without order: %v", kind, err)
		}
	}
	if err := Lint([]pipeline.Query{good(t, pipeline.FigureQuery, unordered)}); err != nil {
		t.Errorf("a figure has one row: %v", err)
	}
}

// What Load reads from well-made files Lint has nothing to say about.
func TestLoadedQueriesLint(t *testing.T) {
	queries, err := Load(fstest.MapFS{"figure/f.sql": query("figure", "f", "files"), "check/c.sql": query("check", "c", "files")})
	if err != nil {
		t.Fatal(err)
	}
	if err := Lint(queries); err != nil {
		t.Error(err)
	}
}
