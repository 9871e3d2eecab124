package intake

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// textBatch is how many texts are taken from a page at once: a hostile page may
// unfold each of them to its own size.
const (
	textBatch  = 8
	valueBatch = 512
)

// parquetColumn is a column of a row group that is read value by value.
type parquetColumn struct {
	chunk  file.ColumnChunkReader
	levels []int16
	full   int16 // the level of a value that is there
	rows   int   // in the batch
	at     int   // of them, taken
	value  int   // values taken
	values int
	ints   []int64
	i32    []int32
	bools  []bool
	f32    []float32
	f64    []float64
	i96    []parquet.Int96
	texts  []parquet.ByteArray
	fixed  []parquet.FixedLenByteArray
}

func newParquetColumn(chunk file.ColumnChunkReader) *parquetColumn {
	return &parquetColumn{chunk: chunk, full: chunk.Descriptor().MaxDefinitionLevel(), levels: make([]int16, valueBatch)}
}

// take moves to the next row and gives the place of its value in the batch, or
// false where it is NULL.
func (p *parquetColumn) take() (i int, present bool, err error) {
	if p.at == p.rows {
		if err := p.load(); err != nil {
			return 0, false, err
		}
	}
	p.at++
	if p.full > 0 && p.levels[p.at-1] < p.full {
		return 0, false, nil
	}
	if p.value == p.values {
		return 0, false, fmt.Errorf("fewer values than levels")
	}
	p.value++
	return p.value - 1, true, nil
}

