package duckdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"exhibit/pipeline"
)

// Mount makes a table visible under t.Def.Name, in place of an earlier one,
// which no statement may read any more: it does not wait for those that run.
// Every column is selected by name and has its declared type. Every file's
// footer is held against the declaration: a column that is missing, has
// another type, or stands both in a file and in its Values is an error that
// names the file. Order of files: as given.
func (e *Engine) Mount(ctx context.Context, t pipeline.Mounted) error {
	l, done, err := e.take()
	if err != nil {
		return err
	}
	defer done()
	defer e.lock(t.Def.Name)()
	if err := l.mount(ctx, t, &e.mounted, everybodys); err != nil {
		return fmt.Errorf("table %s: %w", t.Def.Name, err)
	}
	return nil
}

// lock keeps others from mounting or taking away a table of a name.
func (e *Engine) lock(name string) (unlock func()) {
	m, _ := e.mounting.LoadOrStore(name, new(sync.Mutex))
	mu := m.(*sync.Mutex)
	mu.Lock()
	return mu.Unlock
}

// mounts are the tables of a catalog, each with the keyword to drop it with.
type mounts struct {
	mu   sync.Mutex
	kept map[string]string
}

// kind gives the keyword of a table; "" where it is not mounted.
func (m *mounts) kind(table string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[table]
}

func (m *mounts) set(table, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[string]string{}
	}
	if m.kept[table] = kind; kind == "" {
		delete(m.kept, table)
	}
}

func (m *mounts) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.kept))
}

// The catalogs of the engine: what is mounted for everybody, and what for one
// connection, where a table stands before one of the same name for everybody.
var (
	everybodys = catalog{"memory", "CREATE "}
	temporary  = catalog{"temp", "CREATE TEMP "}
)

type catalog struct{ name, create string }

// of is the full name of a table of the catalog.
func (c catalog) of(table string) string { return c.name + ".main." + ident(table) }

// mount makes a table visible in a catalog; mounted is what is there.
func (l link) mount(ctx context.Context, t pipeline.Mounted, mounted *mounts, in catalog) error {
	if len(t.Def.Columns) == 0 {
		return errors.New("no columns")
	}
	if len(t.Files) > 0 && len(t.Rows) > 0 {
		return errors.New("both files and rows")
	}
	if len(t.Files) == 0 {
		return l.mountRows(ctx, t, mounted, in)
	}
	text, rows, err := l.viewOf(ctx, t)
	if err != nil {
		return err
	}
	if r := t.Range; r != nil {
		text = fmt.Sprintf("SELECT * FROM (%s) WHERE %s >= %d AND %[2]s < %[4]d", text, ident(r.Column), r.From, r.To)
	}
	if err := l.unmount(ctx, t.Def.Name, mounted, in); err != nil {
		return err
	}
	kind := "VIEW"
	if copied(rows, len(t.Files)) {
		kind = "TABLE"
	}
	if err := l.exec(ctx, in.create+kind+" "+in.of(t.Def.Name)+" AS "+text); err != nil {
		return err
	}
	mounted.set(t.Def.Name, kind)
	return nil
}

// Unmount takes a table away, if it is mounted. No statement may read it.
func (e *Engine) Unmount(ctx context.Context, name string) error {
	l, done, err := e.take()
	if err != nil {
		return err
	}
	defer done()
	defer e.lock(name)()
	return l.unmount(ctx, name, &e.mounted, everybodys)
}

func (l link) unmount(ctx context.Context, name string, mounted *mounts, in catalog) error {
	kind := mounted.kind(name)
	if kind == "" {
		return nil
	}
	if err := l.exec(ctx, "DROP "+kind+" "+in.of(name)); err != nil {
		return err
	}
	mounted.set(name, "")
	return nil
}

// mountOwn makes tables visible to this connection alone; done takes them away.
func (l link) mountOwn(ctx context.Context, own []pipeline.Mounted) (done func() error, err error) {
	var mounted mounts
	done = func() error {
		var errs []error
		for _, name := range mounted.names() {
			errs = append(errs, l.unmount(context.WithoutCancel(ctx), name, &mounted, temporary))
		}
		return errors.Join(errs...)
	}
	for _, t := range own {
		if err := l.mount(ctx, t, &mounted, temporary); err != nil {
			return nil, errors.Join(fmt.Errorf("table %s: %w", t.Def.Name, err), done())
		}
	}
	return done, nil
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
func (l link) viewOf(ctx context.Context, t pipeline.Mounted) (text string, rows int64, err error) {
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
	if rows, err = l.checkFooters(ctx, t, keys, paths); err != nil {
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
