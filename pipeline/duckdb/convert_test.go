package duckdb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

var staged = []pipeline.Column{{Name: "account_key", Type: "INTEGER"}, {Name: "transfer_date", Type: "DATE"}, {Name: "fields", Type: "BIGINT"}, {Name: "note", Type: "VARCHAR"}}

// stage writes n staged rows of two days: NULL, known and new accounts mixed,
// and in note the row's place.
func stage(t *testing.T, e *Engine, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "staged.parquet")
	export(t, e, fmt.Sprintf(`SELECT CAST(CASE range %% 3 WHEN 0 THEN NULL WHEN 1 THEN range * 7919 %% 1000 ELSE -1 - range * 7919 %% 100 END AS INTEGER) AS account_key,
 CASE WHEN range %% 2 = 0 THEN DATE '2024-05-01' ELSE DATE '2024-05-02' END AS transfer_date, range AS fields, lpad(CAST(range AS VARCHAR), 9, '0') AS note FROM range(%d)`, n), path)
	return path
}

func sum(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// keysFrom gives n keys: following on one another, or with gaps.
func keysFrom(t *testing.T, e *Engine, first int32, n int, step int32) pipeline.Keys {
	t.Helper()
	keys := make([]int32, n)
	for i := range keys {
		keys[i] = first + int32(i)*step
	}
	return keysOf(t, e, first, keys)
}

// keysOf gives keys as AddEntries does, in a file where they do not follow on
// one another. fresh is the first that was not known before.
func keysOf(t *testing.T, e *Engine, fresh int32, keys []int32) pipeline.Keys {
	t.Helper()
	k := pipeline.Keys{N: int64(len(keys)), First: keys[0]}
	rows, follow := make([]string, len(keys)), true
	for i, key := range keys {
		follow = follow && key == keys[0]+int32(i)
		rows[i] = fmt.Sprintf("(%d, %v)", key, key == fresh)
		if key == fresh {
			fresh++
		}
	}
	if !follow {
		k.File = filepath.Join(t.TempDir(), "it's keys.parquet")
		export(t, e, "SELECT CAST(key AS INTEGER) AS key, fresh FROM (VALUES "+strings.Join(rows, ", ")+") v(key, fresh)", k.File)
	}
	return k
}

func TestConvert(t *testing.T) {
	e := open(t, Options{Threads: 2})
	path := stage(t, e, 1000)
	for _, step := range []int32{1, 3, -1} {
		out := filepath.Join(t.TempDir(), "it's out.parquet")
		n, err := e.Convert(t.Context(), pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keysFrom(t, e, 5000, 100, step)}, Day: day("2024-05-02"),
			FileID: "0123456789ab", Out: out, Drop: []string{"transfer_date"}, Metadata: map[string]string{"source_sha256": "ab'c", "a": "b"}})
		if err != nil || n != 500 {
			t.Fatalf("%d rows, %v", n, err)
		}
		want := sel(t, e, fmt.Sprintf(`SELECT CASE WHEN account_key < 0 THEN 5000 + %d * (-1 - account_key) ELSE account_key END AS k, fields, note, '0123456789ab'
 FROM read_parquet(%s) WHERE transfer_date = DATE '2024-05-02' ORDER BY k NULLS FIRST, note`, step, quote(path)))
		if d := cmp.Diff(want, sel(t, e, "SELECT account_key, fields, note, file_id FROM read_parquet("+quote(out)+")")); d != "" {
			t.Errorf("step %d: %s", step, d)
		}
		kv := sel(t, e, "SELECT CAST(decode(key) AS VARCHAR), CAST(decode(value) AS VARCHAR) FROM parquet_kv_metadata("+quote(out)+") ORDER BY 1")
		if d := cmp.Diff([][]any{{"a", "b"}, {"source_sha256", "ab'c"}}, kv); d != "" {
			t.Error(d)
		}
		all, err := e.Convert(t.Context(), pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keysFrom(t, e, 5000, 100, step)}, Day: pipeline.NoDay, FileID: "f", Out: out})
		if err != nil || all != 1000 {
			t.Errorf("%d rows, %v", all, err)
		}
	}
}

// An account without a key would become NULL or a made-up account.
func TestConvertWithoutKey(t *testing.T) {
	e := open(t, Options{Threads: 1})
	path := stage(t, e, 1000)
	for _, keys := range []pipeline.Keys{{}, keysFrom(t, e, 0, 99, 1), keysFrom(t, e, 0, 99, 2)} {
		out := filepath.Join(t.TempDir(), "out.parquet")
		if _, err := e.Convert(t.Context(), pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keys}, Day: pipeline.NoDay, Out: out}); err == nil {
			t.Errorf("%d keys for 100 accounts", keys.N)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("something lies at Out")
		}
	}
}

