package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"exhibit/pipeline"
)

// field is a field as casefile gives it: what is not declared is -1.
func field(name, kind string, role pipeline.Role, change ...func(*pipeline.Field)) pipeline.Field {
	f := pipeline.Field{Name: name, Type: kind, Role: role, Personal: true, Scale: -1, BareNumber: true,
		Constraints: pipeline.Constraints{MinLength: -1, MaxLength: -1}}
	for _, c := range change {
		c(&f)
	}
	return f
}

func req(f *pipeline.Field) { f.Required = true }

// source is a source of transfers with a fixed day, read as CSV.
func source(fields ...pipeline.Field) *pipeline.Source {
	return &pipeline.Source{Name: "s", Kind: pipeline.Transfers, Sender: "bank", Encoding: "utf-8", Format: "csv",
		Date:    pipeline.DateRule{Fixed: 17622}, // 2018-04-01
		AsOf:    pipeline.DateRule{Fixed: pipeline.NoDay},
		Dialect: pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, Header: true},
		Schema:  pipeline.Schema{Fields: fields, MissingValues: []string{""}}}
}

// plain has an account, a kept text, and an identifier.
func plain() *pipeline.Source {
	return source(field("id", "string", pipeline.RoleAccount), field("note", "string", pipeline.RoleAttribute), field("mail", "string", pipeline.RoleIdentifier))
}

// result is what became of a file, with the content of the staged Parquet.
type result struct {
	*pipeline.Staged
	names                   []string // of the staged columns
	rows, rejects, accounts [][]any
}

// readAs reads text as a delivered file of that name.
func readAs(t testing.TB, src *pipeline.Source, name string, text []byte) result {
	t.Helper()
	return readWith(t, New(Options{}), src, name, text, nil)
}

func read(t testing.TB, src *pipeline.Source, text string) result {
	t.Helper()
	return readAs(t, src, "a.csv", []byte(text))
}

// ready is a registry that need not be waited for, or none.
func ready(r *pipeline.Registry) pipeline.Known {
	if r == nil {
		return nil
	}
	return func() (*pipeline.Registry, error) { return r, nil }
}

// readWith reads a file, and has its rows in the order of the file.
func readWith(t testing.TB, r *Reader, src *pipeline.Source, name string, text []byte, known *pipeline.Registry) result {
	t.Helper()
	r.room.keys.Store(0)
	return readOrdered(t, r, src, name, text, known)
}

// readOrdered reads a file, and has its rows as they are staged.
func readOrdered(t testing.TB, r *Reader, src *pipeline.Source, name string, text []byte, known *pipeline.Registry) result {
	t.Helper()
	dir := t.TempDir()
	r.opts.Open = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	st, err := r.Read(context.Background(), src, name, dir, ready(known))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if st.Records != st.Accepted+st.Rejected {
		t.Fatalf("%d records, %d accepted, %d rejected", st.Records, st.Accepted, st.Rejected)
	}
	res := result{Staged: st, rows: stagedRows(t, src, st), rejects: parquetRows(t, st.Rejects), accounts: parquetRows(t, st.NewAccounts)}
	for _, c := range pipeline.StagedColumns(src) {
		res.names = append(res.names, c.Name)
	}
	if st.Status == pipeline.Refused {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			t.Fatalf("a refused file left %v behind (%v)", entries, err)
		}
		return res
	}
	if int64(len(res.rows)) != st.Accepted || int64(len(res.rejects)) != st.Rejected || len(res.accounts) != int(st.New) {
		t.Fatalf("staged %d rows, %d rejects, %d accounts; the receipt says %d, %d, %d",
			len(res.rows), len(res.rejects), len(res.accounts), st.Accepted, st.Rejected, st.New)
	}
	return res
}

