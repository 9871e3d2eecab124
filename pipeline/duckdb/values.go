package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"exhibit/pipeline"
)

// rows runs a statement of this package and reads its result, keeping at most
// limit rows (0: all).
func (l link) rows(ctx context.Context, text string, limit int) (*pipeline.Rows, error) {
	return l.rowsWith(ctx, text, limit, false)
}

// rowsWith is rows, with DOUBLE as float64 where doubles is set.
func (l link) rowsWith(ctx context.Context, text string, limit int, doubles bool) (*pipeline.Rows, error) {
	rows, err := l.conn.QueryContext(ctx, text)
	if err != nil {
		return nil, withoutValues(ctx, err)
	}
	defer rows.Close()
	r := &pipeline.Rows{}
	if r.Columns, err = columnsOf(rows, doubles); err != nil {
		return nil, err
	}
	to := make([]any, len(r.Columns))
	for rows.Next() {
		if limit > 0 && len(r.Values) == limit {
			r.Truncated = true
			break
		}
		row := make([]any, len(r.Columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		for i, c := range r.Columns {
			if row[i], err = value(row[i], c.Type); err != nil {
				return nil, fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		r.Values = append(r.Values, row)
	}
	return r, withoutValues(ctx, rows.Err())
}

func columnsOf(rows *sql.Rows, doubles bool) ([]pipeline.Column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	cols := make([]pipeline.Column, len(types))
	for i, t := range types {
		cols[i] = pipeline.Column{Name: t.Name(), Type: t.DatabaseTypeName()}
		if !exact(cols[i].Type) && !(doubles && cols[i].Type == "DOUBLE") {
			return nil, fmt.Errorf("column %s: no %s in a result: cast it", cols[i].Name, cols[i].Type)
		}
	}
	return cols, nil
}

// exact says whether every value of a type has an exact Go value (a HUGEINT
// and a UBIGINT: if it fits).
func exact(typ string) bool {
	switch typ {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
		"BOOLEAN", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS":
		return true
	}
	return strings.HasPrefix(typ, "DECIMAL(") && !strings.HasSuffix(typ, "]")
}

// value gives what the driver reads as a value of pipeline.Rows.
func value(v any, typ string) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int64, float64:
		return v, nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		if v > math.MaxInt64 {
			return nil, fmt.Errorf("a number beyond 64 bits: cast it to VARCHAR")
		}
		return int64(v), nil
	case *big.Int:
		if !v.IsInt64() {
			return nil, fmt.Errorf("a number beyond 64 bits: cast it to VARCHAR")
		}
		return v.Int64(), nil
	case duckdb.Decimal:
		return decimal(v), nil
	case time.Time:
		if typ == "DATE" {
			return pipeline.DayOf(v), nil
		}
		return v, nil
	}
	return nil, fmt.Errorf("no Go value for %T: cast it", v)
}

// decimal writes a number with all the digits of its type; the driver's own
// String drops zeros.
func decimal(d duckdb.Decimal) pipeline.Decimal {
	sign, digits := "", new(big.Int).Abs(d.Value).String()
	if d.Value.Sign() < 0 {
		sign = "-"
	}
	scale := int(d.Scale)
	if scale == 0 {
		return pipeline.Decimal(sign + digits)
	}
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	point := len(digits) - scale
	return pipeline.Decimal(sign + digits[:point] + "." + digits[point:])
}
