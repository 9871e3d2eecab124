package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"exhibit/pipeline"
)

// mountRows makes a typed table of rows. INTEGER, BIGINT, BOOLEAN, VARCHAR and
// DATE are appended as they are; a DECIMAL or TIMESTAMP comes as text.
func (l link) mountRows(ctx context.Context, t pipeline.Mounted, mounted *mounts, in catalog) error {
	for _, c := range t.Def.Columns {
		if !declarable(c.Type) {
			return fmt.Errorf("column %s: no %s in the tables of a case", c.Name, c.Type)
		}
	}
	if err := l.unmount(ctx, t.Def.Name, mounted, in); err != nil {
		return err
	}
	cols := make([]string, len(t.Def.Columns))
	for i, c := range t.Def.Columns {
		cols[i] = ident(c.Name) + " " + c.Type
	}
	name := in.of(t.Def.Name)
	if err := l.exec(ctx, in.create+"TABLE "+name+" ("+strings.Join(cols, ", ")+")"); err != nil {
		return err
	}
	mounted.set(t.Def.Name, "TABLE")
	if len(t.Rows) == 0 {
		return nil
	}
	err := l.appendRows(ctx, t, in)
	if r := t.Range; r != nil && err == nil {
		err = l.exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE NOT coalesce(%s >= %d AND %[2]s < %[4]d, false)", name, ident(r.Column), r.From, r.To))
	}
	if err != nil {
		return errors.Join(err, l.unmount(context.WithoutCancel(ctx), t.Def.Name, mounted, in))
	}
	return nil
}

func declarable(typ string) bool {
	switch typ {
	case "INTEGER", "BIGINT", "BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP":
		return true
	}
	return strings.HasPrefix(typ, "DECIMAL(") && exact(typ)
}

func (l link) appendRows(ctx context.Context, t pipeline.Mounted, in catalog) error {
	return l.fill(in, t.Def.Name, len(t.Rows), func(i int, row []driver.Value) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(t.Rows[i]) != len(t.Def.Columns) {
			return fmt.Errorf("row %d: %d values for %d columns", i+1, len(t.Rows[i]), len(t.Def.Columns))
		}
		for j, c := range t.Def.Columns {
			v, err := appendable(t.Rows[i][j], c.Type)
			if err != nil {
				return fmt.Errorf("row %d: column %s: %w", i+1, c.Name, err)
			}
			row[j] = v
		}
		return nil
	}, len(t.Def.Columns))
}

// fill appends to a table of a catalog n rows of the given width.
func (l link) fill(in catalog, table string, n int, row func(i int, to []driver.Value) error, width int) error {
	return l.conn.Raw(func(c any) (err error) {
		a, err := duckdb.NewAppender(c.(driver.Conn), in.name, "main", table)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		to := make([]driver.Value, width)
		for i := range n {
			if err := row(i, to); err != nil {
				return err
			}
			if err := a.AppendRow(to...); err != nil {
				return err
			}
		}
		return nil
	})
}

// appendable gives a value of Mounted.Rows as the appender takes it. The ranges
// are checked here: the driver cuts a number to its low bits.
func appendable(v any, typ string) (driver.Value, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch {
		case typ == "BIGINT":
			return v, nil
		case typ == "INTEGER" && v >= math.MinInt32 && v <= math.MaxInt32:
			return int32(v), nil
		case strings.HasPrefix(typ, "DECIMAL("):
			return decimalOf(strconv.FormatInt(v, 10), typ)
		}
	case bool:
		if typ == "BOOLEAN" {
			return v, nil
		}
	case pipeline.Day:
		switch {
		case v == pipeline.NoDay:
			return nil, nil
		case typ == "DATE":
			return v.Time(), nil
		}
	case string:
		switch {
		case typ == "VARCHAR":
			return v, nil
		case typ == "TIMESTAMP":
			return timestampOf(v)
		case strings.HasPrefix(typ, "DECIMAL("):
			return decimalOf(v, typ)
		}
	case pipeline.Decimal:
		if strings.HasPrefix(typ, "DECIMAL(") {
			return decimalOf(string(v), typ)
		}
	}
	return nil, fmt.Errorf("a %T that is no %s", v, typ)
}

// timestampOf reads YYYY-MM-DD HH:MM:SS, with up to six digits after the point.
func timestampOf(s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil || len(s) > len("2006-01-02 15:04:05.000000") {
		return t, errors.New("a text that is no TIMESTAMP")
	}
	return t, nil
}

var plainDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]*)?$`)

// decimalOf reads a decimal number exactly: one with more digits than the type
// has is an error, as the engine's own cast would round it.
func decimalOf(s, typ string) (duckdb.Decimal, error) {
	var width, scale int
	if _, err := fmt.Sscanf(typ, "DECIMAL(%d,%d)", &width, &scale); err != nil {
		return duckdb.Decimal{}, fmt.Errorf("%s: %w", typ, err)
	}
	whole, fraction, _ := strings.Cut(s, ".")
	missing := scale - len(fraction)
	if !plainDecimal.MatchString(s) || missing < 0 {
		return duckdb.Decimal{}, fmt.Errorf("a text that is no %s", typ)
	}
	digits := whole + fraction + strings.Repeat("0", missing)
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok || len(strings.TrimLeft(digits, "-0")) > width {
		return duckdb.Decimal{}, fmt.Errorf("a number that does not fit %s", typ)
	}
	return duckdb.Decimal{Width: uint8(width), Scale: uint8(scale), Value: n}, nil
}
