package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"exhibit/pipeline"
)

// FuzzDecoders holds every codec to x/text: what it calls valid decodes to the
// same text and back to the same bytes, and what it refuses, x/text could only
// decode with a replacement character.
func FuzzDecoders(f *testing.F) {
	for _, s := range []string{"", "abc", "\xb0\xa1\xb3\xaa", "\x80", "\xc7", "\xc7,", "\x8c\x63", "\x81\x8d", "\xff\xfe", "가", "\xd8\x3d\xde\x00", "\xa1\xff", "\xc9\xa1"} {
		f.Add([]byte(s))
	}
	cs := &codecs{}
	f.Fuzz(func(t *testing.T, b []byte) {
		for c, other := range map[charset]*charmap.Charmap{charsetWindows1252: charmap.Windows1252, charsetLatin1: charmap.ISO8859_1} {
			want, err := other.NewDecoder().Bytes(b)
			if codec := cs.get(c); codec.valid(b) && (err != nil || !bytes.Equal(want, codec.decode(nil, b))) {
				t.Fatalf("%d: %q, want %q", c, codec.decode(nil, b), want)
			}
		}
		cp949 := cs.get(charsetCP949)
		want, err := korean.EUCKR.NewDecoder().Bytes(b)
		if clean := err == nil && !bytes.ContainsRune(want, utf8.RuneError); cp949.valid(b) != clean {
			t.Fatalf("cp949 valid: %v, x/text gives %q", !clean, want)
		}
		if cp949.valid(b) {
			back, err := korean.EUCKR.NewEncoder().Bytes(cp949.decode(nil, b))
			if err != nil || !bytes.Equal(cp949.decode(nil, b), want) || !bytes.Equal(back, b) {
				t.Fatalf("cp949 %q: decoded %q, want %q, and back %q", b, cp949.decode(nil, b), want, back)
			}
		}
		fuzzUTF16(t, b)
	})
}

