package intake

import (
	"fmt"
	"io"
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
type table struct {
	path    string
	columns []pipeline.Column
	cols    []buffer
	rows    int // in the buffers
	text    int // bytes of text in the buffers

	total int64
	out   *os.File
	w     *file.Writer
}

// buffer holds one column of the row group in the making. Values are dense:
// what is NULL stands in levels only.
type buffer struct {
	kind   string
	levels []int16
	i32    []int32
	i64    []int64
	bools  []bool
	bytes  []byte
	ends   []int
	slices []parquet.ByteArray
}

func newTable(path string, columns []pipeline.Column) *table {
	t := &table{path: path, columns: columns}
	for _, c := range columns {
		t.cols = append(t.cols, buffer{kind: c.Type})
	}
	return t
}

func (b *buffer) null() { b.levels = append(b.levels, 0) }

// number appends a value of any type but VARCHAR.
func (b *buffer) number(v int64) {
	b.levels = append(b.levels, 1)
	switch b.kind {
	case "INTEGER", "DATE":
		b.i32 = append(b.i32, int32(v))
	case "BOOLEAN":
		b.bools = append(b.bools, v != 0)
	default:
		b.i64 = append(b.i64, v)
	}
}

func (t *table) textAt(col int, v []byte) {
	b := &t.cols[col]
	b.levels = append(b.levels, 1)
	b.bytes = append(b.bytes, v...)
	b.ends = append(b.ends, len(b.bytes))
	t.text += len(v)
}

// endRow is called when every column has its value.
func (t *table) endRow() error {
	t.rows++
	t.total++
	if t.rows < groupRows && t.text < groupBytes {
		return nil
	}
	return t.flush()
}

func (t *table) create() error {
	root, err := parquetSchema(t.columns)
	if err != nil {
		return err
	}
	if t.out, err = os.OpenFile(t.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	props := parquet.NewWriterProperties(parquet.WithDictionaryDefault(false), parquet.WithStats(false),
		parquet.WithEncoding(parquet.Encodings.Plain), parquet.WithDataPageSize(pageBytes), parquet.WithCompression(compress.Codecs.Uncompressed))
	t.w, err = file.NewParquetWriterWithError(struct{ io.Writer }{t.out}, root, file.WithWriterProps(props))
	return err
}

func (t *table) flush() error {
	if t.rows == 0 {
		return nil
	}
	if t.w == nil {
		if err := t.create(); err != nil {
			return err
		}
	}
	group, err := t.w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range t.cols {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := t.cols[i].write(chunk); err != nil {
			return fmt.Errorf("%s: column %s: %w", t.path, t.columns[i].Name, err)
		}
		if err := chunk.Close(); err != nil {
			return fmt.Errorf("%s: column %s: %w", t.path, t.columns[i].Name, err)
		}
	}
	t.rows, t.text = 0, 0
	return group.Close()
}

func (b *buffer) write(chunk file.ColumnChunkWriter) (err error) {
	switch w := chunk.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(b.i32, b.levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(b.i64, b.levels, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(b.bools, b.levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		b.slices = b.slices[:0]
		from := 0
		for _, end := range b.ends {
			b.slices = append(b.slices, b.bytes[from:end])
			from = end
		}
		_, err = w.WriteBatch(b.slices, b.levels, nil)
	default:
		err = fmt.Errorf("no writer for %s", b.kind)
	}
	b.levels, b.i32, b.i64, b.bools, b.bytes, b.ends = b.levels[:0], b.i32[:0], b.i64[:0], b.bools[:0], b.bytes[:0], b.ends[:0]
	return err
}

// finish writes what is left and gives the path, "" when there was no row.
func (t *table) finish() (string, error) {
	if err := t.flush(); err != nil {
		return "", err
	}
	if t.w == nil {
		return "", nil
	}
	if err := t.w.Close(); err != nil {
		return "", fmt.Errorf("%s: %w", t.path, err)
	}
	t.w = nil
	if err := t.out.Close(); err != nil {
		return "", err
	}
	t.out = nil
	return t.path, nil
}

// discard removes what was written.
func (t *table) discard() error {
	if t.out != nil {
		if err := t.out.Close(); err != nil {
			return err
		}
	}
	if err := os.Remove(t.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func parquetSchema(columns []pipeline.Column) (*schema.GroupNode, error) {
	var nodes schema.FieldList
	for _, c := range columns {
		n, err := parquetNode(c)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		nodes = append(nodes, n)
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
}

func parquetNode(c pipeline.Column) (schema.Node, error) {
	optional := parquet.Repetitions.Optional
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
	return schema.NewPrimitiveNodeLogical(c.Name, optional, logical, kind, -1, -1)
}