func (p *parquetColumn) load() (err error) {
	var total int64
	p.at, p.value = 0, 0
	if !p.chunk.HasNext() {
		if err = p.chunk.Err(); err == nil {
			err = fmt.Errorf("fewer rows than its row group")
		}
		return err
	}
	switch r := p.chunk.(type) {
	case *file.Int32ColumnChunkReader:
		p.i32, total, p.values, err = batchOf(p.i32, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.Int64ColumnChunkReader:
		p.ints, total, p.values, err = batchOf(p.ints, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.BooleanColumnChunkReader:
		p.bools, total, p.values, err = batchOf(p.bools, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.Float32ColumnChunkReader:
		p.f32, total, p.values, err = batchOf(p.f32, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.Float64ColumnChunkReader:
		p.f64, total, p.values, err = batchOf(p.f64, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.Int96ColumnChunkReader:
		p.i96, total, p.values, err = batchOf(p.i96, valueBatch, p.levels, r.ReadBatchInPage)
	case *file.ByteArrayColumnChunkReader:
		p.texts, total, p.values, err = batchOf(p.texts, textBatch, p.levels, r.ReadBatchInPage)
	case *file.FixedLenByteArrayColumnChunkReader:
		p.fixed, total, p.values, err = batchOf(p.fixed, textBatch, p.levels, r.ReadBatchInPage)
	default:
		err = fmt.Errorf("no reader for %T", r)
	}
	if p.rows = int(total); err == nil && total <= 0 {
		err = fmt.Errorf("a page without rows")
	}
	return err
}

func batchOf[T any](buf []T, n int, levels []int16, read func(int64, []T, []int16, []int16) (int64, int, error)) ([]T, int64, int, error) {
	if buf == nil {
		buf = make([]T, n)
	}
	total, values, err := read(int64(n), buf, levels, nil)
	return buf, total, values, err
}

// cell gives the text of a column's next value, in the form that the layout
// declares.
type cell struct {
	*parquetColumn
	owns  bool // the text is appended to dst; else it lies in the page
	write func(dst []byte, i int) ([]byte, bool)
}

func (c *cell) next(dst []byte) (text []byte, present bool, r reason, err error) {
	i, present, err := c.take()
	if err != nil || !present || c.write == nil {
		return dst, present, fine, err
	}
	text, ok := c.write(dst, i)
	if !ok {
		r = notConvertible
	}
	return text, true, r, nil
}

// presence is the cell of a column of which only the presence is counted: as
// text that is empty, or not.
func presence(p *parquetColumn) (cell, error) {
	c := cell{parquetColumn: p, owns: true, write: func(dst []byte, _ int) ([]byte, bool) { return append(dst, '+'), true }}
	if _, ok := p.chunk.(*file.ByteArrayColumnChunkReader); ok {
		c.owns, c.write = false, func(_ []byte, i int) ([]byte, bool) { return p.texts[i], true }
	}
	return c, nil
}

// appender writes one value of a column.
type appender func(p *parquetColumn, dst []byte, i int) ([]byte, bool)

// parquetCell says how the values of a column are written for a field, or false
// where the column has not the field's type:
//
//	integer         INT32, INT64 (signed or not), DECIMAL without a fraction
//	number          the same, any DECIMAL, FLOAT and DOUBLE (their shortest decimal)
//	boolean         BOOLEAN
//	date            DATE
//	datetime        TIMESTAMP, zoned or not: the clock time that stands there
//	time            TIME
//	year            INT32, INT64
//	everything else STRING; object, array and geojson also JSON
//
// A field with values, and one of type date, datetime, time or year, may also
// be a STRING in the declared form; so may a number whose layout declares one
// that only a text can have, and a boolean with declared texts. Nothing else is
// converted: no DOUBLE is an integer, no TIMESTAMP a date, no number a string.
func parquetCell(c *column, n *schema.PrimitiveNode) (func(*parquetColumn) (cell, error), bool) {
	bind := func(owns bool, write appender) (func(*parquetColumn) (cell, error), bool) {
		return func(p *parquetColumn) (cell, error) {
			return cell{parquetColumn: p, owns: owns, write: func(dst []byte, i int) ([]byte, bool) { return write(p, dst, i) }}, nil
		}, write != nil
	}
	if n.PhysicalType() == parquet.Types.ByteArray && parquetText(c, n.LogicalType()) {
		return bind(false, func(p *parquetColumn, _ []byte, i int) ([]byte, bool) { return p.texts[i], true })
	}
	r := newRender(c)
	switch c.field.Type {
	case "integer", "year":
		return bind(true, r.parquetInteger(n, c.field.Type == "integer"))
	case "number":
		return bind(true, r.parquetNumber(n))
	case "boolean":
		if n.PhysicalType() == parquet.Types.Boolean {
			return bind(true, func(p *parquetColumn, dst []byte, i int) ([]byte, bool) { return r.boolean(dst, p.bools[i]), true })
		}
	case "date", "datetime", "time":
		return bind(true, r.parquetTime(c.field.Type, n))
	}
	return nil, false
}

// parquetText says whether a column of texts may fill a field.
func parquetText(c *column, logical schema.LogicalType) bool {
	kind := c.field.Type
	if _, ok := logical.(schema.JSONLogicalType); ok {
		return kind == "object" || kind == "array" || kind == "geojson"
	}
	if _, ok := logical.(schema.StringLogicalType); !ok {
		return false
	}
	switch {
	case c.field.Values != nil:
		return true
	case kind == "integer" || kind == "number":
		return writtenAsText(c.field)
	case kind == "boolean":
		return c.field.True != nil || c.field.False != nil
	}
	return true
}

// integers gives the values of an INT32 or INT64 as int64; unsigned ones of 64
// bits wrap.
func integers(n *schema.PrimitiveNode) (get func(*parquetColumn, int) int64, unsigned bool) {
	l, ok := n.LogicalType().(schema.IntLogicalType)
	unsigned = ok && !l.IsSigned()
	switch n.PhysicalType() {
	case parquet.Types.Int32:
		if unsigned {
			return func(p *parquetColumn, i int) int64 { return int64(uint32(p.i32[i])) }, false
		}
		return func(p *parquetColumn, i int) int64 { return int64(p.i32[i]) }, false
	case parquet.Types.Int64:
		return func(p *parquetColumn, i int) int64 { return p.ints[i] }, unsigned
	}
	return nil, false
}

func plainLogical(l schema.LogicalType) bool {
	if l == nil || l.IsNone() || !l.IsValid() {
		return true
	}
	_, ok := l.(schema.IntLogicalType)
	return ok
}

func (r *render) parquetInteger(n *schema.PrimitiveNode, decimals bool) appender {
	if get, unsigned := integers(n); get != nil && plainLogical(n.LogicalType()) {
		return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) {
			if unsigned {
				return strconv.AppendUint(dst, uint64(get(p, i)), 10), true
			}
			return r.whole(dst, get(p, i)), true
		}
	}
	if d, ok := n.LogicalType().(schema.DecimalLogicalType); ok && d.Scale() == 0 && decimals {
		return r.parquetDecimal(n, 0)
	}
	return nil
}

// whole appends a whole number; a year has four digits.
func (r *render) whole(dst []byte, v int64) []byte {
	if r.c.field.Type == "year" && v >= 0 && v < 1000 {
		return fmt.Appendf(dst, "%04d", v)
	}
	return strconv.AppendInt(dst, v, 10)
}

func (r *render) parquetNumber(n *schema.PrimitiveNode) appender {
	if d, ok := n.LogicalType().(schema.DecimalLogicalType); ok {
		if d.Scale() < 0 {
			return nil
		}
		return r.parquetDecimal(n, int(d.Scale()))
	}
	if !plainLogical(n.LogicalType()) {
		return nil
	}
	switch n.PhysicalType() {
	case parquet.Types.Float:
		return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) {
			return r.float(dst, float64(p.f32[i]), 32), true
		}
	case parquet.Types.Double:
		return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) { return r.float(dst, p.f64[i], 64), true }
	}
	return r.parquetInteger(n, false)
}

func (r *render) parquetDecimal(n *schema.PrimitiveNode, scale int) appender {
	if get, _ := integers(n); get != nil {
		return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) {
			return r.fixedPoint(dst, big.NewInt(get(p, i)), scale), true
		}
	}
	bytes := func(p *parquetColumn, i int) []byte { return p.texts[i] }
	switch n.PhysicalType() {
	case parquet.Types.FixedLenByteArray:
		bytes = func(p *parquetColumn, i int) []byte { return p.fixed[i] }
	case parquet.Types.ByteArray:
	default:
		return nil
	}
	return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) {
		b := bytes(p, i)
		if len(b) == 0 || len(b) > 64 { // no precision needs more
			return dst, false
		}
		v := new(big.Int).SetBytes(b)
		if b[0] >= 0x80 { // two's complement
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return r.fixedPoint(dst, v, scale), true
	}
}

func (r *render) parquetTime(kind string, n *schema.PrimitiveNode) appender {
	get, _ := integers(n)
	if get == nil {
		return nil
	}
	switch l := n.LogicalType().(type) {
	case schema.DateLogicalType:
		if kind == "date" {
			return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) { return r.date(dst, get(p, i)) }
		}
	case schema.TimestampLogicalType:
		if kind == "datetime" {
			return timed(get, l.TimeUnit(), r.datetime)
		}
	case schema.TimeLogicalType:
		if kind == "time" {
			return timed(get, l.TimeUnit(), r.clock)
		}
	}
	return nil
}

// timed turns values of a unit into microseconds, where that loses nothing.
func timed(get func(*parquetColumn, int) int64, unit schema.TimeUnitType, write func([]byte, int64) ([]byte, bool)) appender {
	return func(p *parquetColumn, dst []byte, i int) ([]byte, bool) {
		v := get(p, i)
		switch unit {
		case schema.TimeUnitMillis:
			if v*1000/1000 != v {
				return dst, false
			}
			v *= 1000
		case schema.TimeUnitNanos:
			if v%1000 != 0 {
				return dst, false
			}
			v /= 1000
		}
		return write(dst, v)
	}
}