// Conversions from several goroutines do not mix up their keys.
func TestConvertTogether(t *testing.T) {
	e := open(t, Options{Threads: 1})
	path, dir := stage(t, e, 1000), t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			n, err := e.Convert(t.Context(), pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keysFrom(t, e, int32(10000*(i+1)), 100, 2)}, Day: pipeline.NoDay,
				Out: filepath.Join(dir, fmt.Sprint(i))})
			if err != nil || n != 1000 {
				t.Errorf("%d rows, %v", n, err)
			}
		})
	}
	wg.Wait()
	for i := range 8 {
		got := sel(t, e, "SELECT min(account_key), max(account_key) FROM read_parquet("+quote(filepath.Join(dir, fmt.Sprint(i)))+") WHERE account_key >= 1000")
		if d := cmp.Diff([][]any{{int64(10000 * (i + 1)), int64(10000*(i+1) + 198)}}, got); d != "" {
			t.Error(d)
		}
	}
}

func TestConvertList(t *testing.T) {
	e := open(t, Options{Threads: 1})
	path := filepath.Join(t.TempDir(), "new.parquet")
	export(t, e, "SELECT * FROM (VALUES ('다'), ('a''b'), (''), ('z')) v(account_id)", path)
	for _, c := range []struct {
		keys []int32
		want [][]any
	}{
		{[]int32{10, 11, 12, 13}, [][]any{{int64(10), "it's", "다"}, {int64(11), "it's", "a'b"}, {int64(12), "it's", ""}, {int64(13), "it's", "z"}}},
		{[]int32{10, 4, 11, 10}, [][]any{{int64(10), "it's", "다"}, {int64(11), "it's", ""}}}, // known before, and in the list twice
		{[]int32{6, 7, 8, 9}, nil},
	} {
		out := filepath.Join(t.TempDir(), "out.parquet")
		n, err := e.ConvertList(t.Context(), pipeline.ListConversion{Staged: path, Columns: []string{"account_id"}, Key: "account_key", Keys: keysOf(t, e, 10, c.keys), First: 10,
			Constants: []pipeline.Constant{{Column: "sender", Text: "it's"}}, Out: out})
		if err != nil || n != int64(len(c.want)) {
			t.Fatalf("%d rows, %v", n, err)
		}
		def, _ := pipeline.LookupTable("account_ids")
		mount(t, e, pipeline.Mounted{Def: def, Files: []pipeline.MountedFile{{Path: out}}})
		if d := cmp.Diff(c.want, sel(t, e, "SELECT * FROM account_ids")); d != "" {
			t.Error(d)
		}
	}
	if _, err := e.ConvertList(t.Context(), pipeline.ListConversion{Staged: path, Columns: []string{"account_id"}, Key: "account_key", Keys: pipeline.Keys{N: 1}, Out: path + ".out"}); err == nil {
		t.Error("one key for four accounts")
	}
}

// The bytes of a file depend on its rows alone: not on threads, not on memory.
func TestSameBytes(t *testing.T) {
	const rows = 400_000 // four row groups
	path, want := "", map[string]string{}
	for _, o := range []Options{{Threads: 1}, {Threads: 2}, {Threads: 4}, {Threads: 2, MemoryBytes: 64 << 20}} {
		e := open(t, o)
		if path == "" {
			path = stage(t, e, rows)
		}
		out := filepath.Join(t.TempDir(), "out.parquet")
		for _, keys := range []pipeline.Keys{keysFrom(t, e, 5000, 100, 1), keysFrom(t, e, 5000, 100, 3)} {
			if n, err := e.Convert(t.Context(), pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keys}, Day: pipeline.NoDay, FileID: "f", Out: out}); err != nil || n != rows {
				t.Fatalf("%+v: %d rows, %v", o, n, err)
			}
			compare(t, want, "convert "+fmt.Sprint(keys.File == ""), sum(t, out), o)
		}
		list := stageList(t, e, rows)
		if n, err := e.ConvertList(t.Context(), pipeline.ListConversion{Staged: list, Columns: []string{"account_id"}, Key: "account_key", Keys: keysFrom(t, e, 0, rows, 1), Out: out}); err != nil || n != rows {
			t.Fatalf("%+v: %d entries, %v", o, n, err)
		}
		compare(t, want, "list", sum(t, out), o)
		export(t, e, "SELECT account_key, count(*) AS n, sum(fields) AS s FROM read_parquet("+quote(path)+") GROUP BY account_key ORDER BY account_key", out)
		compare(t, want, "grouped", sum(t, out), o)
		export(t, e, "SELECT * FROM read_parquet("+quote(path)+") ORDER BY note DESC", out)
		compare(t, want, "sorted", sum(t, out), o)
		inRanges(t, e, "SELECT * FROM read_parquet("+quote(path)+") ORDER BY account_key, note", out, "account_key", 0, 1000, 1001, 2500, 1<<31)
		compare(t, want, "in ranges", sum(t, out), o)
	}
}

