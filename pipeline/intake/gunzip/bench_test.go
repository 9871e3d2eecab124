package gunzip_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"

	"exhibit/pipeline/intake/gunzip"
)

// BenchmarkRead holds the library beside this package: it goes when the library
// is as fast.
func BenchmarkRead(b *testing.B) {
	readers := map[string]func(io.Reader) (io.Reader, error){
		"library": func(in io.Reader) (io.Reader, error) { return gzip.NewReader(in) },
		"gunzip":  func(in io.Reader) (io.Reader, error) { return gunzip.NewReader(in) },
	}
	for _, kind := range []string{"lines", "hex", "one"} {
		text := texts()[kind]
		data := packed(b, text, 6)
		for _, name := range []string{"library", "gunzip"} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					r, err := readers[name](bytes.NewReader(data))
					if err != nil {
						b.Fatal(err)
					}
					if n, err := io.Copy(io.Discard, r); n != int64(len(text)) || err != nil {
						b.Fatal(n, err)
					}
				}
			})
		}
	}
}
