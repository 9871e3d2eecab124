package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"exhibit/pipeline"
)

const (
	groupRows  = 64 << 10 // rows of a row group, at most
	groupBytes = 16 << 20 // of text in a row group, at most, but for its last row
	pageBytes  = 64 << 10 // of a page, about: it is copied twice, and should stay in the cache
)

// table is a staged Parquet file in the making: plain values, no dictionary, no
// compression, since it is read once and dropped. The file is only created when
// there is a row, with mode 0600.
//
// Where the columns hold account_key, rows are held, as far as there is room,
// and written in the order in which the lake has them (order.go); the engine
// then need not sort them. Any other row is written soon after it came.
type table struct {
	columns []pipeline.Column
	key     int   // of account_key among the columns; -1 none
	room    *room // nil: rows are not held
	helpers *helpers
	cols    []buffer
	rows    int // in the buffers
	text    int // bytes of text in the buffers

	held                 []part // full ones, in the order of the file
	heldKeys, heldValues int64  // bytes of room
	aside                asideFile
	sorting              sorting
	ordered              bool             // all rows were written in order; known after finish
	staged               []stagedColumn   // what a file gets
	same                 map[string]int64 // see pipeline.Staged

	total int64
	stagedFile
	more []*stagedFile // with rows in order, which follow on those of the first
}

// stagedColumn is a column of a staged file.
type stagedColumn struct {
	pipeline.Column
	col      int // of the table
	as       stored
	isKey    bool
	nullable bool
}

// stagedFile is one file of a table; made when there is a row.
type stagedFile struct {
	path  string
	out   *os.File
	w     *file.Writer
	batch batchOut
}

func newTable(path string, columns []pipeline.Column) *table {
	t := &table{stagedFile: stagedFile{path: path}, columns: columns, key: -1, aside: asideFile{path: path + ".aside"}}
	for i, c := range columns {
		s := stagedColumn{Column: c, col: i, as: storedAs(c.Type), isKey: c.Name == "account_key", nullable: true}
		if s.isKey {
			t.key = i
		}
		t.cols = append(t.cols, buffer{as: s.as})
		t.staged = append(t.staged, s)
	}
	return t
}

func (t *table) textAt(col int, v []byte) {
	t.cols[col].appendText(v)
	t.text += len(v)
}

// endRow is called when every column has its value.
func (t *table) endRow() error {
	t.rows++
	t.total++
	if t.rows < groupRows && t.text < groupBytes {
		return nil
	}
	if held, err := t.hold(); held || err != nil {
		return err
	}
	return t.flush()
}

func (f *stagedFile) create(t *table) error {
	root, err := parquetSchema(t.staged)
	if err != nil {
		return err
	}
	if f.out, err = os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	props := parquet.NewWriterProperties(parquet.WithDictionaryDefault(false), parquet.WithStats(false),
		parquet.WithEncoding(parquet.Encodings.Plain), parquet.WithDataPageSize(pageBytes), parquet.WithCompression(compress.Codecs.Uncompressed))
	f.w, err = file.NewParquetWriterWithError(struct{ io.Writer }{f.out}, root, file.WithWriterProps(props))
	return err
}

// flush writes the rows that are held and those in the buffers, in the order of
// the file.
func (t *table) flush() error {
	for i := range t.held {
		cols, err := t.held[i].rows(0, t.held[i].keys.rows, t.staged)
		if err != nil {
			return err
		}
		if err := t.writeGroup(t, cols[0].rows, func(b *batchOut, col int) { b.take(&cols[col]) }); err != nil {
			return err
		}
	}
	err := t.letGo()
	if t.rows == 0 || err != nil {
		return err
	}
	err = t.writeGroup(t, t.rows, func(b *batchOut, col int) { b.take(&t.cols[col]) })
	for i := range t.cols {
		t.cols[i].empty()
	}
	t.rows, t.text = 0, 0
	return err
}

