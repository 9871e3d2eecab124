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

// Derive brings every rollup up to date. A rollup is a pure function of its
// inputs: one whose inputs are what they were is not made again.
func (in *Inspection) Derive(ctx context.Context) error {
	in.used, in.made = map[string]bool{}, map[string]Rollup{}
	base, err := in.baseTables()
	if err != nil {
		return err
	}
	in.Progress.Stage("derive", in.rollupParts())
	if in.tables, err = in.derive(ctx, base, in.Case.Definitions); err != nil {
		return err
	}
	return in.Store.Flush()
}

// derive gives all tables under the given definitions, making what is missing.
// base has the tables that are no rollups, and, where they were derived under
// other definitions, those too: what reads the same is the same.
func (in *Inspection) derive(ctx context.Context, base map[string]table, defs Definitions) (map[string]table, error) {
	tables := maps.Clone(base)
	var err error
	if tables["params"], err = fromRows("params", in.paramsRows(defs)); err != nil {
		return nil, err
	}
	var rollups []*Query
	for i := range in.Queries {
		if q := &in.Queries[i]; q.Kind == RollupQuery {
			rollups = append(rollups, q)
			delete(tables, q.Name) // that of another reading
		}
	}
	in.whole = tables
	return tables, in.inTurn(ctx, rollups, tables, func(ctx context.Context, q *Query) (err error) {
		if was, ok := base[q.Name]; ok && sameTables(q.Needs, tables, base) {
			tables[q.Name] = was
			in.Progress.Step(in.partsOf(q), 0)
			return nil
		}
		tables[q.Name], err = in.rollup(ctx, q, tables)
		return err
	})
}

// rollupParts is the number of rollups, each source and month of those that are
// made by scope for itself.
func (in *Inspection) rollupParts() int {
	parts := 0
	for i := range in.Queries {
		if q := &in.Queries[i]; q.Kind == RollupQuery {
			parts += in.partsOf(q)
		}
	}
	return parts
}

// partsOf is the number of parts that a rollup is made in.
func (in *Inspection) partsOf(q *Query) int {
	if q.Scope == "" {
		return 1
	}
	months := 0
	for i := range in.Case.Sources {
		months += len(in.months(&in.Case.Sources[i]))
	}
	return months
}

// addRollup adds the files of one scope of a rollup to its table.
func (in *Inspection) addRollup(t *table, files []LakeFile, s scope) {
	for _, f := range files {
		if f.Rows > 0 {
			in.addFile(t, f, nil)
			t.months, t.from = append(t.months, s.month), append(t.from, s.source)
		}
	}
}

// scope is one part of the case for which a rollup is made by itself.
type scope struct {
	folder string
	source string // "" the case
	month  int
	tables map[string]table
}

// scopes are the parts for which a rollup is made: the case, or each source
// and month of transfers. There a rollup sees of transfers, of the calendar,
// and of the rollups that were themselves made by scope, that part alone.
func (in *Inspection) scopes(q *Query, tables map[string]table) ([]scope, error) {
	if q.Scope == "" {
		return []scope{{tables: tables}}, nil
	}
	parts, err := in.monthParts(tables["calendar"])
	if err != nil {
		return nil, err
	}
	var out []scope
	for _, p := range parts {
		scoped := maps.Clone(tables)
		scoped["transfers"], scoped["calendar"] = p.transfers, p.calendar
		folder := fmt.Sprintf("/source=%s/month=%d", p.source, p.month)
		for _, name := range in.madeByScope(q.Needs) {
			if scoped[name], err = in.partOf(tables[name], folder); err != nil {
				return nil, err
			}
		}
		out = append(out, scope{folder, p.source, p.month, scoped})
	}
	return out, nil
}

// part is a source and month of transfers, with its days of the calendar: a new
// month of the calendar must not make the others anew.
type part struct {
	source              string
	month               int
	transfers, calendar table
}

