package duckdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"exhibit/pipeline"
)

// Export runs one SELECT and writes its rows as Parquet (v2, zstd) to path, in
// the order the SELECT gives: an ORDER BY over a key makes the bytes of the
// file depend on the rows alone. It returns the number of rows. Integers of
// odd widths become INTEGER or BIGINT; a type that the lake does not have is
// an error. After an error nothing of it lies at path. own are tables that the
// SELECT alone sees, in place of mounted ones of their names.
func (e *Engine) Export(ctx context.Context, text, path string, own ...pipeline.Mounted) (n int64, err error) {
	l, done, err := e.take()
	if err != nil {
		return 0, err
	}
	defer done()
	away, err := l.mountOwn(ctx, own)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, away()) }()
	source, err := l.exportSource(ctx, text)
	if err != nil {
		return 0, err
	}
	return e.copyBy(ctx, l, source, path, nil)
}

// ExportRanges does Export of a SELECT whose rows are in the order of a column,
// range by range of it, so that the engine sorts one range at a time: a sort of
// more than its memory goes by way of the disk. The ranges decide the bytes of
// the file, and a row in none of them is left out.
func (e *Engine) ExportRanges(ctx context.Context, text, path string, ranges []*pipeline.KeyRange) (n int64, err error) {
	l, done, err := e.take()
	if err != nil {
		return 0, err
	}
	defer done()
	source, err := l.exportSource(ctx, text)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp(e.temp.path, "ranges-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	parts := make([]string, len(ranges))
	for i, r := range ranges {
		parts[i] = filepath.Join(dir, fmt.Sprintf("%d.parquet", i))
		rows, err := l.copyTo(ctx, fmt.Sprintf("%s WHERE %s >= %d AND %[2]s < %[4]d", source, ident(r.Column), r.From, r.To), parts[i], nil)
		if err != nil {
			return 0, err
		}
		n += rows
	}
	if err := joinParquet(path, parts); err != nil {
		return 0, removeLeftover(path, err)
	}
	return n, nil
}

// exportSource selects what Export writes of a text: its columns in the types
// that the lake has for them.
func (l link) exportSource(ctx context.Context, text string) (string, error) {
	cols, err := l.exportColumns(ctx, text)
	if err != nil {
		return "", err
	}
	list := make([]string, len(cols))
	for i, c := range cols {
		if list[i], err = lakeColumn(c); err != nil {
			return "", err
		}
	}
	return "SELECT " + strings.Join(list, ", ") + strings.TrimPrefix(sub(text), "SELECT *"), nil
}

// lakeColumn selects a column in the type that the lake has for it. Parquet
// would take a HUGEINT as DOUBLE, and thereby round it, without a word.
func lakeColumn(c pipeline.Column) (string, error) {
	to := lakeTypes[c.Type]
	var width, scale int
	if _, err := fmt.Sscanf(c.Type, "DECIMAL(%d,%d)", &width, &scale); err == nil && exact(c.Type) && scale <= 18 {
		to = fmt.Sprintf("DECIMAL(%d,%d)", min(width, 18), scale) // sum() makes 38 digits of 18
	}
	if declarable(c.Type) && width <= 18 {
		return ident(c.Name), nil
	}
	if to == "" {
		return "", fmt.Errorf("column %s: no %s in the lake: cast it", c.Name, c.Type)
	}
	return fmt.Sprintf("CAST(%s AS %s) AS %[1]s", ident(c.Name), to), nil
}

// lakeTypes are the types that become another one in the lake; the cast fails
// on a number that does not fit.
var lakeTypes = map[string]string{
	"TINYINT": "INTEGER", "SMALLINT": "INTEGER", "UTINYINT": "INTEGER", "USMALLINT": "INTEGER",
	"UINTEGER": "BIGINT", "UBIGINT": "BIGINT", "HUGEINT": "BIGINT",
	"TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP",
}

// copyTo writes the rows of a SELECT of this package to path.
func (e *Engine) copyTo(ctx context.Context, source, path string, metadata map[string]string) (int64, error) {
	return e.copyBy(ctx, e.link, source, path, metadata)
}

// copyBy does copyTo on a connection, by way of the engine's own folder where
// no other is open to it.
func (e *Engine) copyBy(ctx context.Context, l link, source, path string, metadata map[string]string) (n int64, err error) {
	if !e.locked {
		return l.copyTo(ctx, source, path, metadata)
	}
	dir, err := os.MkdirTemp(e.temp.path, "out-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := filepath.Join(dir, "out.parquet")
	if n, err = l.copyTo(ctx, source, out, metadata); err != nil {
		return 0, err
	}
	return n, moveFile(out, path)
}

// copyTo writes the rows of a SELECT of this package to path.
func (l link) copyTo(ctx context.Context, source, path string, metadata map[string]string) (int64, error) {
	to, err := quotePath(path)
	if err != nil {
		return 0, err
	}
	// No bloom filter: engine 1.5 looks keys up wrongly through some of them.
	// The level and the row group are spelled out as they decide the bytes.
	options := "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION v2, ROW_GROUP_SIZE 122880, WRITE_BLOOM_FILTER false"
	if len(metadata) > 0 {
		var kv []string
		for _, k := range slices.Sorted(maps.Keys(metadata)) {
			kv = append(kv, quote(k)+": "+quote(metadata[k]))
		}
		options += ", KV_METADATA {" + strings.Join(kv, ", ") + "}"
	}
	res, err := l.conn.ExecContext(ctx, "COPY (\n"+source+"\n) TO "+to+" ("+options+")")
	if err != nil {
		return 0, removeLeftover(path, withoutValues(ctx, err))
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, removeLeftover(path, err)
	}
	return n, nil
}
