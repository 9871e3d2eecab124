package tally

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"exhibit/pipeline"
)

// The columns that are read of each kind of file, account_key first where
// accounts are taken in ranges.
var (
	dayColumns   = []column{{"account_key", parquet.Types.Int32}, {"recipient_key", parquet.Types.Int32}, {"fields", parquet.Types.Int64}}
	monthColumns = append(dayColumns[:3:3], column{"per_day", parquet.Types.Int64}, column{"days", parquet.Types.Int32})
	sentColumns  = []column{{"transfer_date", parquet.Types.Int32}, dayColumns[1], dayColumns[2],
		{"records", parquet.Types.Int64}, {"without_account", parquet.Types.Int64}}
)

type column struct {
	name string
	kind parquet.Type
}

// source is a Parquet file and what its footer says of its row groups.
type source struct {
	path    string
	columns []column
	day     pipeline.Day // of a file of records
	groups  []group
}

// group says which accounts a row group may hold: from ≤ account_key < to, and
// NULL.
type group struct {
	from, to int64
	nulls    bool
}

// inspect reads a footer.
func inspect(path string, columns []column) (s source, err error) {
	s = source{path: path, columns: columns}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	at := r.MetaData().Schema.ColumnIndexByName(columns[0].name)
	if at < 0 {
		return s, fmt.Errorf("%s: no column %s", path, columns[0].name)
	}
	for i := range r.NumRowGroups() {
		chunk, err := r.MetaData().RowGroup(i).ColumnChunk(at)
		if err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		g, err := groupOf(chunk)
		if err != nil {
			return s, fmt.Errorf("%s: row group %d: %w", path, i, err)
		}
		s.groups = append(s.groups, g)
	}
	return s, nil
}

// groupOf reads the statistics of a column of keys. What they do not say may
// be: any account, and none.
func groupOf(chunk *metadata.ColumnChunkMetaData) (group, error) {
	g := group{0, allAccounts, true}
	stats, err := chunk.Statistics()
	if err != nil || stats == nil {
		return g, err
	}
	g.nulls = !stats.HasNullCount() || stats.NullCount() > 0
	keys, ok := stats.(*metadata.Int32Statistics)
	switch {
	case !ok:
		return g, errors.New("keys are no INTEGER")
	case stats.HasMinMax() && keys.Min() < 0:
		return g, errors.New("a key is negative")
	case stats.HasMinMax():
		g.from, g.to = int64(keys.Min()), int64(keys.Max())+1
	case stats.HasNullCount() && stats.NullCount() == chunk.NumValues():
		g.to = 0
	}
	return g, nil
}

// accounts is one more than the largest key that may stand in the file.
func (s *source) accounts() (n int64) {
	for _, g := range s.groups {
		n = max(n, g.to)
	}
	return n
}

// batchRows are read at a time.
const batchRows = 16 << 10

// batch is a number of rows, by column: int32 values of an INTEGER or DATE,
// int64 of a BIGINT. Values are dense: what is NULL stands in its levels alone.
type batch struct {
	rows int
	cols []columnBatch
}

type columnBatch struct {
	i32    []int32
	i64    []int64
	levels []int16 // 0 where a value is NULL; not set where dense
	dense  bool    // no value is NULL
}

// read hands over the rows of the row groups that wanted chooses, a batch at a
// time. The batch is the callee's until it returns.
func (s *source) read(ctx context.Context, b *batch, wanted func(group) bool, take func() error) (err error) {
	var r *file.Reader
	for i, g := range s.groups {
		if !wanted(g) {
			continue
		}
		if r == nil { // most ranges need few files
			if r, err = file.OpenParquetFile(s.path, false); err != nil {
				return fmt.Errorf("%s: %w", s.path, err)
			}
			defer func() { err = errors.Join(err, r.Close()) }()
		}
		if err := s.readGroup(ctx, r, i, b, take); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	return nil
}

func (s *source) readGroup(ctx context.Context, r *file.Reader, at int, b *batch, take func() error) error {
	group := r.RowGroup(at)
	readers := make([]file.ColumnChunkReader, len(s.columns))
	for i, c := range s.columns {
		col := r.MetaData().Schema.ColumnIndexByName(c.name)
		if col < 0 || r.MetaData().Schema.Column(col).PhysicalType() != c.kind {
			return fmt.Errorf("no column %s of %s", c.name, c.kind)
		}
		var err error
		if readers[i], err = group.Column(col); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	b.prepare(len(s.columns))
	for left := group.NumRows(); left > 0; left -= int64(b.rows) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.rows = int(min(left, batchRows))
		for i, c := range readers {
			if err := b.cols[i].read(c, b.rows); err != nil {
				return fmt.Errorf("column %s: %w", s.columns[i].name, err)
			}
		}
		if err := take(); err != nil {
			return err
		}
	}
	for i, c := range readers {
		if c.HasNext() {
			return fmt.Errorf("column %s: has more values than the row group has rows", s.columns[i].name)
		}
		if err := errors.Join(c.Err(), c.Close()); err != nil {
			return fmt.Errorf("column %s: %w", s.columns[i].name, err)
		}
	}
	return nil
}

func (b *batch) prepare(columns int) {
	for len(b.cols) < columns {
		b.cols = append(b.cols, columnBatch{})
	}
}

// read reads n rows of a column; fewer are an error.
func (c *columnBatch) read(r file.ColumnChunkReader, n int) (err error) {
	if c.levels == nil {
		c.levels = make([]int16, batchRows)
	}
	var rows int64
	var values int
	switch r := r.(type) {
	case *file.Int32ColumnChunkReader:
		if c.i32 == nil {
			c.i32 = make([]int32, batchRows)
		}
		rows, values, err = r.ReadBatch(int64(n), c.i32, c.levels, nil)
	case *file.Int64ColumnChunkReader:
		if c.i64 == nil {
			c.i64 = make([]int64, batchRows)
		}
		rows, values, err = r.ReadBatch(int64(n), c.i64, c.levels, nil)
	}
	if err == nil && rows != int64(n) {
		err = fmt.Errorf("%d rows where %d are due", rows, n)
	}
	c.dense = values == n
	return err
}

// nobody stands for the recipient of a record that names none: it sorts last.
const nobody int64 = math.MaxInt64

// at32 gives the values of an INTEGER column row by row, with null for NULL.
// They are put into to.
func (c *columnBatch) at32(rows int, null int64, to []int64) {
	if c.dense {
		for i, v := range c.i32[:rows] {
			to[i] = int64(v)
		}
		return
	}
	next := 0
	for i, l := range c.levels[:rows] {
		if to[i] = null; l != 0 {
			to[i] = int64(c.i32[next])
			next++
		}
	}
}
