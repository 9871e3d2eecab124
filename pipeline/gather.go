package pipeline

import (
	"context"
	"fmt"
)

// A rollup that is made month by month lies in as many files as the case has
// months, and who reads all of it opens each: with few rows in each, that is
// what takes the time. So the months of every year before the last are gathered
// in one file more, from which the whole table is read. It holds the rows of its
// months in their order, and is kept like a rollup of them.

// gatheredRows is how many rows of a table are few.
const gatheredRows = 1 << 16

// gather finds or makes the files that some tables are read from as a whole. The
// caller holds in.turn.
func (in *Inspection) gather(ctx context.Context, names []string, tables map[string]table) error {
	for _, name := range names {
		t, ok := tables[name]
		if !ok || !t.scoped || t.gathered != nil || t.rows() > gatheredRows {
			continue
		}
		var err error
		if t.gathered, err = in.gatherYears(ctx, &t); err != nil {
			return err
		}
		tables[name] = t
	}
	return in.remember()
}

func (in *Inspection) gatherYears(ctx context.Context, t *table) ([]LakeFile, error) {
	last := 0 // year
	for _, month := range t.months {
		last = max(last, month/100)
	}
	var files []LakeFile
	for from, to := 0, 0; from < len(t.lake); from = to {
		year := t.months[from] / 100
		for to = from + 1; to < len(t.lake) && t.from[to] == t.from[from] && t.months[to]/100 == year; {
			to++
		}
		if year == last || to == from+1 {
			files = append(files, t.lake[from:to]...)
			continue
		}
		f, err := in.gatherYear(ctx, t, from, to)
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}

// gatherYear finds or makes the file of some files of a table, which are of one
// source and year.
func (in *Inspection) gatherYear(ctx context.Context, t *table, from, to int) ([]LakeFile, error) {
	parts := []any{"gathered", t.Def, in.Engine.Version()}
	for _, f := range t.lake[from:to] {
		parts = append(parts, f.SHA256)
	}
	key, err := digest(parts...)
	if err != nil {
		return nil, err
	}
	in.used[key] = true
	if files, ok := in.Store.Rollup(key); ok {
		return files, nil
	}
	if err := in.verifyApart(ctx, t.lake[from:to]); err != nil {
		return nil, err
	}
	months := t.Mounted
	months.Files = t.Files[from:to]
	place := fmt.Sprintf("%s/years/%s/%d-%s.parquet", t.Def.Name, t.from[from], t.months[from]/100, key[:12])
	f, err := in.export(ctx, "SELECT * FROM "+t.Def.Name, []Mounted{months}, nil, place)
	if err != nil {
		return nil, err
	}
	files := []LakeFile{f}
	in.made[key] = Rollup{Files: files}
	return files, nil
}

// asRead is a table with the files that it is read from as a whole. Its months
// are told apart no more.
func (in *Inspection) asRead(t table) table {
	if t.gathered == nil {
		return t
	}
	whole := table{Mounted: Mounted{Def: t.Def}, hash: t.hash}
	for _, f := range t.gathered {
		in.addFile(&whole, f, nil)
	}
	return whole
}

// readOf are the files that some tables are read from as a whole.
func readOf(names []string, tables map[string]table) (files []LakeFile) {
	for _, name := range names {
		if t := tables[name]; t.gathered != nil {
			files = append(files, t.gathered...)
		} else {
			files = append(files, t.lake...)
		}
	}
	return files
}

// rows is the number of rows of a table.
func (t *table) rows() int64 {
	n := int64(len(t.Rows))
	for _, f := range t.lake {
		n += f.Rows
	}
	return n
}
