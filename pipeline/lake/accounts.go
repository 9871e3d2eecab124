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
	r, err := file.OpenParquetFile(l.Path(f), false)
	if err != nil {
		return 0, fmt.Errorf("lake/%s: %w", f.Path, err)
	}
	n := r.NumRows()
	return n, r.Close()
}

// Accounts reads the registry from the files of the table account_ids, in the
// order in which they were made. A key that is not the next one is an error
// wrapping pipeline.ErrVerify.
func (l *Lake) Accounts(ctx context.Context, files []pipeline.LakeFile) (*pipeline.Accounts, error) {
	accounts := pipeline.NewAccounts()
	for _, f := range files {
		if err := l.Verify(f); err != nil {
			return nil, err
		}
		if err := l.addAccounts(ctx, accounts, f); err != nil {
			return nil, fmt.Errorf("lake/%s: %w", f.Path, err)
		}
	}
	return accounts, nil
}

func (l *Lake) addAccounts(ctx context.Context, accounts *pipeline.Accounts, f pipeline.LakeFile) error {
	return batches(ctx, l.Path(f), func(b arrow.RecordBatch) error { return addBatch(accounts, b) })
}

// NewAccounts adds the accounts of a staged list (the column account_id) to
// the registry, in their order, and returns the key of each.
func (l *Lake) NewAccounts(ctx context.Context, path, sender string, accounts *pipeline.Accounts) ([]int32, error) {
	var keys []int32
	err := batches(ctx, path, func(b arrow.RecordBatch) error {
		ids, ok := column(b, "account_id").(*array.String)
		if !ok {
			return fmt.Errorf("no column account_id of text")
		}
		for i := range ids.Len() {
			key, _, ok := accounts.Add(sender, []byte(ids.Value(i)))
			if !ok {
				return fmt.Errorf("more accounts than an INTEGER can number")
			}
			keys = append(keys, key)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("new accounts: %w", err)
	}
	return keys, nil
}

// batches hands the rows of a Parquet file over, some 65,000 at a time.
func batches(ctx context.Context, path string, take func(arrow.RecordBatch) error) (err error) {
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pf.Close()) }()
	r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, memory.DefaultAllocator)
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

func addBatch(accounts *pipeline.Accounts, b arrow.RecordBatch) error {
	keys, ok1 := column(b, "account_key").(*array.Int32)
	senders, ok2 := column(b, "sender").(*array.String)
	ids, ok3 := column(b, "account_id").(*array.String)
	if !ok1 || !ok2 || !ok3 {
		return fmt.Errorf("columns are not those of account_ids: %w", pipeline.ErrVerify)
	}
	for i := range int(b.NumRows()) {
		key, added, ok := accounts.Add(senders.Value(i), []byte(ids.Value(i)))
		if !added || !ok || key != keys.Value(i) {
			return fmt.Errorf("account key %d stands where %d is due: %w", keys.Value(i), key, pipeline.ErrVerify)
		}
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
