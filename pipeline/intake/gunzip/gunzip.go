// Package gunzip reads gzip (RFC 1952), every member to its checksum. It stands
// in the place of a library because inflating is what reading a packed file
// waits for, and of the libraries that read a stream in bounded memory, without
// a C library installed beside them, the fastest takes twice the time. What a
// mistake in it could do is bounded by the format: each member's CRC-32 and
// length are of the text, so that a wrong byte is a refused file.
package gunzip

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// What may be wrong with the bytes; none of it quotes them. A stream that ends
// too early is io.ErrUnexpectedEOF.
var (
	ErrHeader   = errors.New("gunzip: no gzip header")
	ErrCorrupt  = errors.New("gunzip: compressed data is corrupt")
	ErrChecksum = errors.New("gunzip: checksum or length is wrong")
)

// Bits of FLG in a header (RFC 1952, section 2.3.1).
const (
	hasHeaderCRC = 1 << 1
	hasExtra     = 1 << 2
	hasName      = 1 << 3
	hasComment   = 1 << 4
	hasReserved  = 0xe0
)

// Reader gives the text of all members of a gzip stream, one after another. Its
// memory is a quarter of a megabyte, whatever the stream says.
type Reader struct {
	inflater
	crc    uint32 // of the member so far
	length uint32 // of the member so far, modulo 2^32
	given  int    // of the window, to the caller
	err    error
}

// NewReader reads the first member's header. The error is ErrHeader,
// io.ErrUnexpectedEOF, or that of the source.
func NewReader(source io.Reader) (*Reader, error) {
	r := &Reader{inflater: inflater{input: newInput(source)}}
	if err := r.header(); err != nil {
		return nil, err
	}
	return r, nil
}

// Read gives text before the checksum over it was reached. io.EOF says that
// every member was right and that nothing but members was there; any other
// error that the text was not to be trusted.
func (r *Reader) Read(p []byte) (int, error) {
	for r.given == r.filled {
		if r.err != nil {
			return 0, r.err
		}
		r.err = r.more()
	}
	n := copy(p, r.window[r.given:r.filled])
	r.given += n
	return n, nil
}

// more inflates into the window, or goes from one member to the next. It may
// have given text, an error, or both.
func (r *Reader) more() error {
	if r.over() {
		return r.nextMember()
	}
	r.slide()
	r.given = r.filled
	err := r.inflate()
	text := r.window[r.given:r.filled]
	r.crc = crc32.Update(r.crc, crc32.IEEETable, text)
	r.length += uint32(len(text))
	return err
}

// nextMember compares the trailer of a member with its text.
func (r *Reader) nextMember() error {
	r.toByte()
	trailer, err := r.take(8)
	switch {
	case err != nil:
		return err
	case binary.LittleEndian.Uint32(trailer) != r.crc:
		return ErrChecksum
	case binary.LittleEndian.Uint32(trailer[4:]) != r.length:
		return ErrChecksum
	}
	if err := r.fill(1); err != nil {
		return err
	}
	if r.left() == 0 {
		return io.EOF
	}
	return r.header()
}

// header reads a member's header and makes ready for its first block.
func (r *Reader) header() error {
	h := headerReader{input: &r.input}
	fixed := h.take(10)
	if h.err != nil {
		return h.err
	}
	flags := fixed[3]
	if fixed[0] != 0x1f || fixed[1] != 0x8b || fixed[2] != 8 || flags&hasReserved != 0 {
		return ErrHeader
	}
	if flags&hasExtra != 0 {
		if n := h.take(2); h.err == nil {
			h.take(int(binary.LittleEndian.Uint16(n)))
		}
	}
	for _, text := range []byte{hasName, hasComment} {
		if flags&text != 0 {
			h.skipText()
		}
	}
	if crc := uint16(h.crc); flags&hasHeaderCRC != 0 {
		if b := h.take(2); h.err == nil && binary.LittleEndian.Uint16(b) != crc {
			return ErrHeader
		}
	}
	r.crc, r.length = 0, 0
	r.start()
	return h.err
}

// headerReader takes bytes and remembers their CRC-32 and the first error.
type headerReader struct {
	input *input
	crc   uint32
	err   error
}

func (h *headerReader) take(n int) (b []byte) {
	if h.err == nil {
		b, h.err = h.input.take(n)
		h.crc = crc32.Update(h.crc, crc32.IEEETable, b)
	}
	return b
}

func (h *headerReader) skipText() {
	for h.err == nil {
		if b := h.take(1); h.err == nil && b[0] == 0 {
			return
		}
	}
}
