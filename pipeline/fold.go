package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
)

// A rollup of the whole case that has a merging text is folded: what it reads
// is split by month, and it is merged of the same rollup of all months but the
// last, which is kept, and that of the last. A day that comes makes nothing of
// the other months anew.
//
// The months of a folded rollup are those of the tables that are made by scope
// and of the calendar; every other table that it reads is whole and part of its
// family. So a folded rollup must not need what the calendar says of a month
// in which nothing was sent.

// mergeVariant names the SQL that makes one rollup of two over different months:
// <name>.merge.sql reads the table of its own name.
const mergeVariant = "merge"

func isFolded(q *Query) bool { return q.Scope == "" && q.Variants[mergeVariant] != "" }

// foldFamily names the rollups that differ from a folded one in nothing but
// their months, and gives a hash of what is read of each month. It is worked out
// once for what the rollup is made of: the order of the work asks for it too.
func (in *Inspection) foldFamily(q *Query, tables map[string]table) (Rollup, error) {
	key, err := in.rollupKey(q, tables)
	if err != nil {
		return Rollup{}, err
	}
	r, ok := in.family[key]
	if !ok {
		if r, err = in.newFamily(q, tables); err == nil {
			in.family[key] = r
		}
	}
	return r, err
}

func (in *Inspection) newFamily(q *Query, tables map[string]table) (Rollup, error) {
	parts := []any{q.Name, in.sqlOf(q), q.Variants[mergeVariant], in.Engine.Version()}
	if isAddedUp(q) {
		parts = append(parts, in.Tally.Version())
	}
	months := map[int][]any{}
	for _, name := range q.Needs {
		t := tables[name]
		for i, f := range t.lake {
			if t.scoped {
				months[t.months[i]] = append(months[t.months[i]], name, f.SHA256)
			}
		}
		if !t.scoped && name != "calendar" {
			parts = append(parts, name, t.hash)
		}
	}
	family, err := digest(parts...)
	if err != nil {
		return Rollup{}, err
	}
	days, err := in.calendarByMonth(tables["calendar"])
	if err != nil {
		return Rollup{}, err
	}
	r := Rollup{Family: family, Parts: map[string]string{}}
	for month, read := range months {
		if slices.Contains(q.Needs, "calendar") {
			read = append(read, days[month].hash)
		}
		if r.Parts[strconv.Itoa(month)], err = digest(read...); err != nil {
			return Rollup{}, err
		}
	}
	return r, nil
}

// without is the rollup of all months but the last n, without its files.
func (r Rollup) without(n int) Rollup {
	months := sortedKeys(r.Parts)
	left := Rollup{Family: r.Family, Parts: map[string]string{}}
	for _, month := range months[:max(0, len(months)-n)] {
		left.Parts[month] = r.Parts[month]
	}
	return left
}

// closedKey is the key under which the rollup of some months is kept.
func closedKey(r Rollup) (string, error) { return digest("months", r.Family, r.Parts) }

// keepClosed keeps the rollups that the next runs of a folded one are made of:
// that of the closed months, and, for a late file of the last closed month,
// that of the months before it where there is one.
func (in *Inspection) keepClosed(all Rollup) error {
	for n := 1; n <= 2; n++ {
		key, err := closedKey(all.without(n))
		if err != nil {
			return err
		}
		in.used[key] = true
	}
	return nil
}

// fold makes a rollup of the case: of its closed months and the last where it
// is folded, otherwise from all.
func (in *Inspection) fold(ctx context.Context, q *Query, tables map[string]table, all Rollup, place string) ([]LakeFile, error) {
	closed := all.without(1)
	if len(closed.Parts) == 0 {
		return in.makeRollup(ctx, q, tables, place)
	}
	base, err := in.closedMonths(ctx, q, tables, closed)
	if err != nil {
		return nil, err
	}
	return in.addMonths(ctx, q, tables, base, all.lacking(closed), place)
}

// lacking lists the months of a rollup that another one of its family lacks.
func (r Rollup) lacking(months Rollup) []string {
	return slices.DeleteFunc(sortedKeys(r.Parts), func(month string) bool { return months.Parts[month] != "" })
}

// closedMonths finds the rollup of the closed months, or makes it: from that
// of fewer months and those that it lacks where there is one, otherwise from
// all at once.
func (in *Inspection) closedMonths(ctx context.Context, q *Query, tables map[string]table, closed Rollup) ([]LakeFile, error) {
	key, err := closedKey(closed)
	if err != nil {
		return nil, err
	}
	if files, ok := in.Store.Rollup(key); ok {
		return files, nil
	}
	base := in.ancestor(closed)
	if base == nil && len(closed.Parts) > 1 && len(in.Store.Family(closed.Family)) > 0 {
		// A file came late. More may come for the last closed month, and then
		// the months before it need not be read again.
		before := closed.without(1)
		if before.Files, err = in.keepMonths(ctx, q, tables, before, nil); err != nil {
			return nil, err
		}
		base = &before
	}
	return in.keepMonths(ctx, q, tables, closed, base)
}

