package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// functions are those that DuckDB, Trino and Spark spell and read alike on the
// types of the lake; bitwise_and and popcount every engine provides.
var functions = strings.Fields(`ABS BITWISE_AND CAST COALESCE COUNT DENSE_RANK GREATEST LAG LEAD LEAST
	LENGTH LOWER MAX MIN NULLIF POPCOUNT RANK ROW_NUMBER SUM UPPER`)

// beforeParenthesis are words that may stand before "(" and call nothing.
var beforeParenthesis = strings.Fields(`ALL AND ANY AS BETWEEN BY CASE DECIMAL DISTINCT ELSE EXCEPT EXISTS FILTER FROM
	HAVING IN INTERSECT JOIN LIKE NOT ON OR OVER SELECT THEN UNION USING VALUES WHEN WHERE`)

// operatorsAllowed leaves out "/" (a fraction in one engine, whole in another;
// see wholeQuotient), bit operators, casts, lists, parameters and ";".
var operatorsAllowed = strings.Fields(`( ) , . + - * % = < > <= >= <> != ||`)

// wordsRefused maps a word that not every engine reads to what to write.
var wordsRefused = map[string]string{
	"ANTI":    "write NOT EXISTS",
	"ASOF":    "join on day_no",
	"BLOB":    "the lake has no such type",
	"DOUBLE":  "give a ratio as two integers",
	"EXCLUDE": "name the columns",
	"FLOAT":   "give a ratio as two integers",
	"GLOB":    "write LIKE",
	"HUGEINT": "cast to BIGINT",
	"ILIKE":   "write lower(x) LIKE",
	"LATERAL": "write a plain join",
	"PIVOT":   "write sum(CASE …)",
	"QUALIFY": "filter in an outer SELECT",
	"REAL":    "give a ratio as two integers",
	"SAMPLE":  "a figure counts everything",
	"SEMI":    "write EXISTS",
	"UNPIVOT": "write UNION ALL",

	"CURRENT_DATE":      "a result knows no clock",
	"CURRENT_TIME":      "a result knows no clock",
	"CURRENT_TIMESTAMP": "a result knows no clock",
	"INTERVAL":          "count in calendar.day_no",
	"POSITIONAL":        "join on a key",
	"TABLESAMPLE":       "a figure counts everything",
}

// Lint holds queries to the rules that a reader of the report, another engine,
// and the runner rely on: needs are tables of a case; titles in both languages,
// a definition, a unit where numbers are published, a rule where someone is
// accused or publication is held back; rows in a stated order; and SQL that
// every engine reads alike. All breaches are reported together.
func Lint(queries []pipeline.Query) error {
	var errs []error
	for i := range queries {
		errs = append(errs, lintHeader(&queries[i])...)
		errs = append(errs, lintSQL(&queries[i])...)
	}
	return errors.Join(errs...)
}

func lintHeader(q *pipeline.Query) []error {
	var errs []error
	breach := func(broken bool, format string, args ...any) {
		if broken {
			errs = append(errs, fmt.Errorf("%s:1: %s", q.Path, fmt.Sprintf(format, args...)))
		}
	}
	breach(q.Title.En == "", "no title")
	breach(q.Title.Ko == "", "no title.ko")
	breach(q.Definition == "", "no definition; the prose after the bare \"--\" is the footnote of the report")
	breach(len(q.Needs) == 0, "no needs; name the tables that it reads")
	for _, need := range q.Needs {
		def, known := pipeline.LookupTable(need)
		breach(!known && !strings.HasPrefix(need, "records_"), "needs %s, which is no table of a case", need)
		breach(def.Rollup && q.Kind == pipeline.RollupQuery && need == q.Name, "needs itself")
	}
	for _, r := range q.Readings {
		breach(!slices.Contains(definitions, r), "reading %s is no definition of case.yaml; they are %s", r, strings.Join(definitions, ", "))
	}
	switch q.Kind {
	case pipeline.RollupQuery:
		def, known := pipeline.LookupTable(q.Name)
		breach(!known || !def.Rollup, "makes no rollup that pipeline.Tables names")
		breach(q.Grain == "", "no grain; say what one row is")
		breach(q.Range != "" && !slices.ContainsFunc(q.Needs, func(need string) bool { return tableHas(need, q.Range) }),
			"range %s is no column of a table that it needs", q.Range)
		breach(q.Range != "" && q.Variants["merge"] != "" && !tableHas(q.Name, q.Range), "range %s is no column of %s, which is merged", q.Range, q.Name)
	case pipeline.CheckQuery:
		breach(q.Severity == "", "no severity")
		breach(q.Severity == pipeline.Stop && q.Rule == "", "no rule; say why this holds back publication")
	case pipeline.FigureQuery, pipeline.TableQuery:
		breach(q.Unit == "", "no unit")
	case pipeline.FindingQuery:
		breach(q.Rule == "", "no rule; name the law and article that the instances touch")
		breach(q.Range != "" && orderedBy(q.SQL) != strings.ToUpper(q.Range), "range %s is not what the rows are ordered by first", q.Range)
	}
	breach(len(q.Variants) > 0 && q.Kind != pipeline.RollupQuery, "has a variant for an engine; only rollups may")
	return errs
}

