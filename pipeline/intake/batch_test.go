package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// stagedBytes are the receipt of a file, and the bytes of what was staged.
type stagedBytes struct {
	Receipt pipeline.Staged
	Files   [4]string
}

func stageWith(t testing.TB, threads int, size batchSize, limit int, src *pipeline.Source, name string, text []byte, known *pipeline.Registry) stagedBytes {
	t.Helper()
	r := New(Options{Threads: threads, MaxRecord: limit, Open: func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
	r.batch = size
	st, err := r.Read(context.Background(), src, name, t.TempDir(), ready(known))
	if err != nil {
		t.Fatal(err)
	}
	if n, want := r.helpers.idle.Load(), int64(threads); n != want && threads > 1 {
		t.Fatalf("%d helpers of %d are left", n, want)
	}
	out := stagedBytes{Receipt: *st}
	for i, path := range []*string{&out.Receipt.Rows, &out.Receipt.Rejects, &out.Receipt.NewAccounts, &out.Receipt.Recipients} {
		if *path != "" {
			data, err := os.ReadFile(*path)
			if err != nil {
				t.Fatal(err)
			}
			out.Files[i], *path = string(data), "staged"
		}
	}
	return out
}

// spoil puts bytes that mean something into random places.
func spoil(rnd *rand.Rand, d *pipeline.Dialect, data []byte) []byte {
	marks := []string{string(d.Quote), string(d.Quote), string(d.Delimiter), "\n", "\r", "\r\n", "\x00", "\xff", "가", "\\", "#", strings.Repeat("long ", 90)}
	for range rnd.IntN(8) {
		at := rnd.IntN(len(data) + 1)
		data = append(data[:at:at], append([]byte(marks[rnd.IntN(len(marks))]), data[at:]...)...)
	}
	return data
}

// A file gives the same receipt and the same staged bytes whether its records
// are read one by one or in batches, by one goroutine or several, and wherever
// batches and buffers end.
func TestBatchesAndHelpersChangeNothing(t *testing.T) {
	sizes := []batchSize{{}, {records: 1, bytes: 1, buffer: 64}, {records: 3, bytes: 40, buffer: 128},
		{records: 7, bytes: 1 << 20, buffer: 200}, {records: 1000, bytes: 1 << 20, buffer: 96}, {records: 2, bytes: 1 << 20}}
	refused, rejected, loaded := 0, 0, 0
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 31))
		f := newRandomFile(seed)
		f.src.Schema.Fields[1].Unique = seed%3 == 0
		f.src.Schema.Fields[0].Required = seed%4 == 0
		known := pipeline.NewRegistry()
		for i := range 10 {
			known.Add("bank", fmt.Appendf(nil, "k%d", i))
		}
		data, _ := f.bytes(t)
		if seed%2 == 0 {
			data = spoil(rnd, &f.src.Dialect, data)
		}
		limit := []int{0, 120, 400}[rnd.IntN(3)]
		want := stageWith(t, 1, batchSize{records: -1}, limit, f.src, f.name, data, known)
		switch {
		case want.Receipt.Status == pipeline.Refused:
			refused++
		case want.Receipt.Rejected > 0:
			rejected++
		default:
			loaded++
		}
		for _, size := range sizes {
			for _, threads := range []int{1, 2 + int(seed%7)} {
				got := stageWith(t, threads, size, limit, f.src, f.name, data, known)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %d threads, %+v, %s %+v: %s", seed, threads, size, f.src.Encoding, f.src.Dialect, diff)
				}
			}
		}
	}
	if refused < 8 || rejected < 20 || loaded < 20 {
		t.Errorf("%d files refused, %d with rejects, %d without", refused, rejected, loaded)
	}
}