// keepMonths makes the rollup of some months, of base and what it lacks unless
// that is nil, and keeps it.
func (in *Inspection) keepMonths(ctx context.Context, q *Query, tables map[string]table, wanted Rollup, base *Rollup) ([]LakeFile, error) {
	key, err := closedKey(wanted)
	if err != nil {
		return nil, err
	}
	place := fmt.Sprintf("%s/%s", q.Name, key[:12])
	switch {
	case base == nil && q.Range == "":
		wanted.Files, err = in.addMonths(ctx, q, tables, nil, sortedKeys(wanted.Parts), place)
	case base == nil:
		var some map[string]table
		if some, err = in.tablesOf(tables, sortedKeys(wanted.Parts)); err == nil {
			wanted.Files, err = in.makeRollup(ctx, q, some, place)
		}
	case len(base.Parts) == len(wanted.Parts):
		wanted.Files = base.Files
	default:
		wanted.Files, err = in.addMonths(ctx, q, tables, base.Files, wanted.lacking(*base), place)
	}
	if err != nil {
		return nil, err
	}
	in.made[key] = wanted
	return wanted.Files, in.remember()
}

// addMonths makes a rollup from one of other months and the months given: in
// ranges of its key, or, to bound its memory where it has none, from the rollup
// of each month. It gives what makeRollup gives of all months, byte for byte.
func (in *Inspection) addMonths(ctx context.Context, q *Query, tables map[string]table, base []LakeFile, months []string, place string) ([]LakeFile, error) {
	kept := newTable(q.Name)
	in.addRollup(&kept, base, scope{})
	if err := errors.Join(kept.close(), in.verifyApart(ctx, kept.lake)); err != nil {
		return nil, err
	}
	groups := [][]string{months}
	if q.Range == "" {
		groups = slices.Collect(slices.Chunk(months, 1))
	}
	parts := make([]map[string]table, len(groups))
	for i, g := range groups {
		var err error
		if parts[i], err = in.tablesOf(tables, g); err != nil {
			return nil, err
		}
		if err := in.verifyNeeds(ctx, q.Needs, parts[i]); err != nil {
			return nil, err
		}
	}
	if isAddedUp(q) {
		files, err := in.addUp(ctx, q, parts[0], kept, place)
		if !errors.Is(err, ErrVaried) {
			return files, err
		}
	}
	var files []LakeFile
	for n, r := range in.ranges(q) {
		f, err := in.addParts(ctx, q, kept, parts, r, fmt.Sprintf("%s-%d.parquet", place, n))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// addParts does addMonths for one range of the key.
func (in *Inspection) addParts(ctx context.Context, q *Query, kept table, parts []map[string]table, r *KeyRange, place string) (LakeFile, error) {
	dir, err := in.Store.Staging()
	if err != nil {
		return LakeFile{}, err
	}
	all := kept
	if r != nil {
		all = kept.within(*r)
	}
	all.Files = slices.Clone(all.Files)
	for i, tables := range parts {
		added := fmt.Sprintf("%s/part-%d.parquet", dir, i)
		own, err := in.ownParts(ctx, q, tables, r)
		if err != nil {
			return LakeFile{}, err
		}
		in.apart(func() { _, err = in.Engine.Export(ctx, in.sqlOf(q), added, own...) })
		if err != nil {
			return LakeFile{}, err
		}
		all.Files = append(all.Files, MountedFile{Path: added})
	}
	f, err := in.export(ctx, q.Variants[mergeVariant], []Mounted{all.Mounted}, r, place)
	return f, errors.Join(err, os.RemoveAll(dir))
}

// tablesOf narrows what a folded rollup reads to some months, in order.
func (in *Inspection) tablesOf(tables map[string]table, months []string) (map[string]table, error) {
	byMonth, err := in.calendarByMonth(tables["calendar"])
	if err != nil {
		return nil, err
	}
	var days [][]any
	for _, text := range months {
		month, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		days = append(days, byMonth[month].Rows...)
	}
	out := maps.Clone(tables)
	if out["calendar"], err = fromRows("calendar", days); err != nil {
		return nil, err
	}
	for name, t := range tables {
		if !t.scoped {
			continue
		}
		some := table{Mounted: Mounted{Def: t.Def}, scoped: true}
		for i, f := range t.lake {
			if slices.Contains(months, strconv.Itoa(t.months[i])) {
				some.Files = append(some.Files, t.Files[i])
				some.lake = append(some.lake, f)
				some.months, some.from = append(some.months, t.months[i]), append(some.from, t.from[i])
			}
		}
		if err := some.close(); err != nil {
			return nil, err
		}
		out[name] = some
	}
	return out, nil
}

// within narrows a table to a range of one of its columns, leaving out the
// files of which nothing lies there.
func (t table) within(r KeyRange) table {
	part := t
	part.Range = &r
	part.Files, part.lake, part.months, part.from = nil, nil, nil, nil
	part.scoped, part.gathered = false, nil
	for i, f := range t.Files {
		if i < len(t.lake) { // a file in staging is not of the lake yet
			if k := t.lake[i].Range; k != nil && k.Column == r.Column && (k.To <= r.From || r.To <= k.From) {
				continue
			}
			part.lake = append(part.lake, t.lake[i])
		}
		part.Files = append(part.Files, f)
	}
	return part
}

// ancestor finds the kept rollup of a family that has the most of the wanted
// months, each with the same files, and no other month; nil where there is none.
func (in *Inspection) ancestor(wanted Rollup) *Rollup {
	var best *Rollup
	for _, r := range in.Store.Family(wanted.Family) {
		if within(r.Parts, wanted.Parts) && len(r.Parts) > 0 && (best == nil || len(r.Parts) > len(best.Parts)) {
			best = &r
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
