package intake

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// repeated is a text, n bytes long, that nobody holds in memory.
type repeated struct {
	head, text, tail string
	n                int64
	at               int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.head != "" {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if r.n <= 0 {
		if r.tail == "" {
			return 0, io.EOF
		}
		n := copy(p, r.tail)
		r.tail = r.tail[n:]
		return n, nil
	}
	n := 0
	for n < len(p) && r.n > 0 {
		m := copy(p[n:], r.text[r.at:])
		m = int(min(int64(m), r.n))
		r.at = (r.at + m) % len(r.text)
		r.n -= int64(m)
		n += m
	}
	return n, nil
}

// within runs f and fails where the process took more memory than that.
func mustStayWithin(t *testing.T, mib uint64, f func()) {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if grown := (max(after.HeapSys, before.HeapSys) - before.HeapSys) >> 20; grown > mib {
		t.Errorf("the heap grew by %d MiB, more than %d", grown, mib)
	}
}

func readStream(t *testing.T, src *pipeline.Source, name string, in io.Reader) *pipeline.Staged {
	t.Helper()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return io.NopCloser(in), nil }})
	st, err := r.Read(context.Background(), src, name, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// A line of 2 GB is one rejected record; the records around it stand.
func TestTwoGigabyteLine(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 2 GB")
	}
	for _, c := range []struct{ head, text, reason string }{
		{"id,note,mail\na,b,c\nx,", "y", "over_long"},
		{"id,note,mail\na,b,c\nx,\"", "yyyyyyyyy,", "over_long"},
	} {
		mustStayWithin(t, 64, func() {
			st := readStream(t, plain(), "a.csv", &repeated{head: c.head, text: strings.Repeat(c.text, 8<<10), n: 2 << 30, tail: "\nd,e,f\n"})
			if diff := cmp.Diff(map[string]int64{c.reason: 1}, st.Reasons); diff != "" || st.Accepted != 2 || st.Lines != 4 {
				t.Errorf("%s: %d accepted, %d lines, %s", st.Reason, st.Accepted, st.Lines, diff)
			}
		})
	}
}

// An open quote before very many lines costs one record, however far it runs.
func TestQuoteBeforeManyLines(t *testing.T) {
	mustStayWithin(t, 64, func() {
		st := readStream(t, plain(), "a.csv", &repeated{head: "id,note,mail\na,\"b,c\n", text: "d,e," + strings.Repeat("f", 2043) + "\n", n: 256 << 20})
		if st.Accepted != 128<<10 || st.Reasons["unterminated_quote"] != 1 {
			t.Errorf("%s: %d accepted, %v", st.Reason, st.Accepted, st.Reasons)
		}
	})
}

func TestHundredThousandColumns(t *testing.T) {
	mustStayWithin(t, 128, func() {
		wide := strings.Repeat("x,", 99_999) + "x\n"
		st := readStream(t, plain(), "a.csv", strings.NewReader("id,note,mail\na,b,c\n"+wide+wide))
		if diff := cmp.Diff(map[string]int64{"too_many_fields": 2}, st.Reasons); diff != "" || st.Accepted != 1 {
			t.Error(st.Reason, diff)
		}
		st = readStream(t, plain(), "a.csv", strings.NewReader(wide))
		if st.Status != pipeline.Refused || len(st.Reason) > 400 {
			t.Error(st.Status, st.Reason)
		}
		src := plain()
		src.Schema.Fields = nil
		var header strings.Builder
		for i := range 100_000 {
			src.Schema.Fields = append(src.Schema.Fields, field(fmt.Sprint("c", i), "string", pipeline.RoleIgnore))
			fmt.Fprintf(&header, ",c%d", i)
		}
		st = readStream(t, src, "a.csv", strings.NewReader(header.String()[1:]+"\n"+wide))
		if st.Status != pipeline.Loaded || st.Accepted != 1 {
			t.Error(st.Status, st.Reason)
		}
	})
}

// A small gzip file that becomes a very large text is read in constant memory.
func TestGzipBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses 2 GiB")
	}
	path := t.TempDir() + "/bomb.csv.gz"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	member := func(text string, times int) { // repeated members: packed once
		var b strings.Builder
		w := gzip.NewWriter(&b)
		if _, err := io.Copy(w, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for range times {
			if _, err := f.WriteString(b.String()); err != nil {
				t.Fatal(err)
			}
		}
	}
	member("id,note,mail\na,b,c\n", 1)
	member(strings.Repeat("\x00", 64<<20), 32)
	member("\nd,e,f\n", 1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	mustStayWithin(t, 64, func() {
		st, err := New(Options{}).Read(context.Background(), plain(), path, t.TempDir(), nil)
		if err != nil || st.Accepted != 2 || st.Reasons["over_long"] != 1 {
			t.Error(err, st)
		}
	})
}

func mustBeEmpty(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("%d files left behind, %v", len(entries), err)
	}
}
