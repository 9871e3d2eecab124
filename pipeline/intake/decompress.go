package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"exhibit/pipeline/intake/gunzip"
)

// maxWindow is the largest zstd window that is decoded: what zstd -19 --long=27
// needs. A larger one would be memory that the file asks for.
const maxWindow = 128 << 20

// container is how a file is packed, by its first bytes.
type container struct {
	name  string
	magic []byte
	ends  []string // of file names, in lower case
}

var containers = []container{
	{"gzip", []byte{0x1f, 0x8b}, []string{".gz", ".gzip"}},
	{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, []string{".zst", ".zstd"}},
	{"zip", []byte("PK\x03\x04"), []string{".zip"}},
	{"xz", []byte{0xfd, '7', 'z', 'X', 'Z', 0}, []string{".xz"}},
	{"bzip2", []byte("BZh"), []string{".bz2"}},
}

func containerOf(name string, head []byte) (byName, byMagic string) {
	lower := strings.ToLower(name)
	for _, c := range containers {
		for _, end := range c.ends {
			if strings.HasSuffix(lower, end) {
				byName = c.name
			}
		}
		if bytes.HasPrefix(head, c.magic) {
			byMagic = c.name
		}
	}
	// Letters alone are no proof: a text may begin with BZh or PK.
	if byMagic != byName && (byMagic == "bzip2" || byMagic == "zip") {
		byMagic = ""
	}
	return byName, byMagic
}

// decompress gives the text of the file and what releases its buffers. Name and
// first bytes must agree on the compression. The text ends with io.EOF only
// when every checksum was right and nothing came after the end.
func decompress(raw rawBytes, name string) (io.Reader, func(), error) {
	head := make([]byte, 6)
	n, err := io.ReadFull(raw, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	head = head[:n]
	in := io.MultiReader(bytes.NewReader(head), raw)
	byName, byMagic := containerOf(name, head)
	switch {
	case len(head) == 0:
		return in, func() {}, nil
	case byName != "" && byMagic == "":
		return nil, nil, refusal(fmt.Sprintf("its name says %s, and its bytes are not %s", byName, byName))
	case byName != byMagic:
		return nil, nil, refusal(fmt.Sprintf("its bytes are %s, and its name does not say so", byMagic))
	}
	switch byMagic {
	case "":
		return in, func() {}, nil
	case "gzip":
		z, err := gunzip.NewReader(in)
		if err != nil {
			return nil, nil, brokenBy(raw, "gzip", err)
		}
		return &packed{raw: raw, in: z, name: "gzip"}, func() {}, nil
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, brokenBy(raw, "zstd", err)
		}
		return &packed{raw: raw, in: z, name: "zstd"}, z.Close, nil
	}
	return nil, nil, refusal(byMagic + " files are not read; deliver it plain, as gzip or as zstd")
}

// packed turns what a decompressor reports into a refusal.
type packed struct {
	raw  rawBytes
	in   io.Reader
	name string
}

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = brokenBy(p.raw, p.name, err)
	}
	return n, err
}

// brokenBy says in our words what is wrong with compressed bytes: a library's
// error text might quote them.
func brokenBy(raw rawBytes, name string, err error) error {
	if failed := raw.failed(); failed != nil {
		return failed
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refusal(name + " is cut off")
	case errors.Is(err, gunzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return refusal(name + " checksum or length is wrong")
	case errors.Is(err, gunzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return refusal(name + " is followed by bytes that are no " + name)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return refusal(fmt.Sprintf("zstd needs a window of more than %d MiB; compress it again without --long", maxWindow>>20))
	}
	return refusal(name + " is corrupt")
}
