package tally

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"exhibit/pipeline"
)

// groupRows is the number of rows of a row group, as the engine writes them.
const groupRows = 122880

// writer writes one Parquet file of a table, a row group at a time: its columns
// are filled, each with as many rows, then flushed.
type writer struct {
	path string
	out  *os.File
	w    *file.Writer
	cols []columnRows
	rows int64
}

// columnRows are the rows of one column of the row group in the making.
type columnRows struct {
	i32    []int32
	i64    []int64
	bools  []bool
	levels []int16             // of a column that may be NULL; nil: none may
	same   string              // of a column of texts: the same for all rows
	n      int                 // of a column of texts
	texts  []parquet.ByteArray // of one whose texts differ
}

// room makes room for so many rows, of one text where the column is of texts:
// grown as they come, columns would be copied over and over.
func (c *columnRows) room(n schema.Node, rows int) {
	switch n.(*schema.PrimitiveNode).PhysicalType() {
	case parquet.Types.Int32:
		c.i32 = make([]int32, 0, rows)
	case parquet.Types.Int64:
		c.i64 = make([]int64, 0, rows)
	}
	if n.RepetitionType() == parquet.Repetitions.Optional {
		c.levels = make([]int16, 0, rows)
	}
}

// nullable appends an INTEGER that may be nobody.
func (c *columnRows) nullable(v int64) {
	if v == nobody {
		c.levels = append(c.levels, 0)
		return
	}
	c.levels = append(c.levels, 1)
	c.i32 = append(c.i32, int32(v))
}

func (c *columnRows) text(s string, n int) { c.same, c.n = s, n }

// newWriter creates the file of a table of pipeline.Tables, with room for a row
// group of so many rows, which is a guess.
func newWriter(path, table string, rows int64) (_ *writer, err error) {
	def, _ := pipeline.LookupTable(table)
	var nodes schema.FieldList
	for _, c := range def.Columns {
		n, err := nodeOf(c)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return nil, err
	}
	w := &writer{path: path, cols: make([]columnRows, len(nodes))}
	for i, n := range nodes {
		w.cols[i].room(n, int(max(0, min(rows, groupRows))))
	}
	if w.out, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
		return nil, err
	}
	codec := compress.Codecs.Zstd
	if table == "account_breaches" { // a quarter less time for a tenth more bytes
		codec = compress.Codecs.Uncompressed
	}
	// Whatever decides the bytes is spelled out. Differences of numbers pack
	// well, and DICTIONARY would look each of them up; zstd takes what repeats: its
	// fastest level leaves 1 to 3 % more bytes, and takes a sixth less time in all.
	props := parquet.NewWriterProperties(parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(parquet.DataPageV2),
		parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.DeltaBinaryPacked),
		parquet.WithDictionaryFor("source", true), parquet.WithEncodingFor("known", parquet.Encodings.RLE), parquet.WithStats(true), parquet.WithBatchSize(groupRows), parquet.WithDataPageSize(16<<20),
		parquet.WithCompression(codec), parquet.WithCompressionLevel(1), parquet.WithCreatedBy("exhibit"))
	if w.w, err = file.NewParquetWriterWithError(struct{ io.Writer }{w.out}, root, file.WithWriterProps(props)); err != nil {
		return nil, errors.Join(err, w.out.Close())
	}
	return w, nil
}

