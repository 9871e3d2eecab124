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
	r, err := l.Registry(context.Background(), pipeline.LakeFile{}, files, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range run(0, 23_200) {
		if key, ok, err := r.Lookup(e.scope, []byte(e.name)); err != nil || !ok || key != e.key {
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
		if _, err := l.Registry(context.Background(), pipeline.LakeFile{}, []pipeline.LakeFile{f}, columns); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, other := range [][3]string{{"account_key", "sender", "name"}, {"sender", "sender", "account_id"}, {"account_key", "account_key", "account_id"}} {
		if _, err := l.Registry(context.Background(), pipeline.LakeFile{}, files, other); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%v: %v", other, err)
		}
	}
}

// A registry that was kept stands for the first files of its list. One that
// changed since is refused.
func TestKeptRegistry(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	columns := [3]string{"account_key", "sender", "account_id"}
	first := listFile(t, l, "a.parquet", run(0, 300))
	rest := []pipeline.LakeFile{listFile(t, l, "b.parquet", run(300, 7)), listFile(t, l, "c.parquet", run(307, 93))}
	r, err := l.Registry(t.Context(), pipeline.LakeFile{}, []pipeline.LakeFile{first}, columns)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := l.Staging()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Save(filepath.Join(dir, "r")); err != nil {
		t.Fatal(err)
	}
	kept, err := l.Commit(filepath.Join(dir, "r"), "registry/r.slots", 300)
	if err := errors.Join(err, l.Flush(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if r, err = l.Registry(t.Context(), kept, rest, columns); err != nil {
		t.Fatal(err)
	}
	if r.Len() != 400 {
		t.Errorf("%d entries", r.Len())
	}
	for _, e := range run(0, 400) {
		if key, ok, err := r.Lookup(e.scope, []byte(e.name)); err != nil || !ok || key != e.key {
			t.Fatalf("%+v has the key %d, %v, %v", e, key, ok, err)
		}
	}
	if _, err := l.Registry(t.Context(), kept, rest[1:], columns); !errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("without a file in between: %v", err)
	}

	data, err := os.ReadFile(l.Path(kept))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(l.Path(kept), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openLake(t, l.Root()).Registry(t.Context(), kept, rest, columns); !errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("a bit flipped: %v", err)
	}
}

// Keys that follow on one another need no file; others lie in one, with a mark
// for each entry that nobody knew before.
func TestAddEntries(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	r := pipeline.NewRegistry()
	for i := range 10 {
		if _, _, err := r.Add("bank", fmt.Appendf(nil, "account-%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		names []int
		want  pipeline.Keys
		keys  []int32
		fresh []bool
	}{
		{names: []int{4, 5, 6}, want: pipeline.Keys{N: 3, First: 4}},
		{names: []int{8, 9, 10, 11}, want: pipeline.Keys{N: 4, First: 8}},
		{names: []int{12, 13, 3, 14, 12}, want: pipeline.Keys{N: 5, First: 12}, keys: []int32{12, 13, 3, 14, 12}, fresh: []bool{true, true, false, true, false}},
		{names: []int{0}, want: pipeline.Keys{N: 1}},
		{want: pipeline.Keys{}},
	} {
		staged := stagedList(t, l, c.names)
		got, err := l.AddEntries(t.Context(), staged, "bank", []string{"account_id"}, r)
		if err != nil {
			t.Fatal(err)
		}
		if c.keys != nil {
			c.want.File = staged + ".keys"
		}
		if got != c.want {
			t.Errorf("%v: %+v, want %+v", c.names, got, c.want)
		}
		if c.keys == nil {
			continue
		}
		err = batches(t.Context(), got.File, func(b arrow.RecordBatch) error {
			for i := range c.keys {
				if key, fresh := b.Column(0).(*array.Int32).Value(i), b.Column(1).(*array.Boolean).Value(i); key != c.keys[i] || fresh != c.fresh[i] {
					t.Errorf("%v: entry %d has %d, %v", c.names, i, key, fresh)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func stagedList(t *testing.T, l *Lake, accounts []int) string {
	t.Helper()
	dir, err := l.Staging()
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "account_id", Type: arrow.BinaryTypes.String}}, nil)
	out, err := os.Create(filepath.Join(dir, "accounts.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, i := range accounts {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("account-%d", i))
	}
	if err := errors.Join(w.Write(b.NewRecordBatch()), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}
