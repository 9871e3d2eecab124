package gunzip_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"exhibit/pipeline/intake/gunzip"
)

// texts are of the kinds that make a compressor write what it can: long codes,
// matches near and far, no matches, blocks that are stored.
func texts() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	var skewed bytes.Buffer // symbol n is half as frequent as n-1: codes up to the longest
	for i := range 200_000 {
		skewed.WriteByte(byte(rng.Uint64N(uint64(1)<<(i%40)) % 251))
		skewed.WriteByte(byte('a' + min(25, trailing(rng.Uint64()))))
	}
	far := append(bytes.Clone(random[:32<<10]), random[:32<<10]...)
	var lines strings.Builder
	for i := range 8_000 {
		fmt.Fprintf(&lines, "2018-04-%02d,%x,user%d@mail.example,%d,APP\n", i%30+1, rng.Uint64(), rng.Uint32()%9999, i)
	}
	return map[string][]byte{
		"empty":  {},
		"byte":   {'x'},
		"one":    bytes.Repeat([]byte{0}, 500_000),
		"seven":  bytes.Repeat([]byte("abcdefg"), 70_000),
		"hex":    []byte(hex.EncodeToString(random)),
		"random": random,
		"skewed": skewed.Bytes(),
		"far":    bytes.Repeat(far, 5),
		"lines":  []byte(lines.String()),
	}
}

func trailing(x uint64) (n int) {
	for ; x&1 == 1; x >>= 1 {
		n++
	}
	return n
}

func packed(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	for len(text) > 0 { // with flushes: empty stored blocks, and blocks of all sizes
		n := min(len(text), 70_001)
		if _, err := w.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(in io.Reader) ([]byte, error) {
	r, err := gunzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestTextsOfAllKinds(t *testing.T) {
	sources := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r },
		"half":  iotest.HalfReader,
		"late":  iotest.DataErrReader,
		"bytes": iotest.OneByteReader,
	}
	for name, text := range texts() {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			data := packed(t, text, level)
			for how, source := range sources {
				if got, err := read(source(bytes.NewReader(data))); err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s at level %d from %s: %d bytes of %d, %v", name, level, how, len(got), len(text), err)
				}
			}
		}
	}
}

func TestReadsOfAnySize(t *testing.T) {
	text := texts()["lines"]
	r, err := gunzip.NewReader(bytes.NewReader(packed(t, text, 6)))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, text); err != nil {
		t.Error(err)
	}
}

// Members follow each other as one text, and no match reaches into the member
// before.
func TestMembers(t *testing.T) {
	var data, want []byte
	for _, name := range []string{"empty", "lines", "empty", "byte", "far", "one"} {
		data = append(data, packed(t, texts()[name], 6)...)
		want = append(want, texts()[name]...)
	}
	if got, err := read(bytes.NewReader(data)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}

	reaches := member("abc", new(bitWriter).fixed(true).match(3, 3).symbol(256, 7))
	data = append(packed(t, []byte("abc"), 6), reaches...)
	if _, err := read(bytes.NewReader(data)); !errors.Is(err, gunzip.ErrCorrupt) {
		t.Errorf("a match into the member before: %v", err)
	}
}

func TestEveryLengthAndDistance(t *testing.T) {
	distances := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16, 17, 63, 64, 257, 258, 259, 4097, 24577, 32767, 32768}
	var want []byte
	w := new(bitWriter).fixed(true)
	for i := range 32768 {
		b := byte(i * 7 % 143)
		want = append(want, b)
		w.symbol(int(b), 8)
	}
	for _, distance := range distances {
		for length := 3; length <= 258; length++ {
			w.match(length, distance)
			for range length {
				want = append(want, want[len(want)-distance])
			}
		}
	}
	data := member(string(want), w.symbol(256, 7))
	if got, err := read(bytes.NewReader(data)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}

