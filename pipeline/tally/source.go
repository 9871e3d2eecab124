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

// group says what a row group may hold: accounts with from ≤ account_key < to,
// and NULL; and the columns that need no reading, as all their rows are equal.
type group struct {
	from, to int64
	nulls    bool
	same     []equal // by column
}

// equal says whether all rows of a column are known to be equal, and to what.
type equal struct {
	known bool
	value int64
}

// inspect reads a footer.
func inspect(path string, columns []column) (s source, err error) {
	s = source{path: path, columns: columns}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = r.MetaData().Schema.ColumnIndexByName(c.name)
		if at[i] < 0 || r.MetaData().Schema.Column(at[i]).PhysicalType() != c.kind {
			return s, fmt.Errorf("%s: no column %s of %s", path, c.name, c.kind)
		}
	}
	for i := range r.NumRowGroups() {
		g, err := groupOf(r.MetaData().RowGroup(i), at)
		if err != nil {
			return s, fmt.Errorf("%s: row group %d: %w", path, i, err)
		}
		s.groups = append(s.groups, g)
	}
	return s, nil
}

// groupOf reads the statistics of the columns, the first of which has the keys.
// They bound the values: what they do not say may be.
func groupOf(meta *metadata.RowGroupMetaData, at []int) (group, error) {
	g := group{from: 0, to: allAccounts, nulls: true, same: make([]equal, len(at))}
	for i, col := range at {
		chunk, err := meta.ColumnChunk(col)
		if err != nil {
			return g, err
		}
		stats, err := chunk.Statistics()
		if err != nil {
			return g, err
		}
		if stats == nil || !stats.HasNullCount() {
			continue
		}
		empty := stats.NullCount() == chunk.NumValues()
		low, high := bounds(stats)
		known := stats.HasMinMax() && !empty
		switch {
		case i > 0 && empty:
			g.same[i] = equal{true, nobody}
		case i > 0:
			g.same[i] = equal{known && low == high && stats.NullCount() == 0, low}
		case known && low < 0:
			return g, errNegative
		case known:
			g.from, g.to, g.nulls = low, high+1, stats.NullCount() > 0
		case empty:
			g.to = 0
		}
	}
	return g, nil
}

var errNegative = errors.New("a key is negative")

// bounds are the least and the largest value of a column.
func bounds(stats metadata.TypedStatistics) (low, high int64) {
	switch s := stats.(type) {
	case *metadata.Int32Statistics:
		return int64(s.Min()), int64(s.Max())
	case *metadata.Int64Statistics:
		return s.Min(), s.Max()
	}
	return math.MinInt64, math.MaxInt64 // of a text nothing is said
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
// int64 of a BIGINT, both without what is NULL.
type batch struct {
	rows int
	cols []columnBatch
}

type columnBatch struct {
	i32    []int32
	i64    []int64
	bools  []bool              // of a BOOLEAN
	texts  []parquet.ByteArray // of a VARCHAR
	levels []int16             // 0 where a value is NULL; not set where dense
	dense  bool                // no value is NULL
	same   equal               // known: the column was not read
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
	b.prepare(s.groups[at].same)
	for i, c := range s.columns {
		if b.cols[i].same.known {
			continue
		}
		var err error
		if readers[i], err = group.Column(r.MetaData().Schema.ColumnIndexByName(c.name)); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	for left := group.NumRows(); left > 0; left -= int64(b.rows) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b.rows = int(min(left, batchRows))
		for i, c := range readers {
			if c == nil {
				continue
			}
			if err := b.cols[i].read(c, b.rows); err != nil {
				return fmt.Errorf("column %s: %w", s.columns[i].name, err)
			}
		}
		if err := take(); err != nil {
			return err
		}
	}
	for i, c := range readers {
		if c == nil {
			continue
		}
		if c.HasNext() {
			return fmt.Errorf("column %s: has more values than the row group has rows", s.columns[i].name)
		}
		if err := errors.Join(c.Err(), c.Close()); err != nil {
			return fmt.Errorf("column %s: %w", s.columns[i].name, err)
		}
	}
	return nil
}

func (b *batch) prepare(same []equal) {
	for len(b.cols) < len(same) {
		b.cols = append(b.cols, columnBatch{})
	}
	for i, e := range same {
		b.cols[i].same, b.cols[i].dense = e, e.known && e.value != nobody
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
	case *file.BooleanColumnChunkReader:
		if c.bools == nil {
			c.bools = make([]bool, batchRows)
		}
		rows, values, err = r.ReadBatch(int64(n), c.bools, c.levels, nil)
	case *file.ByteArrayColumnChunkReader:
		if c.texts == nil {
			c.texts = make([]parquet.ByteArray, batchRows)
		}
		rows, values, err = r.ReadBatch(int64(n), c.texts, c.levels, nil)
	}
	if err == nil && rows != int64(n) {
		err = fmt.Errorf("%d rows where %d are due", rows, n)
	}
	c.dense = values == n
	return err
}

// nobody stands for the recipient of a record that names none: it sorts last.
const nobody int64 = math.MaxInt64

// values gives the values of a column row by row, with nobody for NULL. Where
// they have to be put together they are put into to.
func (c *columnBatch) values(rows int, to []int64) []int64 {
	to = to[:rows]
	switch {
	case c.same.known:
		for i := range to {
			to[i] = c.same.value
		}
	case c.dense && c.i64 != nil:
		return c.i64[:rows]
	case c.dense:
		for i, v := range c.i32[:rows] {
			to[i] = int64(v)
		}
	default:
		next := 0
		for i, l := range c.levels[:rows] {
			if to[i] = nobody; l != 0 {
				to[i] = c.at(next)
				next++
			}
		}
	}
	return to
}

// int64s gives the values of the columns but the first, put together in room
// where they have to be. Only a recipient may be NULL.
func (b *batch) int64s(names []column, room [][]int64) (cols [6][]int64, err error) {
	for i, c := range names {
		col := &b.cols[i]
		if !col.dense && c != dayColumns[1] {
			return cols, fmt.Errorf("column %s: is NULL somewhere", c.name)
		}
		if i > 0 {
			cols[i] = col.values(b.rows, room[i])
		}
	}
	return cols, nil
}

func (c *columnBatch) at(i int) int64 {
	if c.i64 != nil {
		return c.i64[i]
	}
	return int64(c.i32[i])
}
