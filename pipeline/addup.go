package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

// addedUp are the folded rollups that a Tally adds up of months.
var addedUp = [4]string{"account_totals", "account_flows", "account_unneeded", "account_breaches"}

func isAddedUp(q *Query) bool { return isFolded(q) && slices.Contains(addedUp[:], q.Name) }

// rangesAtOnce is how many ranges are added up at a time, at most: each takes
// its own memory.
const rangesAtOnce = 4

// sumJob is what all ranges of a rollup that is added up have in common.
type sumJob struct {
	*Query
	tables   map[string]table // its own: others add theirs meanwhile
	unneeded []UnneededDays
	kept     table // what was added up of other months before
	workers  int   // of one range
}

// addUp has the Tally add up some months of account_months, and what was added
// up of others before, in ranges of accounts. An error wrapping ErrVaried says
// that the SQL has to be run instead.
func (in *Inspection) addUp(ctx context.Context, q *Query, tables map[string]table, kept table, place string) ([]LakeFile, error) {
	if err := in.verifyApart(ctx, slices.Concat(filesOf(q.Needs, tables), kept.lake)); err != nil {
		return nil, err
	}
	unneeded, err := in.unneededDays(ctx, q, tables)
	if err != nil {
		return nil, err
	}
	ranges := in.ranges(q)
	job := sumJob{q, maps.Clone(tables), unneeded, kept, max(1, in.Workers/in.rangesBeside(len(ranges)))}
	return in.tallyRanges(ctx, ranges, func(n int) string { return fmt.Sprintf("%s-%d.parquet", place, n) },
		func(ctx context.Context, n int, out string) (int64, error) {
			return in.addUpRange(ctx, job, ranges[n], out)
		})
}

// rangesBeside is how many of n ranges are added up beside one another: that
// keeps all workers busy while rows are written, and nobody reads what lies at
// the edge between two workers twice.
func (in *Inspection) rangesBeside(n int) int { return max(1, min(in.Workers, n, rangesAtOnce)) }

// tallyRanges has the Tally make a file for each range, several at a time.
func (in *Inspection) tallyRanges(ctx context.Context, ranges []*KeyRange, place func(n int) string,
	add func(ctx context.Context, n int, out string) (int64, error)) (files []LakeFile, err error) {
	type sums struct {
		path string
		rows int64
	}
	do := func(ctx context.Context, n int) (s sums, err error) {
		dir, err := in.Store.Staging()
		if err != nil {
			return s, err
		}
		s.path = dir + "/sums.parquet"
		if s.rows, err = add(ctx, n, s.path); err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return s, err
	}
	take := func(n int, s sums) error {
		f, err := in.Store.Commit(s.path, place(n), s.rows)
		f.Range = ranges[n]
		files = append(files, f)
		return err
	}
	beside := in.rangesBeside(len(ranges))
	in.apart(func() { err = ordered(ctx, len(ranges), beside, beside, do, take) })
	return files, err
}

// isOfPersons names the ranged rollup that a Tally makes of sums of accounts.
func isOfPersons(q *Query) bool { return isRanged(q) && q.Name == "person_totals" }

// makePersons has the Tally make parts of person_totals.
func (in *Inspection) makePersons(ctx context.Context, q *Query, parts []keyPart) ([]LakeFile, error) {
	ranges := make([]*KeyRange, len(parts))
	for i, p := range parts {
		ranges[i] = p.of
	}
	return in.tallyRanges(ctx, ranges, func(n int) string { return parts[n].place(q) },
		func(ctx context.Context, n int, out string) (int64, error) {
			t := parts[n].tables
			job := PersonsJob{paths(t["account_totals"]), paths(t["shared_accounts"]), paths(t["shared_totals"]), paths(t["known_holders"]), 0, 1 << 31, out}
			if ranges[n] != nil {
				job.From, job.To = ranges[n].From, ranges[n].To
			}
			return in.Tally.Persons(ctx, job)
		})
}

// addUpRange does addUp for one range of accounts, nil all, and gives the number of rows.
func (in *Inspection) addUpRange(ctx context.Context, job sumJob, r *KeyRange, out string) (int64, error) {
	base, from, to := job.kept, int64(0), int64(1<<31)
	if r != nil {
		base, from, to = base.within(*r), r.From, r.To
	}
	months := job.tables["account_months"]
	switch job.Name {
	case "account_totals":
		return in.Tally.Totals(ctx, TotalsJob{totalsMonths(months), paths(base), from, to, job.workers, out})
	case "account_breaches":
		return in.Tally.Breaches(ctx, BreachesJob{breachesMonths(job.tables), paths(base), from, to, job.workers, out})
	}
	return in.Tally.Flows(ctx, FlowsJob{job.Name, flowsMonths(months), job.unneeded, paths(base), from, to, job.workers, out})
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

// breachesMonths gives the files that breaches are added up of, those of a
// source and month together.
func breachesMonths(tables map[string]table) (out []BreachesMonth) {
	for _, name := range [...]string{"account_months", "consent_days", "contract_days"} {
		t := tables[name]
		for i, f := range t.Files {
			at := slices.IndexFunc(out, func(m BreachesMonth) bool { return m.Source == t.from[i] && m.Month == t.months[i] })
			if at < 0 {
				at, out = len(out), append(out, BreachesMonth{Source: t.from[i], Month: t.months[i]})
			}
			switch name {
			case "account_months":
				out[at].Sent = append(out[at].Sent, f.Path)
			case "consent_days":
				out[at].Consents = append(out[at].Consents, f.Path)
			default:
				out[at].Contracts = append(out[at].Contracts, f.Path)
			}
		}
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
