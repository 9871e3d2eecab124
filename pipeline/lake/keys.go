package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"exhibit/pipeline"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// batchRows is how many rows of a list are in memory.
const batchRows = 1 << 18

// AddEntries adds the entries of a staged list to a registry, in their order,
// and gives their keys; an entry may stand there twice. The last of columns
// names the entry; the first is its scope where there are two, and scope is
// where there is one. Keys that do not follow on one another lie in a file
// beside the list.
func (l *Lake) AddEntries(ctx context.Context, staged, scope string, columns []string, to *pipeline.Registry) (_ pipeline.Keys, err error) {
	w := keyWriter{path: staged + ".keys", next: to.Len()}
	some := make([]int32, batchRows)
	err = batches(ctx, staged, func(b arrow.RecordBatch) error {
		names, ok := column(b, columns[len(columns)-1]).(*array.String)
		scopes, scoped := column(b, columns[0]).(*array.String)
		if !ok || len(columns) == 2 && !scoped {
			return fmt.Errorf("the columns are not %v", columns)
		}
		keys := some[:names.Len()]
		text, ends := names.ValueBytes(), names.ValueOffsets()
		err := to.AddAll(len(keys), func(i int) (string, []byte) {
			name := text[ends[i]-ends[0] : ends[i+1]-ends[0]]
			if len(columns) == 2 {
				return scopes.Value(i), name
			}
			return scope, name
		}, keys)
		if err != nil {
			return err
		}
		return w.write(keys)
	})
	if err = errors.Join(err, w.close()); err != nil {
		return pipeline.Keys{}, fmt.Errorf("new entries: %w", err)
	}
	return w.keys, nil
}

// keyWriter takes the keys of a list's entries. From the first on that does
// not follow on the one before it, they go to a file, with all before.
type keyWriter struct {
	keys pipeline.Keys
	path string
	next int32 // the key of the next entry that nobody knew
	rows *array.RecordBuilder
	to   *pqarrow.FileWriter
}

func (w *keyWriter) write(keys []int32) error {
	if w.keys.N == 0 && len(keys) > 0 {
		w.keys.First = keys[0]
	}
	before := w.keys.N
	w.keys.N += int64(len(keys))
	if w.to != nil {
		return w.append(keys)
	}
	follow := true
	for i := range keys {
		follow = follow && int64(keys[i]) == int64(w.keys.First)+before+int64(i)
	}
	if follow {
		return nil
	}
	if err := w.open(); err != nil {
		return err
	}
	some := make([]int32, min(before, batchRows))
	for done := int64(0); done < before; done += int64(len(some)) {
		some = some[:min(before-done, batchRows)]
		for i := range some {
			some[i] = w.keys.First + int32(done) + int32(i)
		}
		if err := w.append(some); err != nil {
			return err
		}
	}
	return w.append(keys)
}

func (w *keyWriter) open() error {
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "key", Type: arrow.PrimitiveTypes.Int32}, {Name: "fresh", Type: arrow.FixedWidthTypes.Boolean}}, nil)
	if w.to, err = pqarrow.NewFileWriter(schema, f, nil, pqarrow.DefaultWriterProps()); err != nil {
		return errors.Join(err, f.Close())
	}
	w.rows = array.NewRecordBuilder(memory.DefaultAllocator, schema)
	w.keys.File = w.path
	return nil
}

// append writes keys. A key that is the next one is fresh: nobody knew its
// entry, and it stands in the list for the first time.
func (w *keyWriter) append(keys []int32) error {
	for _, key := range keys {
		fresh := key == w.next
		if fresh {
			w.next++
		}
		w.rows.Field(0).(*array.Int32Builder).Append(key)
		w.rows.Field(1).(*array.BooleanBuilder).Append(fresh)
	}
	b := w.rows.NewRecordBatch()
	defer b.Release()
	return w.to.Write(b)
}

func (w *keyWriter) close() error {
	if w.to == nil {
		return nil
	}
	w.rows.Release()
	return w.to.Close()
}

// batches hands the rows of a Parquet file over, batchRows at a time.
func batches(ctx context.Context, path string, take func(arrow.RecordBatch) error) (err error) {
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pf.Close()) }()
	r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	records, err := r.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	for records.Next() {
		if err := take(records.RecordBatch()); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func column(b arrow.RecordBatch, name string) arrow.Array {
	at := b.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil
	}
	return b.Column(at[0])
}
