package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// rereadBlock is the smallest stretch of a file that is held against its hash.
const rereadBlock = 64 << 10

// randomAccess is a delivered file that can be read at any place.
type randomAccess interface {
	io.Reader
	io.ReaderAt
}

const errChanged = refusal("the file changed while it was read")

// hashedFile is a file of which all bytes were hashed once. Every block that is
// read afterwards is held against its own hash of then (8 bytes for each 64
// KiB), so that what is parsed is what the SHA-256 was taken of.
type hashedFile struct {
	ctx   context.Context
	in    io.ReaderAt
	sum   string // SHA-256
	size  int64
	seed  maphash.Seed
	sums  []uint64
	err   error // of the machine, or errChanged
	pos   int64 // of Read and Seek
	block []byte
	at    int64 // number of the block that is held; -1 none
}

// hashFile reads a file to its end.
func hashFile(ctx context.Context, in io.Reader) (*hashedFile, error) {
	ra, ok := in.(randomAccess)
	if !ok {
		return nil, fmt.Errorf("%T cannot be read at any place", in)
	}
	h := &hashedFile{ctx: ctx, in: ra, seed: maphash.MakeSeed(), at: -1, block: make([]byte, rereadBlock)}
	sum := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(ra, h.block)
		if n > 0 {
			sum.Write(h.block[:n])
			h.sums = append(h.sums, maphash.Bytes(h.seed, h.block[:n]))
			h.size += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			h.sum = hex.EncodeToString(sum.Sum(nil))
			return h, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// ReadAt implements io.ReaderAt.
func (h *hashedFile) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("offset below 0")
	}
	for n < len(p) {
		if off >= h.size {
			return n, io.EOF
		}
		if err := h.load(off / rereadBlock); err != nil {
			return n, err
		}
		m := copy(p[n:], h.block[off%rereadBlock:])
		n += m
		off += int64(m)
	}
	return n, nil
}

// load reads a block and holds it against its hash.
func (h *hashedFile) load(at int64) error {
	if h.err == nil {
		h.err = h.ctx.Err()
	}
	if h.err != nil || h.at == at {
		return h.err
	}
	from := at * rereadBlock
	h.block = h.block[:min(rereadBlock, h.size-from)]
	h.at = -1
	n, err := h.in.ReadAt(h.block, from)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		h.err = err
	case n < len(h.block) || maphash.Bytes(h.seed, h.block) != h.sums[at]:
		h.err = errChanged
	default:
		h.at = at
	}
	return h.err
}

// Read implements io.Reader.
func (h *hashedFile) Read(p []byte) (int, error) {
	if h.pos >= h.size {
		return 0, io.EOF
	}
	n, err := h.ReadAt(p[:min(int64(len(p)), h.size-h.pos)], h.pos)
	h.pos += int64(n)
	return n, err
}

// Seek implements io.Seeker.
func (h *hashedFile) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += h.pos
	case io.SeekEnd:
		off += h.size
	}
	if off < 0 {
		return 0, errors.New("offset below 0")
	}
	h.pos = off
	return off, nil
}