// Rows that were put in order before give the bytes that the engine's own
// sorting gives, for any number of threads, and whatever groups they lie in.
func TestOrderedRowsGiveTheSameBytes(t *testing.T) {
	const rows = 400_000
	want := ""
	for _, o := range []Options{{Threads: 1}, {Threads: 2}, {Threads: 4}, {Threads: 2, MemoryBytes: 64 << 20}} {
		e := open(t, o)
		path, out := stage(t, e, rows), filepath.Join(t.TempDir(), "out.parquet")
		job := pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keysFrom(t, e, 5000, 100, 1)},
			Day: pipeline.NoDay, FileID: "f", Out: out, Metadata: map[string]string{"a": "b"}}
		convert := func() string {
			if n, err := e.Convert(t.Context(), job); err != nil || n != rows {
				t.Fatalf("%+v: %d rows, %v", o, n, err)
			}
			return sum(t, out)
		}
		if want == "" {
			want = convert()
		}
		for _, group := range []int{10_240, 65_536, 100_000, 1_000_000} {
			job.Staged, job.Ordered = filepath.Join(t.TempDir(), "ordered.parquet"), true
			text := fmt.Sprintf(`COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(%s, file_row_number = true) ORDER BY account_key IS NOT NULL, account_key < 0, abs(account_key), file_row_number)
 TO %s (FORMAT parquet, ROW_GROUP_SIZE %d)`, quote(path), quote(job.Staged), group)
			if err := e.exec(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			if got := convert(); got != want {
				t.Errorf("%+v, groups of %d: %s, want %s", o, group, got, want)
			}
		}
		// In several files, each of whole vectors but the last.
		ordered := job.Staged
		job.Staged, job.More = "", nil
		for i, rows := range []string{"< 2048", ">= 2048 AND file_row_number < 100 * 2048", ">= 100 * 2048"} {
			file := filepath.Join(t.TempDir(), fmt.Sprintf("part%d.parquet", i))
			text := fmt.Sprintf("COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(%s, file_row_number = true) WHERE file_row_number %s ORDER BY file_row_number) TO %s (FORMAT parquet, ROW_GROUP_SIZE 65536)",
				quote(ordered), rows, quote(file))
			if err := e.exec(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				job.Staged = file
			} else {
				job.More = append(job.More, file)
			}
		}
		if got := convert(); got != want {
			t.Errorf("%+v, parts: %s, want %s", o, got, want)
		}
	}
}

