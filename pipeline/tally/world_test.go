package tally

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"exhibit/pipeline"
)

// record is one made-up record.
type record struct {
	account   int32
	named     bool // has an account
	recipient int32
	nobody    bool
	fields    int64
	noFields  bool
}

func (r record) combination() combination {
	if r.nobody {
		return combination{nobody, r.fields}
	}
	return combination{int64(r.recipient), r.fields}
}

// world is a made-up month of one source: for each day its files.
type world struct {
	seed  uint64
	first pipeline.Day
	days  int
	files [][][]record
}

func firstOf(year, month int) pipeline.Day {
	return pipeline.DayOf(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC))
}

func (w *world) month() int { return w.first.Month() }

// newWorld makes a month in which some accounts are sent once a day with the
// same fields, and the others in every way there is.
func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 1))
	first := firstOf(2019+int(seed)%6, 1+rng.IntN(12))
	w := &world{seed: seed, first: first, days: time.Date(first.Time().Year(), first.Time().Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()}
	accounts, stride := 1+rng.IntN(40), 1+rng.IntN(20)
	kinds, most := 1+rng.IntN(4), 1+rng.IntN(1+int(seed)%40)
	for range w.days {
		files := make([][]record, rng.IntN(4))
		for range len(files) * accounts {
			if rng.IntN(3) == 0 {
				continue
			}
			a := rng.IntN(accounts)
			r := record{account: int32(a * stride), named: a > 0 || stride > 10, recipient: 7, fields: 127}
			n := 1
			if a%4 == 1 {
				r.recipient, r.nobody, r.fields = int32(rng.IntN(kinds)), rng.IntN(3) == 0, int64(rng.IntN(kinds))<<40
				n = rng.IntN(most + 1)
			}
			at := rng.IntN(len(files))
			files[at] = append(files[at], slices.Repeat([]record{r}, n)...)
		}
		w.files = append(w.files, files)
	}
	return w
}

// write writes the files of the days, by account or as they come: the order
// must not matter.
func (w *world) write(t *testing.T, dir string) (days []pipeline.TallyDay) {
	for d, files := range w.files {
		for i, records := range files {
			path := filepath.Join(dir, fmt.Sprintf("%02d-%d.parquet", d+1, i))
			if w.seed%2 == 0 {
				slices.SortFunc(records, func(a, b record) int { return int(a.account) - int(b.account) })
			}
			writeDay(t, path, records, 1+int(w.seed)*3)
			days = append(days, pipeline.TallyDay{Path: path, Day: w.first + pipeline.Day(d)})
		}
	}
	return days
}

// writeDay writes records as a day file, in row groups of so many.
func writeDay(t *testing.T, path string, records []record, group int) {
	t.Helper()
	optional := parquet.Repetitions.Optional
	root := schema.MustGroup(schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{
		schema.NewInt64Node("fields", optional, -1), schema.NewInt32Node("account_key", optional, -1),
		schema.NewInt32Node("recipient_key", optional, -1)}, -1))
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(struct{ io.Writer }{out}, root, file.WithWriterProps(parquet.NewWriterProperties(
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithCompression(compress.Codecs.Zstd))))
	for part := range slices.Chunk(records, group) {
		var fields []int64
		var accounts, recipients []int32
		var levels [3][]int16
		has := func(col int, ok bool) bool {
			levels[col] = append(levels[col], 0)
			if ok {
				levels[col][len(levels[col])-1] = 1
			}
			return ok
		}
		for _, r := range part {
			if has(0, !r.noFields) {
				fields = append(fields, r.fields)
			}
			if has(1, r.named) {
				accounts = append(accounts, r.account)
			}
			if has(2, !r.nobody) {
				recipients = append(recipients, r.recipient)
			}
		}
		g, err := w.AppendRowGroupChecked()
		if err != nil {
			t.Fatal(err)
		}
		for i := range levels {
			c, err := g.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			switch c := c.(type) {
			case *file.Int64ColumnChunkWriter:
				_, err = c.WriteBatch(fields, levels[i], nil)
			case *file.Int32ColumnChunkWriter:
				values := accounts
				if i == 2 {
					values = recipients
				}
				_, err = c.WriteBatch(values, levels[i], nil)
			}
			if err := errors.Join(err, c.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

type monthRow struct {
	Account   int32
	Source    string
	Recipient int64 // nobody: NULL
	Month     int32
	Fields    int64
	PerDay    int64
	Days      int32
	Records   int64
}

type sentRow struct {
	Source    string
	Day       pipeline.Day
	Recipient int64
	Fields    int64
	Records   int64
	Without   int64
}

// readTable reads a written file by another way than this package's.
func readTable(t *testing.T, path string, take func(arrow.RecordBatch, int)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := pqarrow.ReadTable(t.Context(), f, nil, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer table.Release()
	r := array.NewTableReader(table, 0)
	defer r.Release()
	for r.Next() {
		for i := range int(r.RecordBatch().NumRows()) {
			take(r.RecordBatch(), i)
		}
	}
}

func recipientAt(a arrow.Array, i int) int64 {
	if a.IsNull(i) {
		return nobody
	}
	return int64(a.(*array.Int32).Value(i))
}

func monthRows(t *testing.T, path string) (rows []monthRow) {
	t.Helper()
	readTable(t, path, func(b arrow.RecordBatch, i int) {
		rows = append(rows, monthRow{b.Column(0).(*array.Int32).Value(i), b.Column(1).(*array.String).Value(i), recipientAt(b.Column(2), i),
			b.Column(3).(*array.Int32).Value(i), b.Column(4).(*array.Int64).Value(i), b.Column(5).(*array.Int64).Value(i),
			b.Column(6).(*array.Int32).Value(i), b.Column(7).(*array.Int64).Value(i)})
	})
	return rows
}

func sentRows(t *testing.T, path string) (rows []sentRow) {
	t.Helper()
	readTable(t, path, func(b arrow.RecordBatch, i int) {
		rows = append(rows, sentRow{b.Column(0).(*array.String).Value(i), pipeline.Day(b.Column(1).(*array.Date32).Value(i)), recipientAt(b.Column(2), i),
			b.Column(3).(*array.Int64).Value(i), b.Column(4).(*array.Int64).Value(i), b.Column(5).(*array.Int64).Value(i)})
	})
	return rows
}
