package gunzip_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"testing"

	"exhibit/pipeline/intake/gunzip"
)

// bitWriter writes DEFLATE by hand, what no compressor would write included.
type bitWriter struct {
	out  []byte
	hold uint64
	held int
}

func (w *bitWriter) bits(v, n int) *bitWriter {
	w.hold |= uint64(v) << w.held
	for w.held += n; w.held >= 8; w.held -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
	return w
}

// code writes a Huffman code, its first bit first.
func (w *bitWriter) code(v, n int) *bitWriter {
	return w.bits(int(bits.Reverse16(uint16(v))>>(16-n)), n)
}

// fixed begins a block of fixed codes, dynamic one of codes that follow.
func (w *bitWriter) fixed(final bool) *bitWriter   { return w.block(1, final) }
func (w *bitWriter) dynamic(final bool) *bitWriter { return w.block(2, final) }

func (w *bitWriter) block(kind int, final bool) *bitWriter {
	if final {
		return w.bits(1, 1).bits(kind, 2)
	}
	return w.bits(0, 1).bits(kind, 2)
}

// symbol writes one of the fixed literal codes (RFC 1951, section 3.2.6).
func (w *bitWriter) symbol(s, n int) *bitWriter {
	switch n {
	case 7:
		return w.code(s-256, 7)
	case 9:
		return w.code(s-144+0x190, 9)
	}
	if s >= 280 {
		return w.code(s-280+0xc0, 8)
	}
	return w.code(s+0x30, 8)
}

// match writes a length and a distance in fixed codes, found by trying all.
func (w *bitWriter) match(length, distance int) *bitWriter {
	symbol, base := 257, 3
	for {
		extra := 0
		if symbol >= 265 && symbol < 285 {
			extra = (symbol - 261) / 4
		}
		if symbol == 285 {
			base = 258
		}
		if length < base+1<<extra && (length < 258 || symbol == 285) {
			if symbol < 280 {
				w.symbol(symbol, 7)
			} else {
				w.symbol(symbol, 8)
			}
			w.bits(length-base, extra)
			break
		}
		base += 1 << extra
		symbol++
	}
	for symbol, base := 0, 1; ; symbol++ {
		extra := max(0, symbol/2-1)
		if distance < base+1<<extra {
			return w.code(symbol, 5).bits(distance-base, extra)
		}
		base += 1 << extra
	}
}

// member is a gzip member of this text and body, whether they agree or not.
func member(text string, body *bitWriter) []byte {
	for body.held > 0 {
		body.bits(0, 1)
	}
	out := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), body.out...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(text)))
	return binary.LittleEndian.AppendUint32(out, uint32(len(text)))
}

// lengths writes the head of a dynamic block: how many codes there are, and the
// lengths of the code of lengths for 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4,
// 12, 3, 13, 2, 14, 1, 15, as many as are given.
func (w *bitWriter) lengths(literals, distances int, small ...int) *bitWriter {
	w.bits(literals-257, 5).bits(distances-1, 5).bits(len(small)-4, 4)
	for _, n := range small {
		w.bits(n, 3)
	}
	return w
}

// zeros writes n lengths 0 in a code where 18 is the bits given.
func (w *bitWriter) zeros(n, code, width int) *bitWriter {
	for ; n > 138; n -= 138 {
		w.code(code, width).bits(138-11, 7)
	}
	return w.code(code, width).bits(n-11, 7)
}

func TestCorrupt(t *testing.T) {
	// In small codes below: 18 is 0, 1 is 10, 0 is 110, 16 is 111.
	small := []int{3, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}
	for name, w := range map[string]*bitWriter{
		"kind of block":        new(bitWriter).block(3, true),
		"stored length":        new(bitWriter).block(0, true).bits(0, 5).bits(5, 16).bits(5, 16),
		"before the beginning": new(bitWriter).fixed(true).symbol('a', 8).match(3, 2).symbol(256, 7),
		"length symbol 286":    new(bitWriter).fixed(true).symbol('a', 8).symbol(286, 8).code(0, 5).symbol(256, 7),
		"distance symbol 30":   new(bitWriter).fixed(true).symbol('a', 8).symbol(257, 7).code(30, 5).symbol(256, 7),
		"287 literals":         new(bitWriter).dynamic(true).lengths(287, 1, small...),
		"31 distances":         new(bitWriter).dynamic(true).lengths(257, 31, small...),
		"too many small codes": new(bitWriter).dynamic(true).lengths(257, 1, 1, 1, 1, 1),
		"too few small codes":  new(bitWriter).dynamic(true).lengths(257, 1, 2, 2, 2, 0),
		"repeats nothing":      new(bitWriter).dynamic(true).lengths(257, 1, small...).code(7, 3).bits(0, 2),
		"repeats beyond":       new(bitWriter).dynamic(true).lengths(257, 1, small...).zeros(256, 0, 1).code(2, 2).code(7, 3).bits(3, 2),
		"too many literals":    new(bitWriter).dynamic(true).lengths(257, 1, small...).zeros(254, 0, 1).code(2, 2).code(2, 2).code(2, 2).code(2, 2),
		"no end of block": new(bitWriter).dynamic(true).lengths(257, 1, small...).
			code(2, 2).code(2, 2).zeros(254, 0, 1).code(6, 3).code(6, 3).code(0, 1).code(0, 1),
	} {
		padded := bytes.Join([][]byte{member("", w), make([]byte, 100)}, nil) // corrupt, not cut off
		if got, err := read(bytes.NewReader(padded)); !errors.Is(err, gunzip.ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// A block may have one distance code, or none; the code that is left means
// nothing (RFC 1951, section 3.2.7).
func TestOneCode(t *testing.T) {
	small := []int{3, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}
	block := func(distance func(*bitWriter) *bitWriter) *bitWriter { // 'a' is 0, 256 is 1
		w := new(bitWriter).dynamic(true).lengths(257, 1, small...)
		return distance(w.zeros(97, 0, 1).code(2, 2).zeros(158, 0, 1).code(2, 2))
	}
	none := block(func(w *bitWriter) *bitWriter { return w.code(6, 3) })
	one := block(func(w *bitWriter) *bitWriter { return w.code(2, 2) })
	for name, w := range map[string]*bitWriter{"none": none, "one": one} {
		data := member("aaa", w.code(0, 1).code(0, 1).code(0, 1).code(1, 1))
		if got, err := read(bytes.NewReader(data)); err != nil || string(got) != "aaa" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
