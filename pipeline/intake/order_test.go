package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	gocmp "github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// TestRowsInOrder holds the order in which rows are staged to a plain sort of
// those in the order of the file.
func TestRowsInOrder(t *testing.T) {
	src := source(field("id", "string", pipeline.RoleAccount), field("note", "string", pipeline.RoleAttribute),
		field("n", "integer", pipeline.RoleAttribute), field("yes", "boolean", pipeline.RoleAttribute))
	for seed, records := range []int{3, 1000, groupRows, 3*groupRows + 11} {
		rng := rand.New(rand.NewPCG(uint64(seed), 2))
		known := pipeline.NewRegistry()
		for i := range 5000 {
			if _, _, err := known.Add("bank", fmt.Appendf(nil, "a%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		var text strings.Builder
		text.WriteString("id,note,n,yes\n")
		for i := range records {
			switch rng.IntN(10) {
			case 0:
				fmt.Fprintf(&text, ",none%d,%d,\n", i, i)
			case 1:
				fmt.Fprintf(&text, "new%d,,,true\n", rng.IntN(records))
			default:
				fmt.Fprintf(&text, "a%d,note %d,%d,0\n", rng.IntN(5000), i, rng.Int64())
			}
		}
		file := readWith(t, New(Options{}), src, "a.csv", []byte(text.String()), known)
		want := file
		want.rows = slices.Clone(file.rows)
		slices.SortStableFunc(want.rows, func(a, b []any) int { return cmp.Or(rankOf(a) - rankOf(b)) })
		// All rows in memory; from some part on only their keys; no values at all.
		for _, room := range []int64{valueBytes, 10 * int64(records), 0} {
			r := New(Options{Threads: 2})
			r.room.values.Store(room)
			got := readOrdered(t, r, src, "a.csv", []byte(text.String()), known)
			if parts := 1 + len(got.MoreRows); parts != min(2, records/fileRows+1) {
				t.Errorf("%d records in %d files", records, parts)
			}
			if file.Ordered || !got.Ordered || r.room.values.Load() != room || r.room.keys.Load() != keyBytes {
				t.Fatalf("%d records in %d bytes: ordered %v and %v, room %v", records, room, file.Ordered, got.Ordered, &r.room)
			}
			if left, err := filepath.Glob(got.Rows + "*.aside"); len(left) > 0 || err != nil {
				t.Errorf("%v left behind (%v)", left, err)
			}
			if d := gocmp.Diff(want.rows, got.rows); d != "" {
				t.Errorf("%d records in %d bytes: %s", records, room, d)
			}
			if d := gocmp.Diff(want.accounts, got.accounts); d != "" {
				t.Errorf("%d records in %d bytes: %s", records, room, d)
			}
		}
	}
}

// rankOf is the place of a staged row's account in the lake, all new ones after
// those that are known.
func rankOf(row []any) int {
	key, ok := row[0].(int64)
	switch {
	case !ok:
		return -1
	case key < 0:
		return 1_000_000 - int(key)
	}
	return int(key)
}

// Where there is no room for all rows they are staged as they come, but for
// those that were held; the rows of an account stay in the order of the file.
func TestRowsWithoutRoom(t *testing.T) {
	src := source(field("id", "string", pipeline.RoleAccount), field("n", "integer", pipeline.RoleAttribute))
	var text strings.Builder
	text.WriteString("id,n\n")
	const records = 4*groupRows + 5
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range records {
		fmt.Fprintf(&text, "a%d,%d\n", rng.IntN(300), i)
	}
	for _, rows := range []int64{0, groupRows / 2, 2 * groupRows, 4*groupRows + 1} {
		r := New(Options{})
		room := rows * 4 // for the keys alone
		r.room.keys.Store(room)
		r.room.values.Store(8 * groupRows) // some of them lie aside
		got := readOrdered(t, r, src, "a.csv", []byte(text.String()), nil)
		if got.Ordered || len(got.rows) != records || r.room.keys.Load() != room {
			t.Fatalf("room for %d: ordered %v, %d rows, room %d of %d", rows, got.Ordered, len(got.rows), r.room.keys.Load(), room)
		}
		if left, err := filepath.Glob(got.Rows + "*.aside"); len(left) > 0 || err != nil {
			t.Errorf("%v left behind (%v)", left, err)
		}
		last := map[any]int64{}
		at := slices.Index(got.names, "n")
		for _, row := range got.rows {
			n := row[at].(int64)
			if before, ok := last[row[0]]; ok && n <= before {
				t.Fatalf("room for %d: row %d of an account comes after row %d", rows, n, before)
			}
			last[row[0]] = n
		}
	}
}

// What another file makes known while this one is read is not known to it: else
// an account would be staged in two ways, and its rows out of order.
func TestAccountsMadeKnownMeanwhile(t *testing.T) {
	src := source(field("id", "string", pipeline.RoleAccount), field("n", "integer", pipeline.RoleAttribute))
	var text strings.Builder
	text.WriteString("id,n\n")
	const records = 6 * batchRecords
	for i := range records {
		fmt.Fprintf(&text, "%s,%d\n", []string{"old", "x", "y"}[i%3], i)
	}
	for _, size := range []batchSize{{}, {records: -1}} {
		known := pipeline.NewRegistry()
		if _, _, err := known.Add("bank", []byte("old")); err != nil {
			t.Fatal(err)
		}
		r := New(Options{Threads: 1})
		r.batch = size
		r.probe = func(record int64) {
			if record != 2*batchRecords {
				return
			}
			for _, id := range []string{"z", "y", "x"} {
				if _, _, err := known.Add("bank", []byte(id)); err != nil {
					t.Error(err)
				}
			}
		}
		got := readOrdered(t, r, src, "a.csv", []byte(text.String()), known)
		keys, ns := columnOf(got, "account_key"), columnOf(got, "n")
		for i := range records {
			account := i * 3 / records // old, x, y
			if want := []int64{0, -1, -2}[account]; len(keys) != records || keys[i] != want || i%(records/3) > 0 && ns[i].(int64) != ns[i-1].(int64)+3 {
				t.Fatalf("%+v: row %d of account %v, record %v, want account %d", size, i, keys[i], ns[i], want)
			}
		}
	}
}

// Whoever stops the program while the rows of a large file are put together waits
// for one piece of them, not for all.
func TestStoppedWhileRowsArePutTogether(t *testing.T) {
	dir := t.TempDir()
	columns := []pipeline.Column{{Name: "account_key", Type: "INTEGER"}, {Name: "n", Type: "BIGINT"}}
	var left room
	left.clear()
	left.values.Store(0)
	rows := newTable(filepath.Join(dir, "rows.parquet"), columns)
	rows.room = &left
	for i := range 2*groupRows + 1 {
		rows.cols[0].number(int64(i * 7919 % 1000))
		rows.cols[1].number(int64(i))
		if err := rows.endRow(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := rows.finish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := rows.discard(); err != nil {
		t.Error(err)
	}
	mustBeEmpty(t, dir)
	if left.keys.Load() != keyBytes {
		t.Errorf("%d bytes of room are left", left.keys.Load())
	}
}

// Rows of a layout so wide that a row group is large are not copied to put them in
// order.
func TestWideRowsAreNotPutInOrder(t *testing.T) {
	for _, wide := range []bool{false, true} {
		columns := []pipeline.Column{{Name: "account_key", Type: "INTEGER"}}
		for i := 0; i < 300 && (wide || i < 3); i++ {
			columns = append(columns, pipeline.Column{Name: fmt.Sprint("n", i), Type: "BIGINT"})
		}
		var left room
		left.clear()
		rows := newTable(filepath.Join(t.TempDir(), "rows.parquet"), columns)
		rows.room = &left
		for i := range groupRows + 1 {
			for c := range columns {
				rows.cols[c].number(int64((i * 7919) % (c + 1000)))
			}
			if err := rows.endRow(); err != nil {
				t.Fatal(err)
			}
		}
		path, err := rows.finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		staged, err := file.OpenParquetFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if rows.ordered == wide || staged.NumRows() != groupRows+1 || left.keys.Load() != keyBytes {
			t.Errorf("wide %v: ordered %v, %d rows, room %v", wide, rows.ordered, staged.NumRows(), &left)
		}
		if err := staged.Close(); err != nil {
			t.Error(err)
		}
	}
}