// A day, and keys with gaps, need the engine's order, also of rows that were put
// in order before, in several files of which none shares an account.
func TestOrderedRowsAreSortedWhereTheyMustBe(t *testing.T) {
	const rows = 50_000
	e := open(t, Options{})
	path, out := stage(t, e, rows), filepath.Join(t.TempDir(), "out.parquet")
	var parts []string
	for i, part := range []string{"account_key IS NULL OR account_key BETWEEN 0 AND 400", "account_key > 400 OR account_key > -50 AND account_key < 0", "account_key <= -50"} {
		parts = append(parts, filepath.Join(t.TempDir(), fmt.Sprintf("part%d.parquet", i)))
		text := fmt.Sprintf("COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(%s, file_row_number = true) WHERE %s ORDER BY account_key IS NOT NULL, account_key < 0, abs(account_key), file_row_number) TO %s (FORMAT parquet)",
			quote(path), part, quote(parts[i]))
		if err := e.exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for _, keys := range []pipeline.Keys{keysFrom(t, e, 5000, 100, 3), keysFrom(t, e, 5000, 100, 1)} {
		for _, on := range []pipeline.Day{pipeline.NoDay, day("2024-05-01")} {
			job := pipeline.Conversion{Staged: path, Columns: staged, Keys: map[string]pipeline.Keys{"account_key": keys}, Day: on, FileID: "f", Out: out}
			want := int64(rows)
			if on != pipeline.NoDay {
				want = rows / 2
			}
			for _, inParts := range []bool{false, true} {
				if inParts {
					job.Staged, job.More, job.Ordered = parts[0], parts[1:], true
				}
				if n, err := e.Convert(t.Context(), job); err != nil || n != want {
					t.Fatalf("%d rows of %d, %v", n, want, err)
				}
				// note is the row's place in the delivered file
				wrong := sel(t, e, "SELECT count(*) FROM (SELECT account_key < lag(account_key) OVER w OR account_key IS NULL AND lag(account_key) OVER w IS NOT NULL OR account_key IS NOT DISTINCT FROM lag(account_key) OVER w AND note < lag(note) OVER w AS wrong FROM read_parquet("+
					quote(out)+", file_row_number = true) WINDOW w AS (ORDER BY file_row_number)) WHERE wrong")
				if wrong[0][0] != int64(0) {
					t.Errorf("keys from %d, day %v, in parts %v: %v rows are out of order", keys.First, on, inParts, wrong[0][0])
				}
			}
		}
	}
	// Two entries that are one account: the rows of the first come first.
	twice := make([]int32, 100)
	for i := range twice {
		twice[i] = 5000 + int32(i)%50
	}
	job := pipeline.Conversion{Staged: parts[0], More: parts[1:], Ordered: true, Columns: staged,
		Keys: map[string]pipeline.Keys{"account_key": keysOf(t, e, 5000, twice)}, Day: pipeline.NoDay, FileID: "f", Out: out}
	if _, err := e.Convert(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	got := sel(t, e, "SELECT account_key, note FROM read_parquet("+quote(out)+") WHERE account_key = 5000")
	want := sel(t, e, "SELECT 5000, note FROM read_parquet("+quote(path)+", file_row_number = true) WHERE account_key IN (-1, -51) ORDER BY account_key DESC, file_row_number")
	if d := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); d != "" || len(got) == 0 {
		t.Error(d)
	}
}

// stageList stages accounts that are all new.
func stageList(t *testing.T, e *Engine, rows int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.parquet")
	export(t, e, fmt.Sprintf("SELECT sha256(CAST(range AS VARCHAR)) AS account_id FROM range(%d) ORDER BY range", rows), path)
	return path
}

func compare(t *testing.T, want map[string]string, what, got string, o Options) {
	t.Helper()
	if want[what] == "" {
		want[what] = got
	}
	if want[what] != got {
		t.Errorf("%s: other bytes with %+v", what, o)
	}
}

func TestCancelledExport(t *testing.T) {
	e := open(t, Options{Threads: 1})
	out := filepath.Join(t.TempDir(), "out.parquet")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Export(ctx, "SELECT 1 AS a", out); err == nil {
		t.Error("exported after the end")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something lies at the path")
	}
}

// A column that the engine is told gives the bytes of one that is staged, at the
// ends of its type too.
func TestToldColumns(t *testing.T) {
	e := open(t, Options{})
	columns := []pipeline.Column{{Name: "account_key", Type: "INTEGER"}, {Name: "transfer_date", Type: "DATE"}, {Name: "recipient_key", Type: "INTEGER"}, {Name: "fields", Type: "BIGINT"}}
	for _, c := range []struct {
		day, recipient, fields int64
	}{
		{17622, -1, 3}, {-719162, 0, math.MinInt64}, {2932896, -2, math.MaxInt64},
	} {
		rows := "range * 7919 % 1000 AS account_key FROM range(5000) ORDER BY account_key"
		whole, told := filepath.Join(t.TempDir(), "whole.parquet"), filepath.Join(t.TempDir(), "told.parquet")
		export(t, e, fmt.Sprintf("SELECT DATE '1970-01-01' + CAST(%d AS INTEGER) AS transfer_date, CAST(%d AS INTEGER) AS recipient_key, CAST(%d AS BIGINT) AS fields, ", c.day, c.recipient, c.fields)+rows, whole)
		export(t, e, "SELECT "+rows, told)
		job := pipeline.Conversion{Staged: whole, Columns: columns, Ordered: true, Day: pipeline.NoDay, FileID: "f", Out: whole + ".out",
			Keys: map[string]pipeline.Keys{"recipient_key": keysFrom(t, e, 7, 2, 1)}}
		if n, err := e.Convert(t.Context(), job); err != nil || n != 5000 {
			t.Fatal(n, err)
		}
		job.Staged, job.Out = told, told+".out"
		job.Same = map[string]int64{"transfer_date": c.day, "recipient_key": c.recipient, "fields": c.fields}
		if n, err := e.Convert(t.Context(), job); err != nil || n != 5000 {
			t.Fatal(n, err)
		}
		if sum(t, whole+".out") != sum(t, told+".out") {
			t.Errorf("%+v: other bytes", c)
		}
		want := [][]any{{int64(1), int64(1), int64(1), c.fields}}
		if d := cmp.Diff(want, sel(t, e, "SELECT count(DISTINCT transfer_date), count(DISTINCT recipient_key), count(DISTINCT fields), min(fields) FROM read_parquet("+quote(job.Out)+")")); d != "" {
			t.Error(d)
		}
	}
}