// stagedRows are those of all files, with the columns that they do not have as
// all rows have the same number in them.
func stagedRows(t testing.TB, src *pipeline.Source, st *pipeline.Staged) [][]any {
	t.Helper()
	rows := parquetRows(t, st.Rows)
	for _, path := range st.MoreRows {
		rows = append(rows, parquetRows(t, path)...)
	}
	columns := pipeline.StagedColumns(src)
	for i, row := range rows {
		if len(row)+len(st.Same) != len(columns) {
			t.Fatalf("%d columns and %d the same, of %d", len(row), len(st.Same), len(columns))
		}
		whole := make([]any, 0, len(columns))
		for _, c := range columns {
			if v, ok := st.Same[c.Name]; ok {
				whole = append(whole, v)
			} else {
				whole, row = append(whole, row[0]), row[1:]
			}
		}
		rows[i] = whole
	}
	return rows
}

// parquetRows reads a staged file: nil, int64, bool or string, one a column.
func parquetRows(t testing.TB, path string) [][]any {
	t.Helper()
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s: mode %v, %v", filepath.Base(path), info.Mode(), err)
	}
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	var rows [][]any
	for g := range pf.NumRowGroups() {
		group := pf.RowGroup(g)
		n := int(group.NumRows())
		base := len(rows)
		for range n {
			rows = append(rows, make([]any, group.NumColumns()))
		}
		for c := range group.NumColumns() {
			col, err := group.Column(c)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range columnValues(t, col, n) {
				rows[base+i][c] = v
			}
		}
	}
	return rows
}

func columnValues(t testing.TB, col file.ColumnChunkReader, n int) []any {
	t.Helper()
	out := make([]any, 0, n)
	for col.HasNext() {
		levels := make([]int16, n)
		var values []any
		var total int64
		var err error
		switch r := col.(type) {
		case *file.Int32ColumnChunkReader:
			total, values, err = inBatches(r.ReadBatch, n, levels, func(v int32) any { return int64(v) })
		case *file.Int64ColumnChunkReader:
			total, values, err = inBatches(r.ReadBatch, n, levels, func(v int64) any { return v })
		case *file.BooleanColumnChunkReader:
			total, values, err = inBatches(r.ReadBatch, n, levels, func(v bool) any { return v })
		case *file.ByteArrayColumnChunkReader:
			total, values, err = inBatches(r.ReadBatch, n, levels, func(v parquet.ByteArray) any { return string(v) })
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range levels[:total] {
			if l == 0 && col.Descriptor().MaxDefinitionLevel() > 0 {
				out = append(out, nil)
				continue
			}
			out = append(out, values[0])
			values = values[1:]
		}
	}
	if len(out) != n {
		t.Fatalf("column of %d values, want %d", len(out), n)
	}
	return out
}

func inBatches[T any](read func(int64, []T, []int16, []int16) (int64, int, error), n int, levels []int16, as func(T) any) (int64, []any, error) {
	buf := make([]T, n)
	total, got, err := read(int64(n), buf, levels, nil)
	var values []any
	for _, v := range buf[:got] {
		values = append(values, as(v))
	}
	return total, values, err
}

// reasonsOf are the rejects as "line reason field".
func reasonsOf(res result) []string {
	var out []string
	for _, r := range res.rejects {
		s := fmt.Sprintf("%d %s", r[1], r[4])
		if r[5] != nil {
			s += " " + r[5].(string)
		}
		out = append(out, s)
	}
	return out
}

// columnOf gives one column of the staged rows.
func columnOf(res result, name string) []any {
	var out []any
	for _, r := range res.rows {
		out = append(out, r[slices.Index(res.names, name)])
	}
	return out
}

func mustRefuse(t testing.TB, res result, words ...string) {
	t.Helper()
	if res.Status != pipeline.Refused {
		t.Fatalf("status %s, %d accepted; want it refused", res.Status, res.Accepted)
	}
	for _, w := range words {
		if !strings.Contains(res.Reason, w) {
			t.Fatalf("reason %q does not say %q", res.Reason, w)
		}
	}
}

func mustLoad(t testing.TB, res result) {
	t.Helper()
	if res.Status != pipeline.Loaded {
		t.Fatalf("%s: %s", res.Status, res.Reason)
	}
}

var errDisk = errors.New("the disk is gone")
