package intake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

const (
	maxFooter       = 16 << 20  // bytes of a Parquet footer
	maxPage         = 128 << 20 // bytes of a page, decompressed
	maxParquetBytes = 640 << 20 // that the library may hold at once
)

// parquetRecords are the records of a delivered Parquet file: one a row, in the
// order of the file. A row's line is its number, from 1; it has no byte offset,
// which is 0. Columns are found by their names and must have the Parquet type of
// their field (see parquetCell); NULL is no value, and so is a text that
// missingValues lists. A column that the layout lacks may have any type but a
// nested one.
type parquetRecords struct {
	f       *delivery
	file    *file.Reader
	leaves  []int // of the columns at each position of a record
	renders []func(*parquetColumn) (cell, error)
	cells   []cell
	group   int
	left    int64 // rows of the group
	row     int64
	arena   []byte
}

// readParquet reads a delivered Parquet file.
func (f *delivery) readParquet(in *hashedFile) error {
	if in.size == 0 {
		return errNoData
	}
	if err := checkFooter(in); err != nil {
		return err
	}
	props := parquet.NewReaderProperties(&capped{Allocator: memory.NewGoAllocator()})
	props.BufferedStreamEnabled, props.MaxUncompressedPageSize = true, maxPage
	pf, err := file.NewParquetReader(in, file.WithReadProps(props))
	if err != nil {
		return errCorruptParquet
	}
	rows := int64(0)
	for i := range pf.NumRowGroups() {
		if rows += pf.MetaData().RowGroups[i].NumRows; rows > pf.NumRows() || rows < 0 {
			return errCorruptParquet
		}
	}
	if rows != pf.NumRows() {
		return errCorruptParquet
	}
	p := &parquetRecords{f: f, file: pf, group: -1}
	if err := p.match(pf.MetaData().Schema); err != nil {
		return err
	}
	f.total.records, f.total.lines = pf.NumRows(), pf.NumRows()
	var rec record
	return f.readRecords(p, &rec)
}

const errCorruptParquet = refusal("parquet is corrupt")

// checkFooter looks at the length of the footer before anything is made of it.
func checkFooter(in *hashedFile) error {
	var head [4]byte
	var tail [8]byte
	if in.size < 12 {
		return refusal("its bytes are no parquet")
	}
	if _, err := in.ReadAt(head[:], 0); err != nil {
		return err
	}
	if _, err := in.ReadAt(tail[:], in.size-8); err != nil {
		return err
	}
	switch {
	case string(head[:]) == "PARE" && string(tail[4:]) == "PARE":
		return refusal("encrypted parquet is not read")
	case string(head[:]) != "PAR1":
		return refusal("its bytes are no parquet")
	case string(tail[4:]) != "PAR1":
		return refusal("parquet is cut off")
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:])); n > maxFooter || n > in.size-12 {
		return errCorruptParquet
	}
	return nil
}

// match finds the fields of the layout among the columns.
func (p *parquetRecords) match(s *schema.Schema) error {
	root := s.Root()
	if root.NumFields() > maxColumns {
		return refusal(fmt.Sprintf("header unlike the layout: %d columns", root.NumFields()))
	}
	var names []string
	leaf := 0
	for i := range root.NumFields() {
		names = append(names, root.Field(i).Name())
	}
	if err := p.f.matchHeader(names); err != nil {
		return err
	}
	for i := range root.NumFields() {
		node, ok := root.Field(i).(*schema.PrimitiveNode)
		if !ok || node.RepetitionType() == parquet.Repetitions.Repeated {
			return refusal(fmt.Sprintf("header unlike the layout: the column at position %d is nested", i+1))
		}
		p.leaves = append(p.leaves, leaf)
		leaf++
		p.renders = append(p.renders, presence)
	}
	for _, c := range p.f.columns {
		node := root.Field(c.at).(*schema.PrimitiveNode)
		render, ok := parquetCell(c, node)
		if !ok {
			return refusal(fmt.Sprintf("schema unlike the layout: the column %s is %s, which is no %s",
				c.field.Name, parquetType(node), cmp.Or(c.field.Type, "string")))
		}
		p.renders[c.at] = render
	}
	return nil
}

// parquetType names the type of a column.
func parquetType(n *schema.PrimitiveNode) string {
	if l := n.LogicalType(); l != nil && l.IsValid() && !l.IsNone() {
		return n.PhysicalType().String() + " as " + l.String()
	}
	return n.PhysicalType().String()
}

// open begins the next row group that has rows.
func (p *parquetRecords) open() error {
	for p.left == 0 {
		if p.group++; p.group >= p.file.NumRowGroups() {
			return io.EOF
		}
		group := p.file.RowGroup(p.group)
		if p.left = group.NumRows(); p.left < 0 || group.NumColumns() < len(p.leaves) {
			return errCorruptParquet
		}
		p.cells = p.cells[:0]
		for i, leaf := range p.leaves {
			chunk, err := group.Column(leaf)
			if err != nil {
				return p.broken()
			}
			c, err := p.renders[i](newParquetColumn(chunk))
			if err != nil {
				return err
			}
			p.cells = append(p.cells, c)
		}
	}
	return nil
}

// broken says that the library cannot read the file; its own words might quote
// it.
func (p *parquetRecords) broken() error {
	return refusal(fmt.Sprintf("parquet is corrupt in row group %d", p.group+1))
}

// next implements records.
func (p *parquetRecords) next(rec *record) (piece, error) {
	if err := p.open(); err != nil {
		return 0, err
	}
	p.left--
	p.row++
	*rec = record{fields: rec.fields[:0], absent: rec.absent[:0], count: len(p.cells), line: p.row, last: p.row, lines: 1, decoded: true}
	p.arena = p.arena[:0]
	size := 0
	for i, c := range p.cells {
		text, present, r, err := c.next(p.arena)
		if err != nil {
			return 0, p.broken()
		}
		if r != fine && rec.problem.reason == fine {
			rec.problem = problem{reason: r, field: i}
		}
		switch {
		case !present:
			text = nil
		case c.owns:
			text, p.arena = text[len(p.arena):], text
		}
		size += len(text)
		rec.fields, rec.absent = append(rec.fields, text), append(rec.absent, !present)
	}
	if size > p.f.limit && rec.problem.reason == fine {
		rec.problem = problem{overLong, -1, fmt.Sprintf("longer than %d bytes", p.f.limit)}
	}
	for i, text := range rec.fields {
		if rec.problem.reason == fine && !utf8.Valid(text) {
			rec.problem = problem{reason: undecodableBytes, field: i}
		}
		rec.nul = rec.nul || bytes.IndexByte(text, 0) >= 0
	}
	return recordPiece, nil
}

// capped is an allocator with an end: what a hostile file asks for beyond it
// refuses the file. An allocator has no other way out than a panic, which guard
// turns into that refusal.
type capped struct {
	memory.Allocator
	used int
}

func (a *capped) take(n int) {
	if a.used += n; a.used > maxParquetBytes {
		panic(refusal(fmt.Sprintf("parquet needs more than %d MiB to be read", maxParquetBytes>>20)))
	}
}

// Allocate implements memory.Allocator.
func (a *capped) Allocate(size int) []byte {
	a.take(size)
	return a.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (a *capped) Reallocate(size int, b []byte) []byte {
	a.take(size - len(b))
	return a.Allocator.Reallocate(size, b)
}

// Free implements memory.Allocator.
func (a *capped) Free(b []byte) {
	a.used -= len(b)
	a.Allocator.Free(b)
}
