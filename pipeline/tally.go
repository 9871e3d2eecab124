package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Tally counts the records of one source and month, from the Parquet of its
// days, and adds months up by account. What it writes are the rows that account_months.sql and sent_days.sql
// define, in their order. Equal records give equal bytes, however they are
// spread over files, days counted before and days that are new.
type Tally interface {
	// Month counts a month. An error wrapping ErrVaried says that the records
	// differ in too many ways for the memory that counting may take; the SQL
	// has to be run instead. After an error what it wrote is of no use.
	Month(ctx context.Context, job TallyJob) (TallyRows, error)

	// Totals adds up the months of accounts to rows that account_totals.sql
	// defines, in their order. Equal months give equal bytes, whatever part of
	// them was added up before, and gives their number.
	Totals(ctx context.Context, job TotalsJob) (int64, error)

	// Flows adds up the months of accounts to rows that account_flows.sql or
	// account_unneeded.sql define, in their order, and gives their number. An
	// error wrapping ErrVaried is as that of Month.
	Flows(ctx context.Context, job FlowsJob) (int64, error)

	// Breaches adds up the months of accounts to rows that account_breaches.sql
	// defines, in their order, and gives their number. An error wrapping
	// ErrVaried says that the terms of contracts are too many for memory.
	Breaches(ctx context.Context, job BreachesJob) (int64, error)

	// Persons makes of sums of accounts the rows that person_totals.sql defines,
	// in their order, and gives their number.
	Persons(ctx context.Context, job PersonsJob) (int64, error)

	// Version changes whenever the bytes that it writes may.
	Version() string
}

// ErrVaried says that a month, or a sum of months, is not for a Tally. It
// depends on what is counted alone.
var ErrVaried = errors.New("too many combinations of day, recipient and fields to count in memory")

// TallyJob is the work of one Month.
type TallyJob struct {
	Source string
	Month  int // yyyymm
	Days   []TallyDay
	// Of the same source and month, the rollups of other days than Days: both,
	// or none. They count as if their days stood in Days.
	BaseMonths, BaseDays []string
	Workers              int    // that count at a time; 0 is 1
	Months, SentDays     string // paths of the Parquet files to write
}

// TallyDay is one Parquet file of the table transfers.
type TallyDay struct {
	Path string
	Day  Day
}

// TotalsJob is the work of one Totals.
type TotalsJob struct {
	Months   []TotalsMonth
	Base     []string // account_totals of other months than Months
	From, To int64    // only accounts with From ≤ account_key < To
	Workers  int      // that add up at a time; 0 is 1
	Out      string   // path of the Parquet file to write
}

// TotalsMonth is a month of account_months, of all sources.
type TotalsMonth struct {
	Month int // yyyymm
	Paths []string
}

// FlowsJob is the work of one Flows.
type FlowsJob struct {
	Table    string // account_flows or account_unneeded
	Months   []FlowsMonth
	Unneeded []UnneededDays // for account_unneeded: the table unneeded_days
	Base     []string       // the same table over other months than Months
	From, To int64          // only accounts with From ≤ account_key < To
	Workers  int            // that add up at a time; 0 is 1
	Out      string         // path of the Parquet file to write
}

// FlowsMonth is a file of account_months, of one source and month.
type FlowsMonth struct {
	Source string
	Month  int // yyyymm
	Path   string
}

// UnneededDays is a row of unneeded_days.
type UnneededDays struct {
	Source       string
	Month        int
	Fields, Days int64
}

// BreachesJob is the work of one Breaches.
type BreachesJob struct {
	Months   []BreachesMonth
	Base     []string // account_breaches of other months than Months
	From, To int64    // only accounts with From ≤ account_key < To
	Workers  int      // that add up at a time; 0 is 1
	Out      string   // path of the Parquet file to write
}

// BreachesMonth is what is read of one source and month: files of
// account_months, consent_days and contract_days.
type BreachesMonth struct {
	Source                    string
	Month                     int // yyyymm
	Sent, Consents, Contracts []string
}

// PersonsJob is the work of one Persons: files of account_totals,
// shared_accounts, shared_totals and known_holders.
type PersonsJob struct {
	Totals, Shared, SharedTotals, Holders []string
	From, To                              int64  // only accounts with From ≤ account_key < To
	Out                                   string // path of the Parquet file to write
}

// TallyRows are the numbers of rows of what was written.
type TallyRows struct{ Months, SentDays int64 }

// tallied are the rollups that a Tally counts, both in one pass.
var tallied = [2]string{"account_months", "sent_days"}

func isTallied(q *Query) bool { return q.Scope != "" && slices.Contains(tallied[:], q.Name) }

