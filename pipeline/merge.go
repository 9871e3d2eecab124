package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// mergeVariant names the SQL that makes one rollup of two over different days:
// <name>.merge.sql reads the table of its own name.
const mergeVariant = "merge"

// family names the rollups that differ from this one in nothing but the days,
// or months, that they are made of, and says which these are of this one. A
// rollup that cannot be merged has no family.
func (in *Inspection) family(q *Query, s scope) (Rollup, error) {
	merge, ok := q.Variants[mergeVariant]
	if !ok {
		return Rollup{}, nil
	}
	if q.Scope == "" {
		return in.foldFamily(q, s.tables)
	}
	parts := []any{q.Name, in.sqlOf(q), merge, in.Engine.Version(), s.source, s.month}
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

// ancestor finds the kept rollup of a family that has the most of the wanted
// days, each with the same files, and no other day, and lists the days that it
// lacks; nil where there is none.
func (in *Inspection) ancestor(wanted Rollup) (*Rollup, map[string]bool) {
	if wanted.Family == "" {
		return nil, nil
	}
	var best *Rollup
	for _, r := range in.Store.Family(wanted.Family) {
		if within(r.Parts, wanted.Parts) && len(r.Parts) > 0 && (best == nil || len(r.Parts) > len(best.Parts)) {
			best = &r
		}
	}
	if best == nil {
		return nil, nil
	}
	missing := map[string]bool{}
	for day := range wanted.Parts {
		if _, ok := best.Parts[day]; !ok {
			missing[day] = true
		}
	}
	return best, missing
}

func within(parts, all map[string]string) bool {
	for day, sum := range parts {
		if all[day] != sum {
			return false
		}
	}
	return true
}

// mergeDays makes a rollup from one of fewer days and the records of the days
// that it lacks. It gives what makeRollup gives, byte for byte.
func (in *Inspection) mergeDays(ctx context.Context, q *Query, s scope, base Rollup, missing map[string]bool, place string) ([]LakeFile, error) {
	fresh := map[string]table{}
	for name, t := range s.tables {
		fresh[name] = t
	}
	days := newTable("transfers")
	for i, f := range s.tables["transfers"].Files {
		if missing[fmt.Sprint(f.Values["transfer_date"])] {
			days.Files = append(days.Files, f)
			days.lake = append(days.lake, s.tables["transfers"].lake[i])
		}
	}
	if err := days.close(); err != nil {
		return nil, err
	}
	fresh["transfers"] = days
	if err := in.mountNeeds(ctx, q.Needs, fresh); err != nil {
		return nil, err
	}
	dir, err := in.Store.Staging()
	if err != nil {
		return nil, err
	}
	added := dir + "/days.parquet"
	if _, err := in.Engine.Export(ctx, in.sqlOf(q), added); err != nil {
		return nil, err
	}
	files, err := in.mergeWith(ctx, q, base, added, place)
	return files, errors.Join(err, os.RemoveAll(dir))
}

// mergeWith merges a kept rollup with one that lies in staging.
func (in *Inspection) mergeWith(ctx context.Context, q *Query, base Rollup, added, place string) ([]LakeFile, error) {
	both := newTable(q.Name)
	for _, f := range base.Files {
		if f.Rows > 0 {
			in.addFile(&both, f, nil)
		}
	}
	if err := errors.Join(in.verifyTable(both), both.close()); err != nil {
		return nil, err
	}
	both.Files = append(both.Files, MountedFile{Path: added})
	both.hash += " and " + added
	needs := []string{q.Name}
	tables := map[string]table{q.Name: both}
	if err := in.mount(ctx, both); err != nil {
		return nil, err
	}
	var files []LakeFile
	for n, r := range in.ranges(q) {
		f, err := in.exportRange(ctx, q, q.Variants[mergeVariant], needs, tables, r, fmt.Sprintf("%s-%d.parquet", place, n))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
