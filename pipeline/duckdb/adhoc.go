package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"exhibit/pipeline"
)

// Lock shuts the files of the machine off from SQL, but for the readable
// folders (the lake) and the engine's own, and then the settings. Mount what
// is needed before; a table of files elsewhere no longer reads. It cannot be
// undone. It is a second line behind the gate of Adhoc and no sandbox: SQL of
// this package may still write below the readable folders.
func (e *Engine) Lock(ctx context.Context, readable []string) error {
	done, err := e.alone()
	if err != nil {
		return err
	}
	defer done()
	dirs := []string{quote(e.temp.path)}
	for _, dir := range readable {
		d, err := quotePath(dir)
		if err != nil {
			return fmt.Errorf("engine: lock: %w", err)
		}
		dirs = append(dirs, d)
	}
	for _, s := range []string{
		"SET allowed_directories = [" + strings.Join(dirs, ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if err := e.exec(ctx, s); err != nil {
			return fmt.Errorf("engine: lock: %w", err)
		}
	}
	e.locked = true
	return nil
}

// Result is the answer to an ad-hoc query. It lies in a temporary table of the
// engine, which spills to disk, so that a large one costs no more memory than
// a small one.
type Result struct {
	Columns []pipeline.Column // types as Page gives them: what has no exact value is VARCHAR
	Count   int64             // rows, all of them
	engine  *Engine
	table   string
	list    string // the columns as Page selects them
}

// Adhoc runs one SELECT on the mounted tables and keeps its result. Anything
// else is refused before it runs: other statements, several of them, files and
// table functions in FROM, functions that change or show the engine.
func (e *Engine) Adhoc(ctx context.Context, text string) (*Result, error) {
	done, err := e.alone()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := e.gate(ctx, text); err != nil {
		return nil, err
	}
	r, err := e.keep(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return r, nil
}

// keep makes the table of a result. Its columns are c0, c1, …: those of the
// text may have any name, and the same name twice.
func (e *Engine) keep(ctx context.Context, text string) (*Result, error) {
	cols, err := e.describe(ctx, text)
	if err != nil {
		return nil, err
	}
	e.results++
	r := &Result{engine: e, table: fmt.Sprintf("temp.exhibit_result_%d", e.results), Columns: cols}
	names := make([]string, len(cols))
	for i := range cols {
		names[i] = fmt.Sprintf("c%d", i)
	}
	create := "CREATE TEMP TABLE " + strings.TrimPrefix(r.table, "temp.") + " (" + strings.Join(names, ", ") + ") AS " + sub(text)
	if err := e.exec(ctx, create); err != nil {
		return nil, err
	}
	if r.Count, err = e.number(ctx, "SELECT count(*) FROM "+r.table); err != nil {
		return nil, errors.Join(err, r.drop())
	}
	list := make([]string, len(cols))
	for i := range cols {
		to, err := e.shownAs(ctx, r.table, names[i], cols[i].Type)
		if err != nil {
			return nil, errors.Join(err, r.drop())
		}
		list[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", names[i], to, ident(cols[i].Name))
		r.Columns[i].Type = to
	}
	r.list = strings.Join(list, ", ")
	return r, nil
}

// shownAs gives the type in which a column of a result is shown: its own, a
// wider one, BIGINT for a HUGEINT whose values all fit, or else text.
func (e *Engine) shownAs(ctx context.Context, table, column, typ string) (string, error) {
	switch typ {
	case "FLOAT", "DOUBLE":
		return "DOUBLE", nil
	case "HUGEINT", "UBIGINT":
		n, err := e.number(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE TRY_CAST(%s AS BIGINT) IS NULL AND %[2]s IS NOT NULL", table, column))
		if err != nil || n > 0 {
			return "VARCHAR", err
		}
		return "BIGINT", nil
	}
	if to := lakeTypes[typ]; to != "" {
		return to, nil
	}
	if exact(typ) {
		return typ, nil
	}
	return "VARCHAR", nil
}

// Page gives up to n rows of the result from the offset-th on, in its order.
// Values are as in pipeline.Rows; DOUBLE is float64.
func (r *Result) Page(ctx context.Context, offset, n int64) (*pipeline.Rows, error) {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	page, err := r.engine.rowsWith(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE rowid >= %d AND rowid < %d ORDER BY rowid", r.list, r.table, offset, offset+n), 0, true)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	page.Truncated = offset+int64(len(page.Values)) < r.Count
	return page, nil
}

// Parquet writes the whole result to path. After an error nothing of it lies there.
func (r *Result) Parquet(ctx context.Context, path string) error {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	n, err := r.engine.copyTo(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY rowid", r.list, r.table), path, nil)
	if err == nil && n != r.Count {
		err = removeLeftover(path, fmt.Errorf("%d rows written of %d", n, r.Count))
	}
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// Close frees the result.
func (r *Result) Close() error {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	return r.drop()
}

func (r *Result) drop() error {
	return r.engine.exec(context.Background(), "DROP TABLE IF EXISTS "+r.table)
}

// moveFile brings a file of the engine's folder to its place, which may lie on
// another disk.
func moveFile(from, to string) error {
	if err := os.Rename(from, to); err == nil {
		return nil
	}
	data, err := os.Open(from)
	if err != nil {
		return err
	}
	defer data.Close()
	f, err := os.OpenFile(filepath.Clean(to), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.ReadFrom(data); err != nil {
		return errors.Join(removeLeftover(to, err), f.Close())
	}
	return errors.Join(f.Close(), os.Remove(from))
}
