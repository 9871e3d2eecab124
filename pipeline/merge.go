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
		if kept[i], err = in.family(q, s); err != nil {
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
		if err := in.Store.Verify(transfers.lake[i]); err != nil {
			return files, err
		}
		job.Days = append(job.Days, TallyDay{f.Path, day})
	}
	for i, paths := range []*[]string{&job.BaseMonths, &job.BaseDays} {
		for _, f := range base[i].Files {
			if err := in.Store.Verify(f); err != nil {
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
	rows, err := in.Tally.Month(ctx, job)
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

// family names the rollups that differ from this one in nothing but the days
// that they are made of, and says which days this one is made of.
func (in *Inspection) family(q *Query, s scope) (Rollup, error) {
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

func within(parts, all map[string]string) bool {
	for day, sum := range parts {
		if all[day] != sum {
			return false
		}
	}
	return true
}
