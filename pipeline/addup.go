package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// addedUp are the folded rollups that a Tally adds up of months.
var addedUp = [3]string{"account_totals", "account_flows", "account_unneeded"}

func isAddedUp(q *Query) bool { return isFolded(q) && slices.Contains(addedUp[:], q.Name) }

// addUp has the Tally add up some months of account_months, and what was added
// up of others before, in ranges of accounts. An error wrapping ErrVaried says
// that the SQL has to be run instead.
func (in *Inspection) addUp(ctx context.Context, q *Query, tables map[string]table, kept table, place string) ([]LakeFile, error) {
	if err := errors.Join(in.verifyNeeds(q.Needs, tables), in.verifyTable(kept)); err != nil {
		return nil, err
	}
	unneeded, err := in.unneededDays(ctx, q, tables)
	if err != nil {
		return nil, err
	}
	var files []LakeFile
	for n, r := range in.ranges(q) {
		base, from, to := kept, int64(0), int64(1<<31)
		if r != nil {
			base, from, to = kept.within(*r), r.From, r.To
		}
		dir, err := in.Store.Staging()
		if err != nil {
			return nil, err
		}
		out := dir + "/sums.parquet"
		var f LakeFile
		in.apart(func() {
			var rows int64
			if months := tables["account_months"]; q.Name == addedUp[0] {
				rows, err = in.Tally.Totals(ctx, TotalsJob{totalsMonths(months), paths(base), from, to, in.Workers, out})
			} else {
				rows, err = in.Tally.Flows(ctx, FlowsJob{q.Name, flowsMonths(months), unneeded, paths(base), from, to, in.Workers, out})
			}
			if err == nil {
				f, err = in.Store.Commit(out, fmt.Sprintf("%s-%d.parquet", place, n), rows)
			} else {
				err = errors.Join(err, os.RemoveAll(dir))
			}
		})
		if err != nil {
			return nil, err
		}
		f.Range = r
		files = append(files, f)
	}
	return files, nil
}

func paths(t table) []string {
	var out []string
	for _, f := range t.Files {
		out = append(out, f.Path)
	}
	return out
}

// totalsMonths gives the files of account_months, those of a month together.
func totalsMonths(t table) (out []TotalsMonth) {
	for i, f := range t.Files {
		at := slices.IndexFunc(out, func(m TotalsMonth) bool { return m.Month == t.months[i] })
		if at < 0 {
			at, out = len(out), append(out, TotalsMonth{Month: t.months[i]})
		}
		out[at].Paths = append(out[at].Paths, f.Path)
	}
	return out
}

func flowsMonths(t table) (out []FlowsMonth) {
	for i, f := range t.Files {
		out = append(out, FlowsMonth{t.from[i], t.months[i], f.Path})
	}
	return out
}

// unneededDays reads the table of that name, where the rollup needs it.
func (in *Inspection) unneededDays(ctx context.Context, q *Query, tables map[string]table) ([]UnneededDays, error) {
	const name = "unneeded_days"
	if !slices.Contains(q.Needs, name) {
		return nil, nil
	}
	if err := in.mount(ctx, tables[name]); err != nil {
		return nil, err
	}
	rows, err := in.Engine.Select(ctx, "SELECT source, month, fields, days FROM "+name, 0)
	if err != nil {
		return nil, err
	}
	var out []UnneededDays
	for _, row := range rows.Values {
		source, ok := row[0].(string)
		var numbers [3]int64
		for i := range numbers {
			n, number := row[i+1].(int64)
			numbers[i], ok = n, ok && number
		}
		if !ok {
			return nil, fmt.Errorf("%s: a row lacks a value", name)
		}
		out = append(out, UnneededDays{source, int(numbers[0]), numbers[1], numbers[2]})
	}
	return out, nil
}
