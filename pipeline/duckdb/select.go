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
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.oneSelect(ctx, text); err != nil {
		return nil, err
	}
	if limit == 0 {
		return e.rows(ctx, sub(text), 0)
	}
	return e.rows(ctx, fmt.Sprintf("%s LIMIT %d", sub(text), limit+1), limit)
}

// Columns gives the names and types that a SELECT would return.
func (e *Engine) Columns(ctx context.Context, text string) ([]pipeline.Column, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.oneSelect(ctx, text); err != nil {
		return nil, err
	}
	return e.describe(ctx, text)
}

// describe gives the columns of a text that is known to be one SELECT.
func (e *Engine) describe(ctx context.Context, text string) ([]pipeline.Column, error) {
	rows, err := e.conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+sub(text)+")")
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
func (e *Engine) oneSelect(ctx context.Context, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if strings.ContainsRune(text, 0) {
		return errors.New("the SQL holds a NUL byte")
	}
	err := e.conn.Raw(func(c any) error {
		stmt, err := c.(driver.Conn).Prepare(text)
		if err != nil {
			return withoutValues(ctx, err)
		}
		defer stmt.Close()
		kind, err := stmt.(*duckdb.Stmt).StatementType()
		if err != nil {
			return err
		}
		if kind != duckdb.STATEMENT_TYPE_SELECT {
			return errors.New("no SELECT")
		}
		if n := stmt.NumInput(); n > 0 {
			return fmt.Errorf("%d parameters without a value", n)
		}
		return nil
	})
	return err
}

// sub makes a text that oneSelect passed the source of another SELECT. The
// newline ends a comment in its last line.
func sub(text string) string {
	return "SELECT * FROM (\n" + strings.TrimRight(text, "; \t\r\n") + "\n)"
}