func fuzzUTF16(t *testing.T, b []byte) {
	t.Helper()
	for _, big := range []bool{false, true} {
		u := newUTF16Reader(bytes.NewReader(b), big)
		u.raw = u.raw[:16]
		var got []byte
		buf := make([]byte, 5)
		var err error
		for err == nil {
			var n int
			n, err = u.Read(buf)
			got = append(got, buf[:n]...)
		}
		if odd := len(b)%2 == 1; odd != errors.Is(err, oddUTF16) {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		if utf16Bytes(got) != int64(len(b)&^1) {
			t.Fatalf("%d bytes of UTF-16 count as %d", len(b), utf16Bytes(got))
		}
		order := unicode.LittleEndian
		if big {
			order = unicode.BigEndian
		}
		want, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(b[:len(b)&^1])
		if err != nil {
			t.Fatal(err)
		}
		// x/text replaces a lone surrogate; ours must show as invalid then.
		replaced := bytes.Count(want, []byte("\uFFFD")) > bytes.Count(got, []byte("\uFFFD"))
		if replaced == utf8.Valid(got) || !replaced && !bytes.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// FuzzRead: no input makes the reader crash or lose a record. What comes back is
// loaded with accounts that add up, or refused with a reason, the hash is of all
// bytes, and small batches and several goroutines give the same.
func FuzzRead(f *testing.F) {
	for i, s := range []string{"id,note,mail\na,b,c\n", "id,note,mail\r\na,\"b\r\nb\",c\r\n", gzipped("id,note,mail\na,b,c\n"), zstandard("id,note,mail\na,b,c\n"),
		"\xef\xbb\xbfid,note,mail\na,b,\xff", "\xff\xfei\x00d\x00,\x00n\x00o\x00t\x00e\x00,\x00m\x00a\x00i\x00l\x00\n\x00", "id,note,mail\ra,\"b,c\rd,e,f\r", "id,note,mail\na,b\x00,c\n,,\n\n"} {
		f.Add([]byte(s), uint8(i))
	}
	r := New(Options{MaxRecord: 64})
	encodings := []string{"utf-8", "cp949", "windows-1252", "latin-1", "utf-16", "utf-16le", "utf-16be"}
	names := []string{"a.csv", "a.csv.gz", "a.csv.zst"}
	f.Fuzz(func(t *testing.T, text []byte, how uint8) {
		src := plain()
		src.Encoding = encodings[int(how)%7]
		src.Dialect.Header = how&64 == 0
		src.NewFields = map[bool]string{true: "record"}[how&128 == 0]
		res := readWith(t, r, src, names[int(how)%3], text, nil)
		if len(res.SHA256) != 64 || res.Bytes != int64(len(text)) {
			t.Fatalf("hash %q of %d bytes", res.SHA256, res.Bytes)
		}
		switch {
		case strings.Contains(res.Reason, "crash"), strings.Contains(res.Reason, "accounting"):
			t.Fatal(res.Reason)
		case res.Status == pipeline.Refused:
			if res.Reason == "" {
				t.Fatal("refused without a reason")
			}
		case res.Records > 0 && res.Accepted == 0:
			t.Fatal("loaded without a record")
		}
		one := stageWith(t, 1, batchSize{records: -1}, 64, src, names[int(how)%3], text, nil)
		some := stageWith(t, 3, batchSize{records: 2, bytes: 30, buffer: 80}, 64, src, names[int(how)%3], text, nil)
		if diff := cmp.Diff(one, some); diff != "" {
			t.Fatal(diff)
		}
		for _, note := range columnOf(res, "note") {
			if s, ok := note.(string); ok && !utf8.ValidString(s) {
				t.Fatalf("a staged text is no UTF-8: %q", s)
			}
		}
	})
}

// failing gives some bytes, and then an error or a crash.
type failing struct {
	io.Reader
	err   error
	crash any
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		if f.crash != nil {
			panic(f.crash)
		}
		return n, f.err
	}
	return n, err
}

func (f *failing) Close() error { return nil }

// A disk that fails midway is an error and no refusal, and leaves nothing.
func TestDiskFails(t *testing.T) {
	text := longText()
	for name, data := range map[string]string{"a.csv": text, "a.csv.gz": gzipped(text)} {
		dir := t.TempDir()
		r := New(Options{Open: func(string) (io.ReadCloser, error) {
			return &failing{Reader: strings.NewReader(data[:len(data)/2]), err: errDisk}, nil
		}})
		if st, err := r.Read(context.Background(), plain(), name, dir, nil); !errors.Is(err, errDisk) || st != nil {
			t.Errorf("%s: %v", name, err)
		}
		mustBeEmpty(t, dir)
	}
	if _, err := New(Options{}).Read(context.Background(), plain(), "/nowhere/a.csv", t.TempDir(), nil); err == nil {
		t.Error("a file that is not there was read")
	}
	res, err := New(Options{}).Read(context.Background(), plain(), t.TempDir(), t.TempDir(), nil)
	if err != nil || res.Status != pipeline.Refused || res.SHA256 != "" {
		t.Errorf("a folder: %v, %v", res, err)
	}
}

func TestStagingFolderIsGone(t *testing.T) {
	r := New(Options{Open: func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("id,note,mail\na,b,c\n")), nil
	}})
	if st, err := r.Read(context.Background(), plain(), "a.csv", t.TempDir()+"/gone", nil); err == nil {
		t.Errorf("staged into nothing: %+v", st)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return io.NopCloser(&repeated{text: "a,b,c\n", n: 1 << 40}), nil }})
	r.probe = func(n int64) {
		if n == 1000 {
			cancel()
		}
	}
	src := plain()
	src.Dialect.Header = false
	if _, err := r.Read(ctx, src, "a.csv", dir, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	mustBeEmpty(t, dir)
}

// A crash on either side refuses the file; the reader goes on with the next.
func TestCrashRefusesOneFile(t *testing.T) {
	text := longText()
	r := New(Options{})
	r.probe = func(n int64) {
		if n == 777 {
			var none []int
			_ = none[n]
		}
	}
	res := readWith(t, r, plain(), "a.csv", []byte(text), nil)
	mustRefuse(t, res, "reader crash: runtime error: index out of range")
	if len(res.SHA256) != 64 || res.Bytes != int64(len(text)) {
		t.Errorf("hash %q of %d bytes", res.SHA256, res.Bytes)
	}
	r.probe = nil
	mustLoad(t, readWith(t, r, plain(), "a.csv", []byte(text), nil))

	r.opts.Open = func(string) (io.ReadCloser, error) {
		return &failing{Reader: strings.NewReader(text), crash: "kim@example.com"}, nil
	}
	st, err := r.Read(context.Background(), plain(), "a.csv", t.TempDir(), nil)
	if err != nil || st.Status != pipeline.Refused || st.Reason != "reader crash" {
		t.Error(st, err)
	}
}
