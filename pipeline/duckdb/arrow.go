package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"exhibit/pipeline"
)

// arrowBatch is the number of rows of a record batch: it bounds the memory.
const arrowBatch = 65536

// WriteArrow writes a result as an Arrow IPC stream, batch by batch. INTEGER is
// int32, BIGINT int64, DOUBLE float64, DATE date32, TIMESTAMP timestamp[us]
// without a zone, DECIMAL decimal128, BOOLEAN bool, anything else utf8.
func (e *Engine) WriteArrow(ctx context.Context, w io.Writer, r *Result) (err error) {
	fields := make([]arrow.Field, len(r.Columns))
	for i, c := range r.Columns {
		typ, err := arrowType(c.Type)
		if err != nil {
			return fmt.Errorf("query: arrow: column %s: %w", c.Name, err)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: typ, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	out := ipc.NewWriter(w, ipc.WithSchema(schema))
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = fmt.Errorf("query: arrow: %w", err)
		}
	}()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for at := int64(0); at < r.Count; at += arrowBatch {
		page, err := r.Page(ctx, at, arrowBatch)
		if err != nil {
			return err
		}
		if err := writeBatch(out, b, page); err != nil {
			return err
		}
	}
	return nil
}

func writeBatch(out *ipc.Writer, b *array.RecordBuilder, page *pipeline.Rows) error {
	for _, row := range page.Values {
		for i, v := range row {
			if err := appendArrow(b.Field(i), v); err != nil {
				return fmt.Errorf("column %s: %w", page.Columns[i].Name, err)
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return out.Write(batch)
}

func arrowType(typ string) (arrow.DataType, error) {
	switch typ {
	case "INTEGER":
		return arrow.PrimitiveTypes.Int32, nil
	case "BIGINT":
		return arrow.PrimitiveTypes.Int64, nil
	case "DOUBLE":
		return arrow.PrimitiveTypes.Float64, nil
	case "DATE":
		return arrow.FixedWidthTypes.Date32, nil
	case "TIMESTAMP":
		return &arrow.TimestampType{Unit: arrow.Microsecond}, nil
	case "BOOLEAN":
		return arrow.FixedWidthTypes.Boolean, nil
	}
	if inside, ok := strings.CutPrefix(typ, "DECIMAL("); ok {
		width, scale, _ := strings.Cut(strings.TrimSuffix(inside, ")"), ",")
		p, err := strconv.ParseInt(width, 10, 32)
		if err != nil {
			return nil, err
		}
		s, err := strconv.ParseInt(scale, 10, 32)
		if err != nil {
			return nil, err
		}
		return &arrow.Decimal128Type{Precision: int32(p), Scale: int32(s)}, nil
	}
	return arrow.BinaryTypes.String, nil
}

func appendArrow(to array.Builder, v any) error {
	if v == nil {
		to.AppendNull()
		return nil
	}
	switch to := to.(type) {
	case *array.Int32Builder:
		if n, ok := v.(int64); ok {
			to.Append(int32(n)) // the column is an INTEGER
			return nil
		}
	case *array.Int64Builder:
		if n, ok := v.(int64); ok {
			to.Append(n)
			return nil
		}
	case *array.Float64Builder:
		if x, ok := v.(float64); ok {
			to.Append(x)
			return nil
		}
	case *array.Date32Builder:
		if d, ok := v.(pipeline.Day); ok {
			to.Append(arrow.Date32(d))
			return nil
		}
	case *array.TimestampBuilder:
		if at, ok := v.(time.Time); ok {
			to.Append(arrow.Timestamp(at.UnixMicro()))
			return nil
		}
	case *array.BooleanBuilder:
		if x, ok := v.(bool); ok {
			to.Append(x)
			return nil
		}
	case *array.Decimal128Builder:
		return appendDecimal(to, v)
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			to.Append(s)
			return nil
		}
	}
	return fmt.Errorf("a %T does not fit %s", v, to.Type())
}

func appendDecimal(to *array.Decimal128Builder, v any) error {
	d, ok := v.(pipeline.Decimal)
	if !ok {
		return fmt.Errorf("a %T does not fit %s", v, to.Type())
	}
	typ, ok := to.Type().(*arrow.Decimal128Type)
	if !ok {
		return fmt.Errorf("%s is no decimal", to.Type())
	}
	n, err := decimal128.FromString(string(d), typ.Precision, typ.Scale)
	if err != nil {
		return errors.New("a decimal that does not fit its type")
	}
	to.Append(n)
	return nil
}
