// Package enginetest holds an engine, and a folder of queries, to the worked
// examples that lie beside the queries.
//
// An example mounts only the tables that the query's header needs, so that
// needs is proven by each of them. The same examples judge another engine, or
// the queries of a case. Nothing here writes an example: they are worked by
// hand, and a query is wrong until it answers them.
package enginetest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
	"exhibit/pipeline/catalog"
)

// Run holds every query of fsys to its example and to the rules of the
// catalog. open gives a new engine, which the caller's cleanup closes.
func Run(t *testing.T, open func(testing.TB) pipeline.Engine, fsys fs.FS) {
	queries, err := catalog.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if err := catalog.Lint(queries); err != nil {
		t.Error(err)
	}
	queries = withMerges(queries)
	if err := pairs(fsys, queries); err != nil {
		t.Error(err)
	}
	for i := range queries {
		q := &queries[i]
		t.Run(strings.TrimSuffix(q.Path, ".sql"), func(t *testing.T) {
			data, err := fs.ReadFile(fsys, strings.TrimSuffix(q.Path, ".sql")+".txtar")
			if err != nil {
				t.Fatal(err)
			}
			ex, err := readExample(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := ex.telling(q); err != nil {
				t.Error(err)
			}
			ex.run(t, open(t), q, "", q.SQL)
			for engine, text := range q.Variants {
				if e := open(t); strings.HasPrefix(e.Version(), engine) {
					ex.run(t, e, q, engine, text)
				}
			}
		})
	}
}

// withMerges adds, for each rollup that can be merged, its merging text as a
// query that reads the table of its own name.
func withMerges(queries []pipeline.Query) []pipeline.Query {
	for _, q := range slices.Clone(queries) {
		text, ok := q.Variants[mergeVariant]
		if !ok {
			continue
		}
		q.Path, q.SQL, q.Needs, q.Variants = strings.TrimSuffix(q.Path, ".sql")+"."+mergeVariant+".sql", text, []string{q.Name}, nil
		queries = append(queries, q)
	}
	return queries
}

// mergeVariant is the ending of a text that makes one rollup of two over
// different months.
const mergeVariant = "merge"

// run holds one text of a query, its own or a variant for an engine, to every
// scenario.
func (ex *example) run(t *testing.T, e pipeline.Engine, q *pipeline.Query, engine, text string) {
	t.Helper()
	for i := range ex.scenarios {
		if err := ex.scenarios[i].holds(t, e, q, text); err != nil {
			t.Errorf("scenario %q, variant %q: %v", ex.scenarios[i].name, engine, err)
		}
	}
	if q.Kind == pipeline.FigureQuery {
		if err := emptyHolds(t, e, q); err != nil {
			t.Errorf("empty tables: %v", err)
		}
	}
}

// pairs says which queries have no example, and which examples no query.
func pairs(fsys fs.FS, queries []pipeline.Query) error {
	var alone []string
	have := map[string]bool{}
	for _, q := range queries {
		have[strings.TrimSuffix(q.Path, ".sql")+".txtar"] = true
	}
	examples, err := fs.Glob(fsys, "*/*.txtar")
	if err != nil {
		return err
	}
	for _, name := range examples {
		if !have[name] {
			alone = append(alone, name+" has no .sql")
		}
		delete(have, name)
	}
	for name := range have {
		alone = append(alone, name+" is missing")
	}
	if len(alone) == 0 {
		return nil
	}
	slices.Sort(alone)
	return fmt.Errorf("%s", strings.Join(alone, "; "))
}

// telling says whether a query that answers nothing, or 0 in some column, would
// pass: every column must be neither NULL nor 0 in some row of some scenario.
func (ex *example) telling(q *pipeline.Query) error {
	if ex.zero {
		return nil
	}
	header := writeCells([][]cell{ex.scenarios[0].want[0]})[0]
	told := make([]bool, len(ex.scenarios[0].want[0]))
	for _, s := range ex.scenarios {
		if got := writeCells(s.want[:1])[0]; got != header {
			return fmt.Errorf("%s/want.csv: other columns than the first: %s", s.name, got)
		}
		if q.Kind == pipeline.FigureQuery && len(s.want) != 2 {
			return fmt.Errorf("%s/want.csv: a figure has one row", s.name)
		}
		for _, row := range s.want[1:] {
			for i, c := range row {
				told[i] = told[i] || !c.null && c.text != "" && c.text != "0" && c.text != "false"
			}
		}
	}
	if i := slices.Index(told, false); i >= 0 {
		return fmt.Errorf("%s: column %s is empty or 0 throughout; say why in a line %q of the comment", wantFile, ex.scenarios[0].want[0][i].text, zeroMark+" why")
	}
	return nil
}

// holds mounts the scenario's tables and compares the answer of a query's text.
func (s *scenario) holds(t testing.TB, e pipeline.Engine, q *pipeline.Query, text string) error {
	tables, err := s.mounted(q)
	if err != nil {
		return err
	}
	rows, err := answer(t, e, tables, text)
	if err != nil {
		return err
	}
	if q.Kind == pipeline.RollupQuery {
		def, _ := pipeline.LookupTable(q.Name)
		if diff := cmp.Diff(def.Columns, rows.Columns); diff != "" {
			return fmt.Errorf("columns (-pipeline.Tables +answer)\n%s", diff)
		}
	}
	if diff := cmp.Diff(writeCells(s.want), writeCells(shown(rows))); diff != "" {
		return fmt.Errorf("(-want +got)\n%s", diff)
	}
	return nil
}

// answer mounts tables and runs a query.
func answer(t testing.TB, e pipeline.Engine, tables []pipeline.Mounted, text string) (*pipeline.Rows, error) {
	for _, m := range tables {
		if err := e.Mount(t.Context(), m); err != nil {
			return nil, fmt.Errorf("table %s: %w", m.Def.Name, err)
		}
	}
	return e.Select(t.Context(), text, 0)
}

// shown gives a result as an example writes it, header first.
func shown(rows *pipeline.Rows) [][]cell {
	out := make([][]cell, 1, len(rows.Values)+1)
	for _, c := range rows.Columns {
		out[0] = append(out[0], cell{text: c.Name})
	}
	for _, values := range rows.Values {
		row := make([]cell, len(values))
		for i, v := range values {
			row[i] = show(v)
		}
		out = append(out, row)
	}
	return out
}

// emptyHolds says whether a figure gives what it owes a case without any
// records: one row, and 0 in every column but a date, a text, or what it
// repeats of the table params.
func emptyHolds(t testing.TB, e pipeline.Engine, q *pipeline.Query) error {
	var tables []pipeline.Mounted
	for _, name := range q.Needs {
		def, _ := pipeline.LookupTable(name)
		m := pipeline.Mounted{Def: def}
		if name == "params" {
			m.Rows = [][]any{defaultParams(def)}
		}
		tables = append(tables, m)
	}
	rows, err := answer(t, e, tables, q.SQL)
	if err != nil {
		return err
	}
	if len(rows.Values) != 1 {
		return fmt.Errorf("%d rows, want one", len(rows.Values))
	}
	params, _ := pipeline.LookupTable("params")
	for i, c := range rows.Columns {
		repeated := slices.ContainsFunc(params.Columns, func(p pipeline.Column) bool { return p.Name == c.Name })
		if v := rows.Values[0][i]; v != int64(0) && !(v == nil && (c.Type == "DATE" || c.Type == "VARCHAR" || repeated)) {
			return fmt.Errorf("%s is %v, want 0", c.Name, v)
		}
	}
	return nil
}