// monthParts gives the sources and months of the transfers. They are worked out
// once for the tables that baseTables gave: every scoped rollup, under every
// reading, asks for them.
func (in *Inspection) monthParts(calendar table) ([]part, error) {
	if in.parts != nil {
		return in.parts, nil
	}
	transfers, err := in.transfersByMonth()
	if err != nil {
		return nil, err
	}
	days, err := in.calendarByMonth(calendar)
	if err != nil {
		return nil, err
	}
	var parts []part
	for i := range in.Case.Sources {
		src := &in.Case.Sources[i]
		for _, month := range in.months(src) {
			t, ok := transfers[scopeKey{src.Name, month}]
			if !ok {
				t = newTable("transfers")
				if err := t.close(); err != nil {
					return nil, err
				}
			}
			parts = append(parts, part{src.Name, month, t, days[month]})
		}
	}
	in.parts = parts
	return parts, nil
}

// madeByScope names those of some tables that are rollups made by scope.
func (in *Inspection) madeByScope(names []string) (out []string) {
	for i := range in.Queries {
		if q := &in.Queries[i]; q.Kind == RollupQuery && q.Scope != "" && slices.Contains(names, q.Name) {
			out = append(out, q.Name)
		}
	}
	return out
}

// partOf is what one scope has of a table that was made by scope, by the folder
// in which its files lie.
func (in *Inspection) partOf(t table, folder string) (table, error) {
	part := newTable(t.Def.Name)
	for _, f := range t.lake {
		if strings.HasPrefix(f.Path, t.Def.Name+folder+"/") {
			in.addFile(&part, f, nil)
		}
	}
	return part, part.close()
}

// rollup gives the table of a rollup, making the files that are missing.
func (in *Inspection) rollup(ctx context.Context, q *Query, tables map[string]table) (table, error) {
	t := newTable(q.Name)
	scopes, err := in.scopes(q, tables)
	if err != nil {
		return t, err
	}
	for _, s := range scopes {
		files, err := in.rollupOnce(ctx, q, s)
		if err != nil {
			return t, err
		}
		in.addRollup(&t, files, s)
		in.Progress.Step(1, 0)
	}
	t.scoped = q.Scope != ""
	return t, errors.Join(in.remember(), t.close())
}

// remember keeps the rollups that were made.
func (in *Inspection) remember() error {
	if err := in.Store.Remember(in.made); err != nil {
		return err
	}
	clear(in.made)
	return nil
}

// months lists the months in which a source has records, in order.
func (in *Inspection) months(src *Source) []int {
	var months []int
	for _, r := range in.State().With(src.Name, Loaded) {
		for _, d := range r.Days {
			months = append(months, d.Day.Month())
		}
	}
	slices.Sort(months)
	return slices.Compact(months)
}

// rollupOnce finds a rollup by the key of its inputs, or makes it.
func (in *Inspection) rollupOnce(ctx context.Context, q *Query, s scope) ([]LakeFile, error) {
	if isRanged(q) {
		return in.rollupRanges(ctx, q, s.tables)
	}
	key, err := in.rollupKey(q, s.tables)
	if err != nil {
		return nil, err
	}
	in.used[key] = true
	var kept Rollup
	if isFolded(q) {
		if kept, err = in.foldFamily(q, s.tables); err != nil {
			return nil, err
		}
		if err := in.keepClosed(kept); err != nil {
			return nil, err
		}
	}
	if files, ok := in.Store.Rollup(key); ok {
		return files, nil
	}
	place := fmt.Sprintf("%s%s/%s", q.Name, s.folder, key[:12])
	switch {
	case isTallied(q):
		err = in.tallyMonth(ctx, s)
		kept = in.made[key]
	case isFolded(q):
		kept.Files, err = in.fold(ctx, q, s.tables, kept, place)
	case isAddedByDay(q):
		if kept, err = in.dayFamily(q, s); err == nil {
			kept.Files, err = in.mergeDays(ctx, q, s, kept, place)
		}
	default:
		kept.Files, err = in.makeRollup(ctx, q, s.tables, place)
	}
	if err != nil {
		return nil, err
	}
	in.made[key] = kept
	return kept.Files, nil
}

