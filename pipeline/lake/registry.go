package lake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"exhibit/pipeline"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// FooterRows reads the number of rows from a file's footer with arrow-go,
// which shares no code with the engine that wrote it.
func (l *Lake) FooterRows(f pipeline.LakeFile) (int64, error) {
	n, err := rowsOf(l.Path(f))
	if err != nil {
		return 0, fmt.Errorf("lake/%s: %w", f.Path, err)
	}
	return n, nil
}

func rowsOf(path string) (int64, error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, err
	}
	n := r.NumRows()
	return n, r.Close()
}

// Registry reads a registry from the files of its list, in the order of their
// keys: the columns of key, scope and name. A key that is not the next one is
// an error wrapping pipeline.ErrVerify.
func (l *Lake) Registry(ctx context.Context, files []pipeline.LakeFile, columns [3]string) (*pipeline.Registry, error) {
	registry := pipeline.NewRegistry()
	entries := int64(0)
	for _, f := range files {
		entries += f.Rows
	}
	registry.Reserve(entries)
	for _, f := range files {
		if err := l.Verify(f); err != nil {
			return nil, err
		}
		if err := addFile(ctx, registry, l.Path(f), columns); err != nil {
			return nil, fmt.Errorf("lake/%s: %w", f.Path, err)
		}
	}
	return registry, nil
}

// AddEntries adds the entries of a staged list to a registry, in their order,
// and returns the key of each; an entry may stand there twice. The last of columns names the entry; the first
// is its scope where there are two, and scope is where there is one.
func (l *Lake) AddEntries(ctx context.Context, staged, scope string, columns []string, to *pipeline.Registry) ([]int32, error) {
	entries, err := rowsOf(staged)
	if err != nil {
		return nil, fmt.Errorf("new entries: %w", err)
	}
	to.Reserve(entries)
	keys := make([]int32, 0, entries)
	err = batches(ctx, staged, func(b arrow.RecordBatch) error {
		names, ok := column(b, columns[len(columns)-1]).(*array.String)
		scopes, scoped := column(b, columns[0]).(*array.String)
		if !ok || len(columns) == 2 && !scoped {
			return fmt.Errorf("the columns are not %v", columns)
		}
		for i := range names.Len() {
			if len(columns) == 2 {
				scope = scopes.Value(i)
			}
			key, _, ok := to.Add(scope, []byte(names.Value(i)))
			if !ok {
				return fmt.Errorf("more entries than an INTEGER can number")
			}
			keys = append(keys, key)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("new entries: %w", err)
	}
	return keys, nil
}

// batches hands the rows of a Parquet file over, some 260,000 at a time.
func batches(ctx context.Context, path string, take func(arrow.RecordBatch) error) (err error) {
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pf.Close()) }()
	r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1 << 18}, memory.DefaultAllocator)
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