// However a file was cut off, it is cut off, and nothing was made up for what
// is missing.
func TestEveryCut(t *testing.T) {
	for _, name := range []string{"empty", "lines", "random", "seven"} {
		text := texts()[name]
		text = text[:min(len(text), 3_000)]
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestCompression} {
			data := packed(t, text, level)
			for n := range data {
				if got, err := read(bytes.NewReader(data[:n])); err != io.ErrUnexpectedEOF || !bytes.HasPrefix(text, got) {
					t.Fatalf("%s at level %d cut to %d of %d bytes: %d bytes, %v", name, level, n, len(data), len(got), err)
				}
			}
		}
	}
}

// A bit that was turned is found, or stood where it means nothing: in MTIME, XFL
// or OS of the header, or in the padding before a stored block.
func TestEveryBit(t *testing.T) {
	text := texts()["lines"][:2_000]
	data := packed(t, text, 6)
	for i := range data {
		for bit := range 8 {
			turned := bytes.Clone(data)
			turned[i] ^= 1 << bit
			if got, err := read(bytes.NewReader(turned)); err == nil && !bytes.Equal(got, text) {
				t.Fatalf("bit %d of byte %d: other text, no error", bit, i)
			}
		}
	}
}

func TestErrorOfTheSource(t *testing.T) {
	data := packed(t, texts()["hex"], 6)
	broken := errors.New("disk on fire")
	for n := 0; n < len(data); n += 997 {
		if _, err := read(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))); err != broken {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	body := member("abc", new(bitWriter).fixed(true).symbol('a', 8).symbol('b', 8).symbol('c', 8).symbol(256, 7))[10:]
	head := func(flags byte, rest string) string {
		return "\x1f\x8b\x08" + string(flags) + "\x00\x00\x00\x00\x00\xff" + rest
	}
	checked := head(1<<1|1<<3, "name\x00")
	crc := crc32.ChecksumIEEE([]byte(checked))
	for name, c := range map[string]struct {
		head string
		want error
	}{
		"plain":          {head(0, ""), nil},
		"name":           {head(1<<3, "a name\x00"), nil},
		"long name":      {head(1<<3, strings.Repeat("long", 300_000)+"\x00"), nil},
		"comment":        {head(1<<4, "words\x00"), nil},
		"extra":          {head(1<<2, "\x03\x00abc"), nil},
		"largest extra":  {head(1<<2, "\xff\xff"+strings.Repeat("x", 65535)), nil},
		"all":            {head(1<<2|1<<3|1<<4, "\x03\x00abcname\x00words\x00"), nil},
		"text":           {head(1, ""), nil},
		"header crc":     {checked + string([]byte{byte(crc), byte(crc >> 8)}), nil},
		"bad header crc": {checked + string([]byte{byte(crc), byte(crc>>8) ^ 1}), gunzip.ErrHeader},
		"reserved flag":  {head(1<<5, ""), gunzip.ErrHeader},
		"other method":   {"\x1f\x8b\x07" + head(0, "")[3:], gunzip.ErrHeader},
		"other magic":    {"\x1f\x8c" + head(0, "")[2:], gunzip.ErrHeader},
		"endless name":   {head(1<<3, strings.Repeat("n", 100_000)), io.ErrUnexpectedEOF},
	} {
		in := c.head
		if name != "endless name" {
			in += string(body)
		}
		got, err := read(strings.NewReader(in))
		if !errors.Is(err, c.want) || err == nil && string(got) != "abc" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestTrailers(t *testing.T) {
	data := packed(t, []byte("abc"), 6)
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   error
	}{
		"right":           {func(b []byte) []byte { return b }, nil},
		"crc":             {func(b []byte) []byte { b[len(b)-8] ^= 1; return b }, gunzip.ErrChecksum},
		"length":          {func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, gunzip.ErrChecksum},
		"zeros behind":    {func(b []byte) []byte { return append(b, make([]byte, 512)...) }, gunzip.ErrHeader},
		"text behind":     {func(b []byte) []byte { return append(b, "and more of it"...) }, gunzip.ErrHeader},
		"one byte behind": {func(b []byte) []byte { return append(b, 0x1f) }, io.ErrUnexpectedEOF},
	} {
		if got, err := read(bytes.NewReader(c.change(bytes.Clone(data)))); !errors.Is(err, c.want) || string(got) != "abc" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