// orderedBy names the first column of the last ORDER BY, or of the sum there.
func orderedBy(sql string) string {
	toks := tokens(sql)
	column := ""
	for i, t := range toks {
		switch next := i + 1; {
		case t.text == "ORDER":
			column = ""
		case column != "" || t.kind != word || t.text == "BY" || t.text == "CAST":
		case next < len(toks) && toks[next].text == ".":
		default:
			column = t.text
		}
	}
	return column
}

// definitions are the readings of case.yaml that a query may say it depends on.
var definitions = []string{"overseas_payment", "holders", "outsourcing", "unneeded_since"}

func tableHas(table, column string) bool {
	def, _ := pipeline.LookupTable(table)
	return slices.ContainsFunc(def.Columns, func(c pipeline.Column) bool { return c.Name == column })
}

func lintSQL(q *pipeline.Query) []error {
	var errs []error
	breach := func(line int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d: %s", q.Path, line, fmt.Sprintf(format, args...)))
	}
	toks := tokens(q.SQL)
	if len(toks) == 0 || (toks[0].text != "SELECT" && toks[0].text != "WITH") {
		breach(1, "the SQL does not begin with SELECT or WITH")
	}
	depth, ordered := 0, false
	for i, t := range toks {
		var before, after token
		if i > 0 {
			before = toks[i-1]
		}
		if i+1 < len(toks) {
			after = toks[i+1]
		}
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case t.text == "/" && wholeQuotient(toks, i):
		case t.kind == operator && !slices.Contains(operatorsAllowed, t.text):
			breach(t.line, "operator %s is not read alike by every engine", t.text)
		case t.kind == word:
			ordered = ordered || depth == 0 && t.text == "ORDER"
			if hint := refusal(t, before, after); hint != "" {
				breach(t.line, "%s is not read alike by every engine; %s", t.text, hint)
			}
		}
	}
	if !ordered && q.Kind != pipeline.FigureQuery {
		breach(1, "no ORDER BY at the end; equal inputs must give equal bytes")
	}
	return errs
}

// refusal says what to write in place of a word, or "" where the word is fine.
func refusal(t, before, after token) string {
	switch {
	case wordsRefused[t.text] != "" && before.text != ".":
		return wordsRefused[t.text]
	case t.text == "ALL" && before.text == "BY":
		return "name the columns of GROUP BY and ORDER BY"
	case t.text == "ON" && before.text == "DISTINCT":
		return "use row_number()"
	case t.text == "COLUMNS" && after.text == "(":
		return "name the columns"
	case t.text == "NATURAL" && after.text == "JOIN":
		return "name the columns that join"
	case after.text != "(" || before.text == "AS": // no call; "AS t (a, b)" names columns
		return ""
	case slices.Contains(functions, t.text) || slices.Contains(beforeParenthesis, t.text):
		return ""
	}
	return "functions are " + strings.ToLower(strings.Join(functions, ", "))
}

// wholeQuotient says whether the "/" at toks[at] stands in
// CAST((x - x % y) / y AS BIGINT), x a product and y a name or number: a
// division without a remainder, which every engine answers with the same whole
// number as long as x is below 2^53.
func wholeQuotient(toks []token, at int) bool {
	y := 0 // its length
	for at+1+y < len(toks) && plain(toks[at+1+y], ".") {
		y++
	}
	y -= 2 // AS BIGINT
	for x := 1; y > 0 && at-6-2*x-y >= 0; x++ {
		from := at - 6 - 2*x - y // CAST ( ( x - x % y ) /
		want := slices.Concat(textOf(toks[from+3:from+3+x]), []string{"-"}, textOf(toks[from+3:from+3+x]), []string{"%"},
			textOf(toks[at+1:at+1+y]), []string{")", "/"}, textOf(toks[at+1:at+1+y]), []string{"AS", "BIGINT", ")"})
		product := !slices.ContainsFunc(toks[from+3:from+3+x], func(t token) bool { return !plain(t, "*") && t.text != "." })
		if toks[from].text == "CAST" && toks[from+1].text == "(" && toks[from+2].text == "(" && product {
			rest := textOf(toks[from+3 : min(len(toks), from+3+len(want))])
			return slices.Equal(rest, want)
		}
	}
	return false
}

// plain says whether t is a name, a number or the operator given.
func plain(t token, op string) bool {
	return t.kind == word || t.kind == number || t.kind == operator && t.text == op
}

func textOf(toks []token) []string {
	texts := make([]string, len(toks))
	for i, t := range toks {
		texts[i] = t.text
	}
	return texts
}
