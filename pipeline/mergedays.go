package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
)

// isAddedByDay says whether a rollup of a month has a merging text: then it is
// made of the same rollup of fewer days and that of the days that it lacks. It
// must read transfers by day, and everything else whole.
func isAddedByDay(q *Query) bool { return q.Scope != "" && q.Variants[mergeVariant] != "" }

// mergeDays makes a rollup of a month that is added to by day. It gives what
// makeRollup gives of all days, byte for byte. The files of the other days are
// verified all the same: whoever looks into the lake meets the open month first.
func (in *Inspection) mergeDays(ctx context.Context, q *Query, s scope, wanted Rollup, place string) ([]LakeFile, error) {
	base := in.ancestor(wanted)
	if base == nil {
		return in.makeRollup(ctx, q, s.tables, place)
	}
	kept := newTable(q.Name)
	in.addRollup(&kept, base.Files, s)
	lacking, err := withoutDays(s.tables["transfers"], base.Parts)
	if err := errors.Join(err, kept.close(), in.verifyApart(ctx, slices.Concat(kept.lake, filesOf(q.Needs, s.tables)))); err != nil {
		return nil, err
	}
	dir, err := in.Store.Staging()
	if err != nil {
		return nil, err
	}
	some := maps.Clone(s.tables)
	some["transfers"] = lacking
	own, err := in.ownParts(ctx, q, some, nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	added := dir + "/days.parquet"
	in.apart(func() { _, err = in.Engine.Export(ctx, in.sqlOf(q), added, own...) })
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	all := kept.Mounted
	all.Files = append(slices.Clone(all.Files), MountedFile{Path: added})
	f, err := in.export(ctx, q.Variants[mergeVariant], []Mounted{all}, nil, place+"-0.parquet")
	return []LakeFile{f}, errors.Join(err, os.RemoveAll(dir))
}

// withoutDays leaves out the files of some days of a table of transfers.
func withoutDays(t table, days map[string]string) (table, error) {
	left := table{Mounted: Mounted{Def: t.Def}, scoped: t.scoped}
	for i, f := range t.Files {
		day, ok := f.Values["transfer_date"].(Day)
		if _, counted := days[day.String()]; ok && counted {
			continue
		}
		left.Files, left.lake = append(left.Files, f), append(left.lake, t.lake[i])
	}
	return left, left.close()
}
