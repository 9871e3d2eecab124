package gunzip_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"testing"

	"exhibit/pipeline/intake/gunzip"
)

// fuzzedText is how much of a text is compared: a few bytes may stand for much.
const fuzzedText = 1 << 20

func readSome(in io.Reader) ([]byte, error) {
	r, err := gunzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, fuzzedText))
}

// Whatever the bytes are, the standard library says the same of them. Its
// checksum is put behind what it inflates, so that text is compared and not
// only refused.
func FuzzInflate(f *testing.F) {
	for name, text := range texts() {
		for _, level := range []int{flate.HuffmanOnly, 1, 6, 9} {
			if name == "empty" || name == "byte" {
				f.Add(packed(f, text, level)[10:])
				continue
			}
			f.Add(packed(f, text[:min(len(text), 4_000)], level)[10:])
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in := bytes.NewReader(body)
		text, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(in), fuzzedText))
		data := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), body[:len(body)-in.Len()]...)
		data = binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(text))
		data = binary.LittleEndian.AppendUint32(data, uint32(len(text)))
		got, err := readSome(bytes.NewReader(data))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("standard library: %v; this: %v", wantErr, err)
		}
		if err == nil && !bytes.Equal(got, text) {
			t.Fatalf("standard library: %d bytes; this: %d other ones", len(text), len(got))
		}
	})
}

// The same of whole files. Headers that RFC 1952 forbids and the standard
// library reads, and long names, which it does not, are left out.
func FuzzGunzip(f *testing.F) {
	for _, name := range []string{"empty", "byte", "lines", "random"} {
		text := texts()[name]
		data := packed(f, text[:min(len(text), 2_000)], 6)
		f.Add(data)
		f.Add(append(bytes.Clone(data), data...))
		f.Add(append(bytes.Clone(data), 0, 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readSome(bytes.NewReader(data))
		var want []byte
		z, wantErr := gzip.NewReader(bytes.NewReader(data))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(z, fuzzedText))
		}
		switch {
		case errors.Is(err, gunzip.ErrHeader), errors.Is(wantErr, gzip.ErrHeader):
			return
		case (err == nil) != (wantErr == nil):
			t.Fatalf("standard library: %v; this: %v", wantErr, err)
		case err == nil && !bytes.Equal(got, want):
			t.Fatalf("standard library: %d bytes; this: %d other ones", len(want), len(got))
		}
	})
}
