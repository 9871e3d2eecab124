package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"exhibit/pipeline"
)

// Select runs one SELECT and returns its rows, at most limit of them (0: all).
// The driver holds a whole result in memory outside the engine's limit, so 0
// is for results known to be small. A HUGEINT that fits is an int64.
func (e *Engine) Select(ctx context.Context, text string, limit int) (*pipeline.Rows, error) {
	l, done, err := e.take()
	if err != nil {
		return nil, err
	}
	defer done()
	closed := closedSelect(text)
	if !closed {
		if err := l.oneSelect(ctx, text); err != nil {
			return nil, err
		}
	}
	wrapped := sub(text)
	if limit > 0 {
		wrapped += fmt.Sprintf(" LIMIT %d", limit+1)
	}
	r, err := l.rows(ctx, wrapped, limit)
	if err != nil && closed {
		if cause := l.oneSelect(ctx, text); cause != nil {
			return nil, cause // which names the lines of the text, not of what is around it
		}
	}
	return r, err
}

// Columns gives the names and types that a SELECT would return.
func (e *Engine) Columns(ctx context.Context, text string) ([]pipeline.Column, error) {
	done, err := e.alone()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := e.oneSelect(ctx, text); err != nil {
		return nil, err
	}
	return e.describe(ctx, text)
}

// describe gives the columns of a text that is known to be one SELECT.
func (l link) describe(ctx context.Context, text string) ([]pipeline.Column, error) {
	rows, err := l.conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+sub(text)+")")
	if err != nil {
		return nil, withoutValues(ctx, err)
	}
	defer rows.Close()
	var cols []pipeline.Column
	for rows.Next() {
		var c pipeline.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		cols = append(cols, c)
	}
	return cols, withoutValues(ctx, rows.Err())
}

// oneSelect holds a text to be exactly one SELECT without parameters. It binds
// the text and runs nothing: the driver's own PrepareContext would run every
// statement but the last.
func (l link) oneSelect(ctx context.Context, text string) error {
	return l.prepare(ctx, text, func(*duckdb.Stmt) error { return nil })
}

// prepare does oneSelect, and something with the text as the engine bound it.
func (l link) prepare(ctx context.Context, text string, do func(*duckdb.Stmt) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.ContainsRune(text, 0) {
		return errors.New("the SQL holds a NUL byte")
	}
	return l.conn.Raw(func(c any) (err error) {
		prepared, err := c.(driver.Conn).Prepare(text)
		if err != nil {
			return withoutValues(ctx, err)
		}
		defer func() { err = errors.Join(err, prepared.Close()) }()
		stmt, ok := prepared.(*duckdb.Stmt)
		if !ok {
			return fmt.Errorf("a %T is no statement of the engine", prepared)
		}
		kind, err := stmt.StatementType()
		if err != nil {
			return err
		}
		if kind != duckdb.STATEMENT_TYPE_SELECT {
			return errors.New("no SELECT")
		}
		if n := stmt.NumInput(); n > 0 {
			return fmt.Errorf("%d parameters without a value", n)
		}
		return do(stmt)
	})
}

// exportColumns is oneSelect, and gives the columns of the text. The driver
// tells a JSON from a VARCHAR nowhere; a text in which one may come up is
// described by the engine, which binds it once more.
func (l link) exportColumns(ctx context.Context, text string) (cols []pipeline.Column, err error) {
	err = l.prepare(ctx, text, func(stmt *duckdb.Stmt) error {
		cols, err = boundColumns(stmt)
		return err
	})
	if err != nil {
		return nil, err
	}
	if cols == nil || strings.Contains(text, "->") || strings.Contains(strings.ToLower(text), "json") {
		return l.describe(ctx, text)
	}
	return cols, nil
}

// boundColumns gives the columns of a statement, or nil where one is of a type
// that boundTypes does not name.
func boundColumns(stmt *duckdb.Stmt) ([]pipeline.Column, error) {
	n, err := stmt.ColumnCount()
	if err != nil {
		return nil, err
	}
	cols := make([]pipeline.Column, n)
	for i := range cols {
		if cols[i].Name, err = stmt.ColumnName(i); err != nil {
			return nil, err
		}
		info, err := stmt.ColumnTypeInfo(i)
		if err != nil {
			return nil, err
		}
		if d, ok := info.Details().(*duckdb.DecimalDetails); ok {
			cols[i].Type = fmt.Sprintf("DECIMAL(%d,%d)", d.Width, d.Scale)
		} else if cols[i].Type = boundTypes[info.InternalType()]; cols[i].Type == "" {
			return nil, nil
		}
	}
	return cols, nil
}

var boundTypes = map[duckdb.Type]string{
	duckdb.TYPE_INTEGER: "INTEGER", duckdb.TYPE_BIGINT: "BIGINT", duckdb.TYPE_HUGEINT: "HUGEINT", duckdb.TYPE_BOOLEAN: "BOOLEAN",
	duckdb.TYPE_VARCHAR: "VARCHAR", duckdb.TYPE_DATE: "DATE", duckdb.TYPE_TIMESTAMP: "TIMESTAMP",
}

// sub makes a text that oneSelect or closedSelect passed the source of another
// SELECT. The newline ends a comment in its last line.
func sub(text string) string {
	return "SELECT * FROM (\n" + strings.TrimRight(text, "; \t\r\n") + "\n)"
}
