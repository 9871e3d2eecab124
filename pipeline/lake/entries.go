package lake

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"exhibit/pipeline"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

const (
	// entryBatch is how many values are taken from a page at once.
	entryBatch = 4096
	// entryGroups is how many row groups are decoded at a time, at most: each
	// holds its entries in memory.
	entryGroups = 4
	// maxNames is how many bytes of names are made room for at once.
	maxNames = 16 << 20
)

// entries are those of one row group of a list; reading another replaces them.
type entries struct {
	keys   []int32
	scopes []string
	names  []byte // one after the other
	ends   []int
	given  []int32 // the keys that a registry gave them

	// Room for a batch of values.
	ints   []int32
	texts  []parquet.ByteArray
	levels []int16
}

func (e *entries) entry(i int) (scope string, name []byte) {
	from := 0
	if i > 0 {
		from = e.ends[i-1]
	}
	return e.scopes[i], e.names[from:e.ends[i]]
}

// addFile adds the entries of one file of a list, a few row groups at a time.
// They are decoded column by column, as the hashing of the names is all that
// is wanted of them.
func addFile(ctx context.Context, to *pipeline.Registry, path string, columns [3]string) (err error) {
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true // else a column of a row group is in memory as it lies on disk, too
	pf, err := file.OpenParquetFile(path, false, file.WithReadProps(props))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pf.Close()) }()
	var at [3]int
	for i, name := range columns {
		if at[i] = pf.MetaData().Schema.ColumnIndexByName(name); at[i] < 0 {
			return fmt.Errorf("the columns are not %v: %w", columns, pipeline.ErrVerify)
		}
	}
	all := make([]entries, min(entryGroups, runtime.GOMAXPROCS(0), pf.NumRowGroups()))
	for g := 0; g < pf.NumRowGroups(); g += len(all) {
		if err := ctx.Err(); err != nil {
			return err
		}
		groups := all[:min(len(all), pf.NumRowGroups()-g)]
		errs := make([]error, len(groups))
		var wg sync.WaitGroup
		for i := range groups {
			wg.Go(func() { errs[i] = groups[i].read(pf.RowGroup(g+i), at) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		for i := range groups {
			if err := groups[i].addTo(to, columns); err != nil {
				return err
			}
		}
	}
	return nil
}

// addTo adds the entries, whose keys must be the next ones: an entry that
// stands there twice gets another.
func (e *entries) addTo(to *pipeline.Registry, columns [3]string) error {
	e.given = slices.Grow(e.given[:0], len(e.keys))[:len(e.keys)]
	next := to.Len()
	if err := to.AddAll(len(e.keys), e.entry, e.given); err != nil {
		return err
	}
	for i, key := range e.keys {
		if due := next + int32(i); key != due || e.given[i] != due {
			return fmt.Errorf("%s %d stands where %d is due, or names an entry again: %w", columns[0], key, due, pipeline.ErrVerify)
		}
	}
	return nil
}

// read reads the columns of key, scope and name of a row group.
func (e *entries) read(group *file.RowGroupReader, at [3]int) error {
	n := int(group.NumRows())
	e.keys, e.scopes = slices.Grow(e.keys[:0], n), slices.Grow(e.scopes[:0], n)
	e.names, e.ends = e.names[:0], slices.Grow(e.ends[:0], n)
	if e.levels == nil {
		e.ints, e.texts, e.levels = make([]int32, entryBatch), make([]parquet.ByteArray, entryBatch), make([]int16, entryBatch)
	}
	keys, err := columnChunk[*file.Int32ColumnChunkReader](group, at[0])
	if err != nil {
		return err
	}
	err = everyValue(n, e.ints, e.levels, keys.HasNext, keys.ReadBatch, func(v int32) { e.keys = append(e.keys, v) })
	if err != nil {
		return err
	}
	scopes, err := columnChunk[*file.ByteArrayColumnChunkReader](group, at[1])
	if err != nil {
		return err
	}
	scope := ""
	err = everyValue(n, e.texts, e.levels, scopes.HasNext, scopes.ReadBatch, func(v parquet.ByteArray) {
		if string(v) != scope {
			scope = string(v)
		}
		e.scopes = append(e.scopes, scope)
	})
	if err != nil {
		return err
	}
	names, err := columnChunk[*file.ByteArrayColumnChunkReader](group, at[2])
	if err != nil {
		return err
	}
	return everyValue(n, e.texts, e.levels, names.HasNext, names.ReadBatch, func(v parquet.ByteArray) {
		if len(e.ends) == 0 {
			e.names = slices.Grow(e.names, min(n*len(v), maxNames)) // most lists have names of one length
		}
		e.names = append(e.names, v...)
		e.ends = append(e.ends, len(e.names))
	})
}

func columnChunk[R any](group *file.RowGroupReader, at int) (r R, err error) {
	chunk, err := group.Column(at)
	if err != nil {
		return r, err
	}
	r, ok := chunk.(R)
	if !ok {
		return r, fmt.Errorf("column %d is of type %s: %w", at, chunk.Type(), pipeline.ErrVerify)
	}
	return r, nil
}

// everyValue hands over the n values of a column, none of which may be NULL. A
// value holds until take returns.
func everyValue[T any](n int, values []T, levels []int16, more func() bool,
	batch func(int64, []T, []int16, []int16) (int64, int, error), take func(T)) error {
	got := 0
	for more() {
		rows, present, err := batch(int64(len(values)), values, levels, nil)
		if err != nil {
			return err
		}
		if int64(present) != rows {
			return fmt.Errorf("an entry is NULL: %w", pipeline.ErrVerify)
		}
		for _, v := range values[:present] {
			take(v)
		}
		if got += present; got > n || rows == 0 {
			break
		}
	}
	if got != n {
		return fmt.Errorf("%d values in a row group of %d rows: %w", got, n, pipeline.ErrVerify)
	}
	return nil
}
