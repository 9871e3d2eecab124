package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Results are what a run has to say.
type Results struct {
	Figures  []FigureResult
	Checks   []CheckResult
	Tables   []TableResult
	Findings []FindingResult
	dir      string // holds findings/<name>.parquet until the run is sealed
}

// checkRows is how many of the rows that should not exist are told.
const checkRows = 10

// Check runs the checks on the derived tables.
func (in *Inspection) Check(ctx context.Context) ([]CheckResult, error) {
	checks := slices.DeleteFunc(in.asked(), func(q *Query) bool { return q.Kind != CheckQuery })
	if err := in.mountFor(ctx, checks, in.tables); err != nil {
		return nil, err
	}
	res := &Results{}
	err := in.answer(ctx, checks, res)
	return res.Checks, err
}

// answer runs queries on the mounted tables and adds what they say to the
// results, in the order of the queries.
func (in *Inspection) answer(ctx context.Context, queries []*Query, res *Results) error {
	return beside(ctx, in, queries, in.tables, func(ctx context.Context, q *Query) (func(), error) {
		switch q.Kind {
		case CheckQuery:
			r, err := in.check(ctx, q)
			return func() { res.Checks = append(res.Checks, r) }, err
		case FigureQuery:
			r, err := in.figure(ctx, q)
			return func() { res.Figures = append(res.Figures, r) }, err
		case TableQuery:
			r, err := in.plotTable(ctx, q)
			return func() { res.Tables = append(res.Tables, r) }, err
		case FindingQuery:
			r, err := in.finding(ctx, q, res.dir)
			return func() { res.Findings = append(res.Findings, r) }, err
		}
		return nil, fmt.Errorf("%s is not asked for", q.Kind)
	}, func(_ *Query, add func()) {
		add()
		in.Progress.Step(1, 0)
	})
}

// check runs a check.
func (in *Inspection) check(ctx context.Context, q *Query) (CheckResult, error) {
	r := CheckResult{Name: q.Name, Title: q.Title, Severity: q.Severity, Definition: q.Definition, SQLSHA256: q.SHA256}
	rows, err := in.Engine.Select(ctx, q.SQL, checkRows)
	if err != nil {
		return r, err
	}
	if r.Rows = int64(len(rows.Values)); rows.Truncated {
		if r.Rows, err = in.count(ctx, q); err != nil {
			return r, err
		}
	}
	if r.Passed = r.Rows == 0; !r.Passed {
		r.Columns, r.First = columnNames(rows), textRows(rows)
	}
	return r, nil
}

func (in *Inspection) count(ctx context.Context, q *Query) (int64, error) {
	rows, err := in.Engine.Select(ctx, "SELECT count(*) AS n FROM (\n"+q.SQL+"\n)", 1)
	if err != nil {
		return 0, err
	}
	n, ok := rows.Values[0][0].(int64)
	if !ok {
		return 0, errors.New("no count")
	}
	return n, nil
}

func columnNames(rows *Rows) []string {
	names := make([]string, len(rows.Columns))
	for i, c := range rows.Columns {
		names[i] = c.Name
	}
	return names
}

func textRows(rows *Rows) [][]string {
	out := make([][]string, len(rows.Values))
	for i, row := range rows.Values {
		out[i] = make([]string, len(row))
		for k, v := range row {
			out[i][k] = textOf(v)
		}
	}
	return out
}

// Results runs checks, figures, tables and findings on the derived tables.
func (in *Inspection) Results(ctx context.Context) (*Results, error) {
	asked := in.asked()
	in.Progress.Stage("figures", len(asked))
	res := &Results{}
	err := in.mountFor(ctx, asked, in.tables)
	if err != nil {
		return nil, err
	}
	if res.dir, err = in.Store.Staging(); err != nil {
		return nil, err
	}
	if err := in.answer(ctx, asked, res); err != nil {
		return nil, err
	}
	return res, in.otherReadings(ctx, res)
}

func (in *Inspection) figure(ctx context.Context, q *Query) (FigureResult, error) {
	values, err := in.figureValues(ctx, q)
	return FigureResult{Name: q.Name, Title: q.Title, Unit: q.Unit, Definition: q.Definition, SQLSHA256: q.SHA256, Values: values}, err
}

// figureValues runs a figure, which gives exactly one row.
func (in *Inspection) figureValues(ctx context.Context, q *Query) (Values, error) {
	rows, err := in.Engine.Select(ctx, q.SQL, 2)
	if err != nil {
		return nil, err
	}
	if len(rows.Values) != 1 {
		return nil, fmt.Errorf("a figure is one row; this gives none or several")
	}
	values := make(Values, len(rows.Columns))
	for i, c := range rows.Columns {
		values[i] = Value{c.Name, plain(rows.Values[0][i])}
	}
	return values, nil
}

// plain gives a value as JSON holds it: numbers, texts, true, false or null.
func plain(v any) any {
	switch v := v.(type) {
	case nil, int64, bool, string:
		return v
	}
	return textOf(v)
}

