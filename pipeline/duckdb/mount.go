package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"exhibit/pipeline"
)

// Mount makes a table visible under t.Def.Name, in place of an earlier one.
// Every column is selected by name and has its declared type. Every file's
// footer is held against the declaration: a column that is missing, has
// another type, or stands both in a file and in its Values is an error that
// names the file. Order of files: as given.
func (e *Engine) Mount(ctx context.Context, t pipeline.Mounted) error {
	done, err := e.alone()
	if err != nil {
		return err
	}
	defer done()
	if err := e.mount(ctx, t); err != nil {
		return fmt.Errorf("table %s: %w", t.Def.Name, err)
	}
	return nil
}

func (e *Engine) mount(ctx context.Context, t pipeline.Mounted) error {
	if len(t.Def.Columns) == 0 {
		return errors.New("no columns")
	}
	if len(t.Files) > 0 && len(t.Rows) > 0 {
		return errors.New("both files and rows")
	}
	if len(t.Files) == 0 {
		return e.mountRows(ctx, t)
	}
	text, rows, err := e.viewOf(ctx, t)
	if err != nil {
		return err
	}
	if r := t.Range; r != nil {
		text = fmt.Sprintf("SELECT * FROM (%s) WHERE %s >= %d AND %[2]s < %[4]d", text, ident(r.Column), r.From, r.To)
	}
	if err := e.unmount(ctx, t.Def.Name); err != nil {
		return err
	}
	kind := "VIEW"
	if copied(rows, len(t.Files)) {
		kind = "TABLE"
	}
	if err := e.exec(ctx, "CREATE "+kind+" "+ident(t.Def.Name)+" AS "+text); err != nil {
		return err
	}
	e.mounted[t.Def.Name] = kind
	return nil
}

// Unmount takes a table away, if it is mounted.
func (e *Engine) Unmount(ctx context.Context, name string) error {
	done, err := e.alone()
	if err != nil {
		return err
	}
	defer done()
	return e.unmount(ctx, name)
}

func (e *Engine) unmount(ctx context.Context, name string) error {
	kind, ok := e.mounted[name]
	if !ok {
		return nil
	}
	if err := e.exec(ctx, "DROP "+kind+" "+ident(name)); err != nil {
		return err
	}
	delete(e.mounted, name)
	return nil
}

// A small table is copied into the engine, and one of a few more rows where they
// lie in many files: otherwise each question opens every file of it again, which
// takes longer than reading so few rows. The copy is within the engine's limit.
const (
	smallRows   = 1 << 14
	copiedRows  = 1 << 16
	copiedFiles = 8
)

// copied says whether a table of so many rows (-1: unknown) and files is copied.
func copied(rows int64, files int) bool {
	return rows >= 0 && (rows <= smallRows || rows <= copiedRows && files >= copiedFiles)
}

// viewOf gives the SELECT over the files of a table, and the number of its rows,
// or -1 where that is not known.
func (e *Engine) viewOf(ctx context.Context, t pipeline.Mounted) (text string, rows int64, err error) {
	keys, err := pathColumns(t)
	if err != nil {
		return "", 0, err
	}
	paths := make([]string, len(t.Files))
	for i, f := range t.Files {
		if paths[i], err = quotePath(f.Path); err != nil {
			return "", 0, err
		}
	}
	if rows, err = e.checkFooters(ctx, t, keys, paths); err != nil {
		return "", 0, err
	}
	if len(keys) > 0 && hive(t, keys) {
		return hiveView(t, keys, paths), rows, nil
	}
	text, err = constantView(t, keys, paths)
	return text, rows, err
}

// pathColumns gives the declared columns that stand in the files' Values.
func pathColumns(t pipeline.Mounted) ([]pipeline.Column, error) {
	var keys []pipeline.Column
	for _, c := range t.Def.Columns {
		if _, ok := t.Files[0].Values[c.Name]; ok {
			keys = append(keys, c)
		}
	}
	for _, f := range t.Files {
		if len(f.Values) != len(keys) {
			return nil, fmt.Errorf("%s: %d values of the path, not %d", f.Path, len(f.Values), len(keys))
		}
		for _, k := range keys {
			v, ok := f.Values[k.Name]
			if !ok {
				return nil, fmt.Errorf("%s: no value of %s", f.Path, k.Name)
			}
			if _, err := literal(v, k.Type); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", f.Path, k.Name, err)
			}
		}
	}
	return keys, nil
}

// selectList casts every declared column; a cast to the type that a column has
// is none. from gives a column that does not stand in the file.
func selectList(t pipeline.Mounted, from map[string]string) string {
	list := make([]string, len(t.Def.Columns))
	for i, c := range t.Def.Columns {
		x, ok := from[c.Name]
		if !ok {
			x = ident(c.Name)
		}
		list[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", x, c.Type, ident(c.Name))
	}
	return strings.Join(list, ", ")
}

// hive says whether the value of every path column stands in the path of its
// file as "/name=value/", and no other such part of a path is a column: the
// engine would let it override the column of the file.
func hive(t pipeline.Mounted, keys []pipeline.Column) bool {
	column := map[string]bool{}
	for _, c := range t.Def.Columns {
		column[strings.ToLower(c.Name)] = true
	}
	others := ""
	for i, f := range t.Files {
		want, other := map[string]string{}, ""
		for _, k := range keys {
			want[k.Name] = plain(f.Values[k.Name])
		}
		for _, part := range hiveParts(f.Path) {
			value, ok := want[part[0]]
			switch {
			case ok && value == part[1] && hiveSafe(value):
				delete(want, part[0])
			case column[strings.ToLower(part[0])]:
				return false
			default:
				other += part[0] + "/"
			}
		}
		if i == 0 {
			others = other
		}
		if len(want) > 0 || other != others { // the engine wants the same names in every path
			return false
		}
	}
	return true
}

func hiveView(t pipeline.Mounted, keys []pipeline.Column, paths []string) string {
	types := make([]string, len(keys))
	for i, k := range keys {
		types[i] = quote(k.Name) + ": " + k.Type
	}
	return fmt.Sprintf("SELECT %s FROM read_parquet([%s], hive_partitioning = true, hive_types = {%s})",
		selectList(t, nil), strings.Join(paths, ", "), strings.Join(types, ", "))
}