// tallyMonth makes both tallied rollups of a source and month: from those of
// fewer days and the days that they lack where that is possible, otherwise from
// all of its days. A month that is not for a Tally is made by the SQL.
func (in *Inspection) tallyMonth(ctx context.Context, s scope) error {
	var queries [2]*Query
	var keys, places [2]string
	var kept [2]Rollup
	for i, name := range tallied {
		at := slices.IndexFunc(in.Queries, func(q Query) bool { return q.Kind == RollupQuery && q.Name == name })
		if at < 0 {
			return fmt.Errorf("no rollup %s, which is counted together with this one", name)
		}
		q := &in.Queries[at]
		var err error
		if keys[i], err = in.rollupKey(q, s.tables); err != nil {
			return err
		}
		if kept[i], err = in.dayFamily(q, s); err != nil {
			return err
		}
		queries[i], places[i] = q, fmt.Sprintf("%s%s/%s", name, s.folder, keys[i][:12])
	}
	files, err := in.countMonth(ctx, s, in.ancestors(kept), places)
	if errors.Is(err, ErrVaried) {
		for i, q := range queries {
			if files[i], err = in.makeRollup(ctx, q, s.tables, places[i]); err != nil {
				return err
			}
		}
	}
	if err != nil {
		return err
	}
	for i, key := range keys {
		kept[i].Files = files[i]
		in.made[key] = kept[i]
	}
	return nil
}

// countMonth has the Tally count what the base lacks of a month.
func (in *Inspection) countMonth(ctx context.Context, s scope, base [2]Rollup, places [2]string) (files [2][]LakeFile, err error) {
	transfers := s.tables["transfers"]
	job := TallyJob{Source: s.source, Month: s.month, Workers: in.Workers}
	for i, f := range transfers.Files {
		day, ok := f.Values["transfer_date"].(Day)
		if _, counted := base[0].Parts[day.String()]; ok && counted {
			continue
		}
		if err := in.Store.Verify(ctx, transfers.lake[i]); err != nil {
			return files, err
		}
		job.Days = append(job.Days, TallyDay{f.Path, day})
	}
	for i, paths := range []*[]string{&job.BaseMonths, &job.BaseDays} {
		for _, f := range base[i].Files {
			if err := in.Store.Verify(ctx, f); err != nil {
				return files, err
			}
			*paths = append(*paths, in.Store.Root()+"/"+f.Path)
		}
	}
	dir, err := in.Store.Staging()
	if err != nil {
		return files, err
	}
	job.Months, job.SentDays = dir+"/months.parquet", dir+"/days.parquet"
	var rows TallyRows
	in.apart(func() { rows, err = in.Tally.Month(ctx, job) })
	if err != nil {
		return files, errors.Join(err, os.RemoveAll(dir))
	}
	months, err := in.Store.Commit(job.Months, places[0]+"-0.parquet", rows.Months)
	if err != nil {
		return files, err
	}
	days, err := in.Store.Commit(job.SentDays, places[1]+"-0.parquet", rows.SentDays)
	return [2][]LakeFile{{months}, {days}}, err
}

// dayFamily names the rollups that differ from a tallied one in nothing but the
// days that they are made of, and says which days this one is made of.
func (in *Inspection) dayFamily(q *Query, s scope) (Rollup, error) {
	parts := []any{q.Name, in.sqlOf(q), in.Engine.Version(), in.Tally.Version(), s.source, s.month}
	for _, name := range q.Needs {
		if name != "transfers" {
			parts = append(parts, name, s.tables[name].hash)
		}
	}
	family, err := digest(parts...)
	return Rollup{Family: family, Parts: dayHashes(s.tables["transfers"])}, err
}

// dayHashes gives, for each day of a table of transfers, a hash of its files.
func dayHashes(t table) map[string]string {
	sums := map[string][]string{}
	for i, f := range t.Files {
		day := fmt.Sprint(f.Values["transfer_date"])
		sums[day] = append(sums[day], t.lake[i].SHA256)
	}
	out := map[string]string{}
	for day, list := range sums {
		out[day] = strings.Join(list, " ")
	}
	return out
}

// ancestors finds the kept rollups, one of each family, that have the most of
// the wanted days, both the same, each with the same files, and no other day;
// empty ones where there are none.
func (in *Inspection) ancestors(wanted [2]Rollup) (best [2]Rollup) {
	others := in.Store.Family(wanted[1].Family)
	for _, r := range in.Store.Family(wanted[0].Family) {
		if len(r.Parts) <= len(best[0].Parts) || !within(r.Parts, wanted[0].Parts) {
			continue
		}
		at := slices.IndexFunc(others, func(o Rollup) bool { return maps.Equal(o.Parts, r.Parts) })
		if at >= 0 {
			best = [2]Rollup{r, others[at]}
		}
	}
	return best
}