// writeGroup writes a row group; fill gives the values of each column.
func (f *stagedFile) writeGroup(t *table, rows int, fill func(b *batchOut, col int)) error {
	if f.w == nil {
		if err := f.create(t); err != nil {
			return err
		}
	}
	group, err := f.w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i, s := range t.staged {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		f.batch.reset(rows)
		fill(&f.batch, i)
		if err := f.batch.write(chunk); err != nil {
			return fmt.Errorf("%s: column %s: %w", f.path, s.Name, err)
		}
		if err := chunk.Close(); err != nil {
			return fmt.Errorf("%s: column %s: %w", f.path, s.Name, err)
		}
	}
	return group.Close()
}

// finish writes what is left and gives the path, "" when there was no row.
func (t *table) finish(ctx context.Context) (string, error) {
	if err := t.flushInOrder(ctx); err != nil {
		return "", err
	}
	for _, f := range append([]*stagedFile{&t.stagedFile}, t.more...) {
		if err := f.close(); err != nil {
			return "", err
		}
	}
	if t.total == 0 {
		return "", nil
	}
	return t.path, nil
}

func (f *stagedFile) close() error {
	if f.w == nil {
		return nil
	}
	if err := f.w.Close(); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.w = nil
	err := f.out.Close()
	f.out = nil
	return err
}

// discard removes what was written.
func (t *table) discard() error {
	errs := []error{t.letGo(), t.remove()}
	for _, f := range t.more {
		errs = append(errs, f.remove())
	}
	return errors.Join(errs...)
}

func (f *stagedFile) remove() error {
	if f.out != nil {
		if err := f.out.Close(); err != nil {
			return err
		}
	}
	if err := os.Remove(f.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// chooseColumns says what a file gets of the rows that are held: no column whose
// numbers are all the same, which the table gives by itself; whole numbers in four
// bytes where all have room in them; NULL only where there is one.
func (t *table) chooseColumns() {
	var staged []stagedColumn
	for _, s := range t.staged {
		c := t.held[0].cols[s.col]
		s.nullable = false
		for i := range t.held {
			p := &t.held[i].cols[s.col]
			s.nullable = s.nullable || len(p.nulls) > 0 || s.isKey && len(t.held[i].keys.nulls) > 0
			c.least, c.most = min(c.least, p.least), max(c.most, p.most)
		}
		switch whole := !s.isKey && (s.Type == "INTEGER" || s.Type == "BIGINT" || s.Type == "DATE"); {
		case whole && !s.nullable && c.least == c.most:
			if t.same == nil {
				t.same = map[string]int64{}
			}
			t.same[s.Name] = c.least
			continue
		case s.Type == "BIGINT" && c.least >= math.MinInt32 && c.most <= math.MaxInt32:
			s.Type, s.as = "INTEGER", storeInt32
		}
		staged = append(staged, s)
	}
	t.staged = staged
}

func parquetSchema(columns []stagedColumn) (*schema.GroupNode, error) {
	var nodes schema.FieldList
	for _, c := range columns {
		n, err := parquetNode(c.Column, c.nullable)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		nodes = append(nodes, n)
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
}

func parquetNode(c pipeline.Column, nullable bool) (schema.Node, error) {
	repetition := parquet.Repetitions.Required
	if nullable {
		repetition = parquet.Repetitions.Optional
	}
	var logical schema.LogicalType
	kind := parquet.Types.Int64
	switch c.Type {
	case "INTEGER":
		kind = parquet.Types.Int32
	case "BIGINT":
	case "BOOLEAN":
		kind = parquet.Types.Boolean
	case "DATE":
		kind, logical = parquet.Types.Int32, schema.DateLogicalType{}
	case "TIMESTAMP":
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)
	case "VARCHAR":
		kind, logical = parquet.Types.ByteArray, schema.StringLogicalType{}
	default:
		digits, ok := strings.CutPrefix(c.Type, "DECIMAL(18,")
		scale, err := strconv.Atoi(strings.TrimSuffix(digits, ")"))
		if !ok || err != nil {
			return nil, fmt.Errorf("type %s cannot be staged", c.Type)
		}
		logical = schema.NewDecimalLogicalType(18, int32(scale))
	}
	return schema.NewPrimitiveNodeLogical(c.Name, repetition, logical, kind, -1, -1)
}
