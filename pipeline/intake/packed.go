package intake

import (
	"encoding/binary"
	"slices"
)

// packedColumn is a column of rows that are held. Numbers are their distance
// from the least of them, in as few bytes as the largest needs: none where all
// are the same.
type packedColumn struct {
	as          stored
	nulls       []bool   // of each row; none: none is NULL
	ends        []uint32 // of texts
	least, most int64    // of the numbers, that of NULL included
	width       int      // bytes of a number: 0, 1, 2, 4 or 8
	raw         []byte   // numbers or texts; nil once they lie aside
	aside       int64    // where
}

// pack takes the rows of a buffer in an order; nil: in their own.
func pack(b *buffer, order []uint64) packedColumn {
	p := packedColumn{as: b.as, nulls: inOrder(b.nulls, order)}
	switch b.as {
	case storeInt32:
		packNumbers(&p, b.i32, order)
	case storeInt64:
		packNumbers(&p, b.i64, order)
	case storeBool:
		numbers := make([]int32, len(b.bools))
		for i, v := range b.bools {
			if v {
				numbers[i] = 1
			}
		}
		packNumbers(&p, numbers, order)
	case storeText:
		p.packTexts(b, order)
	}
	return p
}

// inOrder gives a copy of the elements in an order; none where there are none.
func inOrder[T any](from []T, order []uint64) []T {
	if order == nil || len(from) == 0 {
		return slices.Clone(from)
	}
	out := make([]T, len(order))
	for i, at := range order {
		_, row := placeOf(at)
		out[i] = from[row]
	}
	return out
}

func (p *packedColumn) packTexts(b *buffer, order []uint64) {
	if order == nil {
		p.raw, p.ends = slices.Clone(b.bytes), slices.Clone(b.ends)
		return
	}
	p.raw, p.ends = make([]byte, 0, len(b.bytes)), make([]uint32, 0, b.rows)
	for _, at := range order {
		_, row := placeOf(at)
		p.raw = append(p.raw, b.textOf(row)...)
		p.ends = append(p.ends, uint32(len(p.raw)))
	}
}

func packNumbers[T int32 | int64](p *packedColumn, from []T, order []uint64) {
	p.least, p.most = int64(slices.Min(from)), int64(slices.Max(from))
	if p.width = widthOf(uint64(p.most) - uint64(p.least)); p.width == 0 {
		return
	}
	from = inOrder(from, order)
	p.raw = make([]byte, p.width*len(from))
	for i, v := range from {
		switch d := uint64(int64(v)) - uint64(p.least); p.width {
		case 1:
			p.raw[i] = byte(d)
		case 2:
			binary.LittleEndian.PutUint16(p.raw[2*i:], uint16(d))
		case 4:
			binary.LittleEndian.PutUint32(p.raw[4*i:], uint32(d))
		default:
			binary.LittleEndian.PutUint64(p.raw[8*i:], d)
		}
	}
}

func widthOf(d uint64) int {
	switch {
	case d == 0:
		return 0
	case d < 1<<8:
		return 1
	case d < 1<<16:
		return 2
	case d < 1<<32:
		return 4
	}
	return 8
}

func unpackNumbers[T int32 | int64](p *packedColumn, raw []byte, rows int) []T {
	out := make([]T, rows)
	for i := range out {
		var d uint64
		switch p.width {
		case 1:
			d = uint64(raw[i])
		case 2:
			d = uint64(binary.LittleEndian.Uint16(raw[2*i:]))
		case 4:
			d = uint64(binary.LittleEndian.Uint32(raw[4*i:]))
		case 8:
			d = binary.LittleEndian.Uint64(raw[8*i:])
		}
		out[i] = T(uint64(p.least) + d)
	}
	return out
}

// size is the memory of it, in bytes: that which stays when values lie aside, and
// that of the values.
func (p *packedColumn) size() (stays, values int64) {
	return int64(len(p.nulls) + 4*len(p.ends)), int64(len(p.raw))
}

// rawRange is where the values of some rows lie in raw.
func (p *packedColumn) rawRange(from, to int) (int, int) {
	if p.as == storeText {
		return p.endBefore(from), p.endBefore(to)
	}
	return p.width * from, p.width * to
}

// endBefore is where the text before a row ends.
func (p *packedColumn) endBefore(row int) int {
	if row == 0 {
		return 0
	}
	return int(p.ends[row-1])
}

// textBetween counts the bytes of the texts of some rows.
func (p *packedColumn) textBetween(from, to int) int {
	if p.as != storeText {
		return 0
	}
	return p.endBefore(to) - p.endBefore(from)
}

// unpack gives some rows, whose part of raw this is. as may be a narrower type
// than that of the column, which all of its numbers have room in.
func (p *packedColumn) unpack(raw []byte, from, to int, as stored) buffer {
	b := buffer{as: as, rows: to - from}
	if len(p.nulls) > 0 {
		b.nulls = p.nulls[from:to]
	}
	switch as {
	case storeInt32:
		b.i32 = unpackNumbers[int32](p, raw, b.rows)
	case storeInt64:
		b.i64 = unpackNumbers[int64](p, raw, b.rows)
	case storeBool:
		b.bools = make([]bool, b.rows)
		for i, v := range unpackNumbers[int32](p, raw, b.rows) {
			b.bools[i] = v != 0
		}
	case storeText:
		b.bytes, b.ends, b.start = raw, p.ends[from:to], uint32(p.endBefore(from))
	}
	return b
}