func (in *Inspection) plotTable(ctx context.Context, q *Query) (TableResult, error) {
	t := TableResult{Name: q.Name, Title: q.Title, Unit: q.Unit, Definition: q.Definition, SQLSHA256: q.SHA256}
	rows, err := in.Engine.Select(ctx, q.SQL, 100_000)
	if err != nil {
		return t, err
	}
	if rows.Truncated {
		return t, fmt.Errorf("a table for a plot has at most 100,000 rows")
	}
	t.Columns = columnNames(rows)
	for _, row := range rows.Values {
		for k := range row {
			row[k] = plain(row[k])
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// finding writes the instances of a finding into a file of dir.
func (in *Inspection) finding(ctx context.Context, q *Query, dir string) (FindingResult, error) {
	r := FindingResult{Name: q.Name, Title: q.Title, Rule: q.Rule, Definition: q.Definition, SQLSHA256: q.SHA256}
	path := filepath.Join(dir, q.Name+".parquet")
	var err error
	if ranges := in.ranges(q); len(ranges) == 1 {
		r.Instances, err = in.Engine.Export(ctx, q.SQL, path)
	} else {
		r.Instances, err = in.Engine.ExportRanges(ctx, q.SQL, path, ranges)
	}
	if err != nil {
		return r, err
	}
	r.SHA256, _, err = FileSHA256(ctx, path)
	return r, err
}

// readings lists the other readings of each definition that a figure may name.
func readings(d Definitions) map[string][]Definitions {
	flip := func(now string, all ...string) []string {
		var others []string
		for _, r := range all {
			if r != now {
				others = append(others, r)
			}
		}
		return others
	}
	out := map[string][]Definitions{}
	for _, r := range flip(d.OverseasPayment, "settled", "any") {
		other := d
		other.OverseasPayment = r
		out["overseas_payment"] = append(out["overseas_payment"], other)
	}
	for _, r := range flip(d.Holders, "owner", "all") {
		other := d
		other.Holders = r
		out["holders"] = append(out["holders"], other)
	}
	for _, r := range flip(d.Outsourcing, "needs_consent", "exempt") {
		other := d
		other.Outsourcing = r
		out["outsourcing"] = append(out["outsourcing"], other)
	}
	return out
}

// reading names the reading of a definition.
func (d Definitions) reading(definition string) string {
	return d.Map()[definition]
}

// Map gives the definitions by name, as case.yaml writes them.
func (d Definitions) Map() map[string]string {
	return map[string]string{"overseas_payment": d.OverseasPayment, "holders": d.Holders, "outsourcing": d.Outsourcing,
		"unneeded_since": d.UnneededSince.String()}
}

// otherReadings computes, for each figure that a definition changes, what the
// other reading gives. Where the reading changes nothing that a figure reads, its
// values stand.
func (in *Inspection) otherReadings(ctx context.Context, res *Results) error {
	all := readings(in.Case.Definitions)
	asked := 0
	for definition, others := range all {
		if len(in.figuresReading(definition)) > 0 {
			asked += len(others)
		}
	}
	in.Progress.Stage("other readings", asked*in.rollupParts())
	for _, definition := range sortedKeys(all) {
		queries := in.figuresReading(definition)
		if len(queries) == 0 {
			continue
		}
		for _, defs := range all[definition] {
			tables, err := in.derive(ctx, in.tables, defs)
			if err != nil {
				return err
			}
			if err := in.mountFor(ctx, in.asked(), tables); err != nil {
				return err
			}
			err = beside(ctx, in, queries, tables, func(ctx context.Context, q *Query) (Values, error) {
				if sameTables(q.Needs, tables, in.tables) {
					return res.valuesOf(q.Name), nil
				}
				return in.figureValues(ctx, q)
			}, func(q *Query, values Values) {
				res.addReading(q.Name, OtherReading{definition, defs.reading(definition), values})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sameTables says whether all of some tables are the same in two derivations.
func sameTables(names []string, one, other map[string]table) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return one[name].hash != other[name].hash })
}

// valuesOf are the values of a figure under the definitions of the case.
func (res *Results) valuesOf(figure string) Values {
	for i := range res.Figures {
		if res.Figures[i].Name == figure {
			return res.Figures[i].Values
		}
	}
	return nil
}

func (in *Inspection) figuresReading(definition string) []*Query {
	var out []*Query
	for i := range in.Queries {
		q := &in.Queries[i]
		for _, r := range q.Readings {
			if q.Kind == FigureQuery && r == definition {
				out = append(out, q)
			}
		}
	}
	return out
}

func (res *Results) addReading(figure string, r OtherReading) {
	for i := range res.Figures {
		if res.Figures[i].Name == figure {
			res.Figures[i].OtherReadings = append(res.Figures[i].OtherReadings, r)
		}
	}
}

// Discard removes what the results left in staging.
func (res *Results) Discard() error {
	if res.dir == "" {
		return nil
	}
	return errors.Join(os.RemoveAll(res.dir))
}
