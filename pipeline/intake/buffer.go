package intake

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// stored is how the values of a column are held.
type stored uint8

const (
	storeInt64 stored = iota
	storeInt32
	storeBool
	storeText
)

func storedAs(kind string) stored {
	switch kind {
	case "INTEGER", "DATE":
		return storeInt32
	case "BOOLEAN":
		return storeBool
	case "VARCHAR":
		return storeText
	}
	return storeInt64
}

// buffer holds one column of the row group in the making, a value for each row,
// zero where it is NULL.
type buffer struct {
	as    stored
	rows  int
	nulls []bool // of each row; empty: none is NULL
	i32   []int32
	i64   []int64
	bools []bool
	bytes []byte
	ends  []uint32 // of the texts; a row group holds some 16 MiB of them, and a last one
	start uint32   // of bytes, where they are some of the texts that ends counts
}

// width is the memory of a value, in bytes; of a text, where it ends.
func (s stored) width() int {
	switch s {
	case storeInt64:
		return 8
	case storeBool:
		return 1
	}
	return 4
}

func (b *buffer) null() {
	for len(b.nulls) < b.rows {
		b.nulls = append(b.nulls, false)
	}
	b.nulls = append(b.nulls, true)
	b.rows++
	b.zero()
}

func (b *buffer) zero() {
	switch b.as {
	case storeInt64:
		b.i64 = append(b.i64, 0)
	case storeInt32:
		b.i32 = append(b.i32, 0)
	case storeBool:
		b.bools = append(b.bools, false)
	case storeText:
		b.ends = append(b.ends, uint32(len(b.bytes)))
	}
}

// notNull begins a value.
func (b *buffer) notNull() {
	if len(b.nulls) > 0 {
		b.nulls = append(b.nulls, false)
	}
	b.rows++
}

// between gives some rows of a buffer of keys, in the memory where they are.
func (b *buffer) between(from, to int) buffer {
	out := buffer{as: b.as, rows: to - from, i32: b.i32[from:to]}
	if len(b.nulls) > 0 {
		out.nulls = b.nulls[from:to]
	}
	return out
}

// number appends a value of any type but VARCHAR.
func (b *buffer) number(v int64) {
	b.notNull()
	switch b.as {
	case storeInt32:
		b.i32 = append(b.i32, int32(v))
	case storeBool:
		b.bools = append(b.bools, v != 0)
	default:
		b.i64 = append(b.i64, v)
	}
}

func (b *buffer) appendText(v []byte) {
	b.notNull()
	b.bytes = append(b.bytes, v...)
	b.ends = append(b.ends, uint32(len(b.bytes)))
}

func (b *buffer) isNull(row int) bool { return len(b.nulls) > 0 && b.nulls[row] }

func (b *buffer) textOf(row int) []byte {
	return b.bytes[b.endBefore(row)-b.start : b.ends[row]-b.start]
}

// endBefore is where the text before a row ends.
func (b *buffer) endBefore(row int) uint32 {
	if row == 0 {
		return b.start
	}
	return b.ends[row-1]
}

// empty makes the buffer empty, with the memory that it has.
func (b *buffer) empty() {
	b.rows, b.nulls, b.i32, b.i64, b.bools, b.bytes, b.ends = 0, b.nulls[:0], b.i32[:0], b.i64[:0], b.bools[:0], b.bytes[:0], b.ends[:0]
}

// batchOut holds one column of a row group as the Parquet writer takes it:
// values are dense, and what is NULL stands in levels only.
type batchOut struct {
	levels []int16
	i32    []int32
	i64    []int64
	bools  []bool
	texts  []parquet.ByteArray
}

// reset makes the batch empty, with no NULL among so many rows.
func (o *batchOut) reset(rows int) {
	o.levels, o.i32, o.i64, o.bools, o.texts = o.levels[:0], o.i32[:0], o.i64[:0], o.bools[:0], o.texts[:0]
	for range rows {
		o.levels = append(o.levels, 1)
	}
}

// take appends all values of a buffer.
func (o *batchOut) take(b *buffer) {
	if len(b.nulls) == 0 && b.as != storeText {
		o.i32, o.i64, o.bools = append(o.i32, b.i32...), append(o.i64, b.i64...), append(o.bools, b.bools...)
		return
	}
	for row := range b.rows {
		o.takeRow(b, row, row)
	}
}

// takeInOrder appends the values of rows of several buffers of a column.
func (o *batchOut) takeInOrder(all []*buffer, order []uint64) {
	plain := true
	for _, b := range all {
		plain = plain && len(b.nulls) == 0
	}
	switch as := all[0].as; {
	case plain && as == storeInt32:
		from := make([][]int32, len(all))
		for i, b := range all {
			from[i] = b.i32
		}
		o.i32 = appendFrom(o.i32, from, order)
	case plain && as == storeInt64:
		from := make([][]int64, len(all))
		for i, b := range all {
			from[i] = b.i64
		}
		o.i64 = appendFrom(o.i64, from, order)
	default:
		for i, at := range order {
			group, row := placeOf(at)
			o.takeRow(all[group], row, i)
		}
	}
}

// appendFrom appends the elements of those rows.
func appendFrom[T any](to []T, from [][]T, order []uint64) []T {
	for _, at := range order {
		group, row := placeOf(at)
		to = append(to, from[group][row])
	}
	return to
}

// takeRow appends the value of one row as the i-th of the batch.
func (o *batchOut) takeRow(b *buffer, row, i int) {
	if b.isNull(row) {
		o.levels[i] = 0
		return
	}
	switch b.as {
	case storeInt32:
		o.i32 = append(o.i32, b.i32[row])
	case storeBool:
		o.bools = append(o.bools, b.bools[row])
	case storeText:
		o.texts = append(o.texts, b.textOf(row))
	default:
		o.i64 = append(o.i64, b.i64[row])
	}
}

func (o *batchOut) write(chunk file.ColumnChunkWriter) (err error) {
	switch w := chunk.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(o.i32, o.levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(o.i64, o.levels, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(o.bools, o.levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(o.texts, o.levels, nil)
	default:
		err = fmt.Errorf("no writer for %T", chunk)
	}
	return err
}