// nodeOf gives the Parquet column of a column. Only a recipient may be missing,
// and the first and last day of what there was none of.
func nodeOf(c pipeline.Column) (schema.Node, error) {
	repetition := parquet.Repetitions.Required
	if c.Name == "recipient_key" || strings.HasSuffix(c.Name, "_first") || strings.HasSuffix(c.Name, "_last") {
		repetition = parquet.Repetitions.Optional
	}
	switch c.Type {
	case "INTEGER":
		return schema.NewInt32Node(c.Name, repetition, -1), nil
	case "BIGINT":
		return schema.NewInt64Node(c.Name, repetition, -1), nil
	case "BOOLEAN":
		return schema.NewBooleanNode(c.Name, repetition, -1), nil
	case "DATE":
		return schema.NewPrimitiveNodeLogical(c.Name, repetition, schema.DateLogicalType{}, parquet.Types.Int32, -1, -1)
	case "VARCHAR":
		return schema.NewPrimitiveNodeLogical(c.Name, repetition, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
	}
	return nil, fmt.Errorf("column %s: no %s", c.Name, c.Type)
}

// flush writes the columns as a row group of n rows, and empties them.
func (w *writer) flush(n int) error {
	group, err := w.w.AppendRowGroupChecked()
	if err != nil {
		return err
	}
	for i := range w.cols {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := errors.Join(w.cols[i].write(chunk), chunk.Close()); err != nil {
			return err
		}
	}
	w.rows += int64(n)
	return group.Close()
}

func (c *columnRows) write(chunk file.ColumnChunkWriter) (err error) {
	switch w := chunk.(type) {
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(c.i32, c.levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(c.i64, c.levels, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(c.bools, c.levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		if len(c.texts) > 0 {
			_, err = w.WriteBatch(c.texts, nil, nil)
		} else {
			err = writeSame(w, c.same, c.n)
		}
	default:
		err = fmt.Errorf("no writer for %s", chunk.Type())
	}
	c.i32, c.i64, c.bools, c.levels, c.texts = c.i32[:0], c.i64[:0], c.bools[:0], c.levels[:0], c.texts[:0]
	return err
}

// writeSame writes n rows of one text: the first makes it the dictionary, to
// which the others point.
func writeSame(w *file.ByteArrayColumnChunkWriter, text string, n int) error {
	if _, err := w.WriteBatch([]parquet.ByteArray{parquet.ByteArray(text)}, nil, nil); err != nil || n == 1 {
		return err
	}
	zeros := array.NewData(arrow.PrimitiveTypes.Int32, n-1, []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, 4*(n-1)))}, nil, 0, 0)
	defer zeros.Release()
	indices := array.NewInt32Data(zeros)
	defer indices.Release()
	return w.WriteDictIndices(indices, nil, nil)
}

// close ends the file and gives the number of its rows.
func (w *writer) close() (int64, error) {
	err := errors.Join(w.w.Close(), w.out.Close())
	if err != nil {
		return 0, errors.Join(fmt.Errorf("%s: %w", w.path, err), os.Remove(w.path))
	}
	return w.rows, nil
}

// discard removes what was written.
func (w *writer) discard() error {
	return errors.Join(w.out.Close(), os.Remove(w.path))
}

// monthWriter writes the rows of account_months.
type monthWriter struct {
	*writer
	job pipeline.TallyJob
	n   int // rows of the row group in the making
}

func newMonthWriter(job pipeline.TallyJob, accounts int64) (*monthWriter, error) {
	w, err := newWriter(job.Months, "account_months", accounts)
	return &monthWriter{writer: w, job: job}, err
}

// add takes rows in their order.
func (w *monthWriter) add(rows []row) error {
	for len(rows) > 0 {
		part := rows[:min(len(rows), groupRows-w.n)]
		rows = rows[len(part):]
		account, recipient, fields, perDay, days, records := &w.cols[0], &w.cols[2], &w.cols[4], &w.cols[5], &w.cols[6], &w.cols[7]
		for i := range part {
			r := &part[i]
			account.i32 = append(account.i32, r.account)
			recipient.nullable(r.recipient)
			fields.i64 = append(fields.i64, r.fields)
			perDay.i64 = append(perDay.i64, r.perDay)
			days.i32 = append(days.i32, int32(r.days))
			records.i64 = append(records.i64, r.perDay*int64(bits.OnesCount32(r.days)))
		}
		if w.n += len(part); w.n == groupRows {
			if err := w.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// end writes the row group in the making.
func (w *monthWriter) end() error {
	source, month := &w.cols[1], &w.cols[3]
	source.text(w.job.Source, w.n)
	for range w.n {
		month.i32 = append(month.i32, int32(w.job.Month))
	}
	defer func() { w.n = 0 }()
	return w.flush(w.n)
}

func (w *monthWriter) close() (int64, error) {
	if w.n > 0 {
		if err := w.end(); err != nil {
			return 0, errors.Join(err, w.discard())
		}
	}
	return w.writer.close()
}
