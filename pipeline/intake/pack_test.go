package intake

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"exhibit/pipeline"
)

func gzipped(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(p)); err != nil {
			panic(err)
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
	}
	return b.String()
}

func zstandard(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		w, err := zstd.NewWriter(&b, zstd.WithEncoderCRC(true))
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(p)); err != nil {
			panic(err)
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
	}
	return b.String()
}

func longText() string {
	var b strings.Builder
	b.WriteString("id,note,mail\n")
	for i := range 40_000 {
		fmt.Fprintf(&b, "account%d,note %d,m%d@example.com\n", i, i*i, i)
	}
	return b.String()
}

func TestCompressed(t *testing.T) {
	text := longText()
	half := len(text) / 2
	for name, data := range map[string]string{
		"a.csv.gz": gzipped(text), "b.csv.GZ": gzipped(text[:half], text[half:], ""),
		"c.csv.zst": zstandard(text), "d.csv.zst": zstandard(text[:half], text[half:]), "e.csv": text,
	} {
		res := readAs(t, plain(), name, []byte(data))
		mustLoad(t, res)
		sum := sha256.Sum256([]byte(data))
		if res.Accepted != 40_000 || res.SHA256 != hex.EncodeToString(sum[:]) || res.Bytes != int64(len(data)) || res.FileID != res.SHA256[:12] {
			t.Errorf("%s: %+v", name, res.Receipt.Counts)
		}
	}
}

// A compressed file that is cut at any place, has any byte after its end, or has
// a flipped byte is refused; the hash is of all its bytes all the same.
func TestBrokenCompression(t *testing.T) {
	text := longText()[:1000]
	for ext, data := range map[string]string{".gz": gzipped(text[:400], text[400:]), ".zst": zstandard(text[:400], text[400:])} {
		name := "a.csv" + ext
		boundary := len(map[string]string{".gz": gzipped(text[:400]), ".zst": zstandard(text[:400])}[ext])
		check := func(what, broken string, words ...string) {
			t.Helper()
			res := readAs(t, plain(), name, []byte(broken))
			sum := sha256.Sum256([]byte(broken))
			if res.Status != pipeline.Refused || res.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("%s %s: %s, %d accepted", ext, what, res.Status, res.Accepted)
				return
			}
			for _, w := range words {
				if !strings.Contains(res.Reason, w) {
					t.Errorf("%s %s: %q does not say %q", ext, what, res.Reason, w)
				}
			}
		}
		for cut := 6; cut < len(data); cut += 2 {
			if cut != boundary { // there it is a shorter file, and a whole one
				check(fmt.Sprint("cut at ", cut), data[:cut])
			}
		}
		check("cut", data[:len(data)-3], "cut off")
		for n := 1; n < 12; n++ {
			check(fmt.Sprint("garbage ", n), data+strings.Repeat("x", n))
			check(fmt.Sprint("zeros ", n), data+strings.Repeat("\x00", n))
			check(fmt.Sprint("magic ", n), data+(data + data)[:n])
		}
		for i := 30; i < len(data); i += 7 {
			if i >= boundary && i < boundary+10 && ext == ".gz" {
				continue // flags and time in a member's header change nothing of its content
			}
			flipped := []byte(data)
			flipped[i] ^= 1
			check(fmt.Sprint("flipped byte ", i, " of ", len(data), " boundary ", boundary), string(flipped))
		}
	}
	wrong := []byte(gzipped(text))
	wrong[len(wrong)-6] ^= 1 // of the CRC-32
	mustRefuse(t, readAs(t, plain(), "a.csv.gz", wrong), "checksum")
	mustRefuse(t, readAs(t, plain(), "a.csv.gz", []byte(text)), "its name says gzip")
	mustRefuse(t, readAs(t, plain(), "a.csv.zst", []byte(gzipped(text))), "its bytes are gzip")
	mustRefuse(t, readAs(t, plain(), "a.csv", []byte(gzipped(text))), "its bytes are gzip")
	mustRefuse(t, readAs(t, plain(), "a.zip", []byte("PK\x03\x04rest")), "zip files are not read")
}
