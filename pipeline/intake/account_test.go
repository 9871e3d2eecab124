package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// Whatever does not add up refuses the file.
func TestAccounting(t *testing.T) {
	for what, tamper := range map[string]func(*delivery, *stream){
		"":                              func(*delivery, *stream) {},
		"accepted and rejected records": func(f *delivery, _ *stream) { f.records++ },
		"rejects by reason":             func(f *delivery, _ *stream) { f.staged.Reasons["x"]++ },
		"records by day":                func(f *delivery, _ *stream) { f.days[1]++ },
		"staged rows":                   func(f *delivery, _ *stream) { f.rows.total-- },
		"staged rejects":                func(f *delivery, _ *stream) { f.rejects.total++ },
		"new accounts":                  func(f *delivery, _ *stream) { f.accounts.total++ },
		"recipients":                    func(f *delivery, _ *stream) { f.recipients.total++ },
		"bytes":                         func(_ *delivery, s *stream) { s.text++ },
		"lines":                         func(f *delivery, _ *stream) { f.lines-- },
		"2 records read, 1 counted":     func(_ *delivery, s *stream) { s.count.records-- },
	} {
		l, err := compile(plain())
		if err != nil {
			t.Fatal(err)
		}
		f := newDelivery(l, "a.csv", t.TempDir(), nil)
		New(Options{}).delivery(f)
		s := newStream("a.csv", charsetUTF8, &l.src.Dialect, &spares{})
		go s.run(context.Background(), strings.NewReader("id,note,mail\na,b,c\n"))
		err = f.read(s)
		s.abandon()
		if err != nil {
			t.Fatal(err)
		}
		tamper(f, s)
		f.tallied(s)
		err = f.settle()
		if what == "" && err != nil || what != "" && (err == nil || !strings.Contains(err.Error(), "accounting: ") || !strings.Contains(err.Error(), what)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Lines that a quote swallowed are read again with all their own quotes.
func TestSwallowedQuotesAreReadAgain(t *testing.T) {
	res := read(t, plain(), "id,note,mail\na,\"b,c\nd,\"\",f\ng,h,\"\"\n")
	mustLoad(t, res)
	if diff := cmp.Diff([]any{nil, "h"}, columnOf(res, "note")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2 unterminated_quote note"}, reasonsOf(res)); diff != "" {
		t.Error(diff)
	}
}

// The size of the buffer changes nothing, wherever its border falls.
func TestBufferSizesDoNotMatter(t *testing.T) {
	text := "id,note\r\na1,\"x\r\ny\"\r\n\r\nlonger field,\"\"\"q\"\"\"\r\nb,\"open\r\nc,d\r\n" + strings.Repeat("e,f\r\n", 9)
	for _, end := range []string{"", "\n", "\r", "\r\n"} {
		for _, swap := range []string{"\r\n", "\n", "\r"} {
			d := pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, LineTerminator: end}
			b := []byte(strings.ReplaceAll(text, "\r\n", swap))
			want := pieces(t, b, d, 1<<20)
			for chunk := 4; chunk < 80; chunk++ {
				if diff := cmp.Diff(want, pieces(t, b, d, chunk)); diff != "" {
					t.Fatalf("%q, %q, buffer of %d: %s", end, swap, chunk, diff)
				}
			}
		}
	}
}

func pieces(t *testing.T, text []byte, d pipeline.Dialect, chunk int) (out [][]any) {
	t.Helper()
	tok := newTokenizer(bytes.NewReader(text), d, findLineEnds(&d, text), 40, 4)
	tok.chunk = chunk
	var rec record
	for {
		kind, err := tok.next(&rec)
		if errors.Is(err, io.EOF) {
			return append(out, []any{tok.newlines})
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, []any{kind, rec.line, rec.last, rec.offset, rec.bytes, rec.problem.reason, rec.problem.detail, string(bytes.Join(rec.fields, []byte("|")))})
	}
}

// A disk that fails while the rest of a refused file is hashed is the machine's
// failure: the file may be good.
func TestDiskFailsAfterRefusal(t *testing.T) {
	r := New(Options{Open: func(string) (io.ReadCloser, error) {
		return &failing{Reader: &repeated{head: "wrong,header\n", text: "x\n", n: 64 << 20}, err: errDisk}, nil
	}})
	if st, err := r.Read(context.Background(), plain(), "a.csv", t.TempDir(), nil); !errors.Is(err, errDisk) {
		t.Error(st, err)
	}
}
