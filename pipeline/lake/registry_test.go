package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"exhibit/pipeline"
)

// listed is an entry of a list; one without a name is NULL.
type listed struct {
	key         int32
	scope, name string
}

// listFile commits a list with one row group for each group.
func listFile(t *testing.T, l *Lake, place string, groups ...[]listed) pipeline.LakeFile {
	t.Helper()
	dir, err := l.Staging()
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "account_key", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "sender", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "account_id", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	path := filepath.Join(dir, "list.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, g := range groups {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for _, e := range g {
			b.Field(0).(*array.Int32Builder).Append(e.key)
			b.Field(1).(*array.StringBuilder).Append(e.scope)
			if e.name == "" {
				b.Field(2).AppendNull()
			} else {
				b.Field(2).(*array.StringBuilder).Append(e.name)
			}
		}
		if err := w.Write(b.NewRecordBatch()); err != nil {
			t.Fatal(err)
		}
		rows += int64(len(g))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := l.Commit(path, place, rows)
	if err == nil {
		err = l.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run are n entries from a key on.
func run(from, n int) (out []listed) {
	for i := from; i < from+n; i++ {
		out = append(out, listed{int32(i), fmt.Sprint("bank", i%3), fmt.Sprintf("account-%d", i/2)})
	}
	return out
}

// A registry has every entry of every file and row group, under its key.
func TestRegistryIsItsLists(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	columns := [3]string{"account_key", "sender", "account_id"}
	files := []pipeline.LakeFile{
		listFile(t, l, "a.parquet", run(0, 10_000), run(10_000, 1), run(10_001, 4096), run(14_097, 903), run(15_000, 8192), run(23_192, 1)),
		listFile(t, l, "b.parquet", run(23_193, 7))}
	r, err := l.Registry(context.Background(), files, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range run(0, 23_200) {
		if key, ok := r.Lookup(e.scope, []byte(e.name)); !ok || key != e.key {
			t.Fatalf("%+v has the key %d, %v", e, key, ok)
		}
	}
	if r.Len() != 23_200 {
		t.Errorf("%d entries", r.Len())
	}

	for what, groups := range map[string][][]listed{
		"a gap":           {run(0, 100), run(101, 5)},
		"another start":   {run(1, 100)},
		"an entry twice":  {run(0, 100), {{100, "bank0", "account-0"}}},
		"an entry NULL":   {run(0, 100), {{100, "bank0", ""}}},
		"NULL, and early": {{{0, "bank0", ""}}, run(1, 10)},
	} {
		f := listFile(t, l, what+".parquet", groups...)
		if _, err := l.Registry(context.Background(), []pipeline.LakeFile{f}, columns); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, other := range [][3]string{{"account_key", "sender", "name"}, {"sender", "sender", "account_id"}, {"account_key", "account_key", "account_id"}} {
		if _, err := l.Registry(context.Background(), files, other); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%v: %v", other, err)
		}
	}
}