// Records, quotes and fields that are longer than the buffers, in a file of
// several row groups.
func TestLargeFileInBatches(t *testing.T) {
	src := plain()
	src.Schema.Fields[2].Unique = true
	var b bytes.Buffer
	b.WriteString("id,note,mail\n")
	for i := range 100_000 {
		switch {
		case i%1000 == 17:
			fmt.Fprintf(&b, "k%d,\"%s\r\n\"\"x\",m%d\n", i%3000, strings.Repeat("line\n", 3*i%4000), i)
		case i%777 == 5:
			fmt.Fprintf(&b, "k%d,\"open,m%d\n", i, i)
		case i%500 == 9:
			fmt.Fprintf(&b, "k%d,twice,m%d\n", i, i-1)
		default:
			fmt.Fprintf(&b, "k%d,note %d,m%d\n", i%40_000, i%7, i)
		}
	}
	want := stageWith(t, 1, batchSize{records: -1}, 0, src, "a.csv", b.Bytes(), nil)
	if want.Receipt.Status != pipeline.Loaded || want.Receipt.Reasons["duplicate_value"] < 150 || want.Receipt.Reasons["unterminated_quote"]+want.Receipt.Reasons["stray_quote"] < 100 {
		t.Fatal(want.Receipt.Reason, want.Receipt.Reasons)
	}
	for _, threads := range []int{1, 2, 16} {
		for _, size := range []batchSize{{}, {records: 100, bytes: 5000, buffer: 4096}} {
			if got := stageWith(t, threads, size, 0, src, "a.csv", b.Bytes(), nil); !cmp.Equal(want, got) {
				t.Errorf("%d threads, %+v: %s", threads, size, cmp.Diff(want.Receipt, got.Receipt))
			}
		}
	}
}

// Whatever ends the reading ends its goroutines, and gives the helpers back.
func TestHelpersEndWithTheReading(t *testing.T) {
	before := runtime.NumGoroutine()
	text := []byte("id,note,mail\n" + strings.Repeat("k1,note,mail\n", 200_000))
	open := func(in io.Reader) func(string) (io.ReadCloser, error) {
		return func(string) (io.ReadCloser, error) { return io.NopCloser(in), nil }
	}
	r := New(Options{Threads: 4})
	r.batch = batchSize{records: 100, bytes: 4000, buffer: 8000}
	for name, c := range map[string]struct {
		in    io.Reader
		probe func(int64)
		dir   string
		fails bool
	}{
		"a regular end":           {in: bytes.NewReader(text)},
		"a crash of a helper":     {in: bytes.NewReader(text), probe: func(n int64) { _ = make([]int, 1)[max(0, n-100_000)] }},
		"a failing disk":          {in: io.MultiReader(strings.NewReader(string(text[:1<<20])), &failing{Reader: strings.NewReader(""), err: errDisk}), fails: true},
		"a folder that is gone":   {in: bytes.NewReader(text), dir: "/gone", fails: true},
		"a crash of the finding":  {in: &failing{Reader: bytes.NewReader(text), crash: "x"}},
		"a file that never ends ": {in: &repeated{text: "k1,note,mail\n", n: 1 << 50}, fails: true},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if !strings.Contains(name, "never") {
			ctx, cancel = context.WithCancel(context.Background())
		}
		r.opts.Open, r.probe = open(c.in), c.probe
		if _, err := r.Read(ctx, plain(), "a.csv", t.TempDir()+c.dir, nil); (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		} else if c.fails && !errors.Is(err, errDisk) && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		if n := r.helpers.idle.Load(); n != 4 {
			t.Errorf("%s: %d helpers of 4 are left", name, n)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines more than before", runtime.NumGoroutine()-before)
}

// Files that are read at the same time share buffers, and none sees a byte of
// another.
func TestFilesReadTogether(t *testing.T) {
	const files, records = 4, 60_000
	r := New(Options{Threads: 8})
	src, dir := plain(), t.TempDir()
	src.Schema.Fields[1].Pattern = "[b-e]{60,99}"
	for file := range files {
		var text strings.Builder
		text.WriteString("id,note,mail\n")
		for i := range records {
			fmt.Fprintf(&text, "a%d,%s,m\n", i, strings.Repeat(string(rune('b'+file)), 60+i%40))
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(file)), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for file := range files {
		staged := t.TempDir()
		wg.Go(func() {
			for range 3 {
				st, err := r.Read(context.Background(), src, filepath.Join(dir, fmt.Sprint(file)), staged, nil)
				if err != nil || st.Accepted != records {
					t.Errorf("file %d: %v, %d accepted, %v", file, err, st.Accepted, st.Reasons)
					return
				}
			}
		})
	}
	wg.Wait()
}