// findOnce gives the files of one scope of a rollup if all of them are there.
func (in *Inspection) findOnce(q *Query, tables map[string]table) ([]LakeFile, bool, error) {
	if isRanged(q) {
		return in.findRanges(q, tables)
	}
	key, err := in.rollupKey(q, tables)
	if err != nil {
		return nil, false, err
	}
	files, ok := in.Store.Rollup(key)
	return files, ok, nil
}

// has says whether a table has a column.
func (t table) has(column string) bool {
	return slices.ContainsFunc(t.Def.Columns, func(c Column) bool { return c.Name == column })
}

// makeRollup makes a rollup from all of its inputs, in ranges of its key.
func (in *Inspection) makeRollup(ctx context.Context, q *Query, tables map[string]table, place string) ([]LakeFile, error) {
	if isAddedUp(q) {
		files, err := in.addUp(ctx, q, tables, newTable(q.Name), place)
		if !errors.Is(err, ErrVaried) {
			return files, err
		}
	}
	if err := in.verifyNeeds(ctx, q.Needs, tables); err != nil {
		return nil, err
	}
	var files []LakeFile
	for n, r := range in.ranges(q) {
		f, err := in.exportRange(ctx, q, tables, r, fmt.Sprintf("%s-%d.parquet", place, n))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// rollupKey is a hash over all that the rollup depends on.
func (in *Inspection) rollupKey(q *Query, tables map[string]table) (string, error) {
	parts := []any{q.Name, in.sqlOf(q), in.Engine.Version()}
	if isTallied(q) || isAddedUp(q) || isOfPersons(q) {
		parts = append(parts, in.Tally.Version())
	}
	for _, name := range q.Needs {
		t, ok := tables[name]
		if !ok {
			return "", fmt.Errorf("needs %s, which does not exist", name)
		}
		parts = append(parts, name, t.hash)
	}
	return digest(parts...)
}

// mount makes a table visible, if it is not what is visible already.
func (in *Inspection) mount(ctx context.Context, t table) error {
	return in.mountTogether(ctx, []table{t})
}

// mountTogether makes tables visible, several at a time, those that are not
// what is visible already.
func (in *Inspection) mountTogether(ctx context.Context, tables []table) error {
	if in.mounted == nil {
		in.mounted = map[string]string{}
	}
	missing := slices.DeleteFunc(slices.Clone(tables), func(t table) bool { return in.mounted[t.Def.Name] == t.hash })
	for _, t := range missing {
		delete(in.mounted, t.Def.Name)
	}
	return ordered(ctx, len(missing), in.Workers, in.Workers, func(ctx context.Context, i int) (string, error) {
		return missing[i].hash, in.Engine.Mount(ctx, in.asRead(missing[i]).Mounted)
	}, func(i int, hash string) error {
		in.mounted[missing[i].Def.Name] = hash
		return nil
	})
}

// verifyNeeds makes sure of what a rollup reads, before it is made. What nobody
// reads is not read to be verified either: the rollups of long closed months, on
// most days.
func (in *Inspection) verifyNeeds(ctx context.Context, needs []string, tables map[string]table) error {
	if err := in.gather(ctx, needs, tables); err != nil {
		return err
	}
	return in.verifyApart(ctx, readOf(needs, tables))
}

// filesOf are the files of some tables, and those that others have gathered of
// them: whoever reads some by months may read others whole.
func filesOf(names []string, tables map[string]table) (files []LakeFile) {
	for _, name := range names {
		files = append(append(files, tables[name].lake...), tables[name].gathered...)
	}
	return files
}

// verifyApart compares files with the hashes that the ledger and the memo hold,
// while other rollups go on: to read a large one takes a while.
func (in *Inspection) verifyApart(ctx context.Context, files []LakeFile) (err error) {
	in.apart(func() {
		err = Together(files, func(f LakeFile) error { return in.Store.Verify(ctx, f) })
	})
	return err
}

// ownParts makes visible what a rollup reads for one range of its key (nil: the
// whole). Whole tables are mounted for every rollup; a part of one is given
// back, to be the statement's own.
func (in *Inspection) ownParts(ctx context.Context, q *Query, tables map[string]table, r *KeyRange) (own []Mounted, err error) {
	for _, name := range q.Needs {
		t := tables[name]
		switch {
		case r != nil && t.has(q.Range):
			own = append(own, in.asRead(t).within(*r).Mounted)
		case t.hash != in.whole[name].hash:
			own = append(own, in.asRead(t).Mounted)
		default:
			if err := in.mount(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return own, nil
}

// exportRange makes the file of one range of a rollup.
func (in *Inspection) exportRange(ctx context.Context, q *Query, tables map[string]table, r *KeyRange, place string) (LakeFile, error) {
	own, err := in.ownParts(ctx, q, tables, r)
	if err != nil {
		return LakeFile{}, err
	}
	return in.export(ctx, in.sqlOf(q), own, r, place)
}

// export makes one file of a rollup.
func (in *Inspection) export(ctx context.Context, sql string, own []Mounted, r *KeyRange, place string) (f LakeFile, err error) {
	dir, err := in.Store.Staging()
	if err != nil {
		return f, err
	}
	out := dir + "/rollup.parquet"
	in.apart(func() {
		var rows int64
		if rows, err = in.Engine.Export(ctx, sql, out, own...); err == nil {
			f, err = in.Store.Commit(out, place, rows)
		} else {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	})
	f.Range = r
	return f, err
}

// sqlOf is the text that this engine runs for a query.
func (in *Inspection) sqlOf(q *Query) string {
	if v, ok := q.Variants["duckdb"]; ok {
		return v
	}
	return q.SQL
}

// mountAll makes all tables visible.
func (in *Inspection) mountAll(ctx context.Context, tables map[string]table) error {
	var all []table
	for _, name := range sortedKeys(tables) {
		all = append(all, tables[name])
	}
	return in.mountTogether(ctx, all)
}

// MountDerived mounts the tables as the last Derive left them, making nothing.
// It returns the names of the rollups that are not up to date and therefore
// not mounted.
func (in *Inspection) MountDerived(ctx context.Context) (absent []string, err error) {
	in.used = map[string]bool{}
	tables, err := in.baseTables()
	if err != nil {
		return nil, err
	}
	if tables["params"], err = fromRows("params", in.paramsRows(in.Case.Definitions)); err != nil {
		return nil, err
	}
	for i := range in.Queries {
		q := &in.Queries[i]
		if q.Kind != RollupQuery {
			continue
		}
		t, ok, err := in.findRollup(q, tables)
		if err != nil {
			return nil, err
		}
		if !ok {
			absent = append(absent, q.Name)
			continue
		}
		tables[q.Name] = t
	}
	return absent, in.mountAll(ctx, tables)
}

// findRollup gives the table of a rollup if all of its files are there.
func (in *Inspection) findRollup(q *Query, tables map[string]table) (table, bool, error) {
	t := newTable(q.Name)
	for _, name := range q.Needs {
		if _, ok := tables[name]; !ok {
			return t, false, nil
		}
	}
	scopes, err := in.scopes(q, tables)
	if err != nil {
		return t, false, err
	}
	for _, s := range scopes {
		files, ok, err := in.findOnce(q, s.tables)
		if err != nil || !ok {
			return t, false, err
		}
		in.addRollup(&t, files, s)
	}
	t.scoped = q.Scope != ""
	return t, true, t.close()
}
