package gunzip

import (
	"encoding/binary"
	"io"
)

const (
	historyBytes = 32 << 10 // the farthest that a match reaches back (RFC 1951, section 2)
	windowBytes  = 160 << 10
	longestMatch = 258
	// windowFull leaves room for what one turn of symbols may write: seven
	// literals, a match, and the rest of its last eight bytes.
	windowFull = windowBytes - longestMatch - 32
)

// kind of block (RFC 1951, section 3.2.3).
type kind uint8

const (
	none kind = iota
	stored
	packed
)

// inflater undoes the DEFLATE of one member at a time.
type inflater struct {
	input
	window [windowBytes]byte
	filled int // of window
	oldest int // of window: where this member begins, or what is left of it

	final  bool // the block is its member's last
	block  kind
	stored int // bytes to come of a stored block
	codes  codes
}

// start begins a member.
func (z *inflater) start() {
	z.final, z.block = false, none
	z.oldest = z.filled
}

// over says whether the member has no more blocks.
func (z *inflater) over() bool { return z.final && z.block == none }

// slide makes room in a window that is half full and keeps what a match reaches.
func (z *inflater) slide() {
	if z.filled < windowBytes/2 {
		return
	}
	gone := z.filled - historyBytes
	copy(z.window[:], z.window[gone:z.filled])
	z.filled = historyBytes
	z.oldest = max(0, z.oldest-gone)
}

// inflate adds to the window until it is full or the member is over.
func (z *inflater) inflate() (err error) {
	for err == nil && z.filled < windowFull && !z.over() {
		switch z.block {
		case none:
			err = z.begin()
		case stored:
			err = z.copyStored()
		case packed:
			err = z.unpack()
		}
	}
	return err
}

// begin reads the head of a block.
func (z *inflater) begin() error {
	head, err := z.bits(3)
	if err != nil {
		return err
	}
	z.final = head&1 != 0
	switch head >> 1 {
	case 0:
		z.toByte()
		b, err := z.take(4)
		if err != nil {
			return err
		}
		n := binary.LittleEndian.Uint16(b)
		if n != ^binary.LittleEndian.Uint16(b[2:]) {
			return ErrCorrupt
		}
		z.block, z.stored = stored, int(n)
	case 1:
		z.block = packed
		z.codes.fixed()
	case 2:
		z.block = packed
		return z.readCodes()
	default:
		return ErrCorrupt
	}
	return nil
}

func (z *inflater) copyStored() error {
	if err := z.fill(min(1, z.stored)); err != nil {
		return err
	}
	n := min(z.stored, z.left(), windowFull-z.filled)
	if n == 0 && z.stored > 0 {
		return io.ErrUnexpectedEOF
	}
	copy(z.window[z.filled:], z.buf[z.at:z.at+n])
	z.at += n
	z.filled += n
	if z.stored -= n; z.stored == 0 {
		z.block = none
	}
	return nil
}

// unpack reads symbols until the block ends or the window is full.
func (z *inflater) unpack() error {
	for z.block == packed && z.filled < windowFull {
		if err := z.fill(2 * slack); err != nil {
			return err
		}
		before := z.filled
		valid := z.symbols()
		if z.overrun() {
			z.filled = before // not text: what the zeros behind the end stood for
			return io.ErrUnexpectedEOF
		}
		if !valid {
			return ErrCorrupt
		}
	}
	return nil
}

// symbols is where the time goes. It reads until the block ends, the window is
// full or the input runs short, and says whether every symbol was valid. A turn
// begins with 56 bits in hold at least, which three entries of literals (11 bits
// each) and a length (20 at most) fit into.
func (z *inflater) symbols() (valid bool) {
	literals, distances := &z.codes.literals, &z.codes.distances
	w, out := &z.window, z.filled
	buf, at, hold, held := z.buf[:cap(z.buf)], z.at, z.hold, z.held
	last := len(z.buf) - slack // of where a turn may begin
	if z.ended == io.EOF {
		last = len(z.buf) + 7 // beyond it, more bits were used than there are
	}
	valid = true
turns:
	for out < windowFull && at <= last {
		hold |= binary.LittleEndian.Uint64(buf[at:at+8]) << (held & 63)
		at += int(63-held) >> 3
		held |= 56

		var e uint32
		for range 4 {
			if e = literals[hold&(1<<literalBits-1)]; e&countMask == 0 {
				break
			}
			binary.LittleEndian.PutUint16(w[out:out+2], uint16(e>>valueShift))
			out += int(e >> countShift & 3)
			hold >>= e & 63
			held -= uint(e & 63)
		}
		if e&countMask != 0 {
			continue
		}
		if e&isLink != 0 {
			e = literals[further(e, hold>>literalBits)%literalEntries]
		}
		length := value(e, hold)
		hold >>= e & 63
		held -= uint(e & 63)
		switch {
		case e&countMask != 0:
			w[out] = byte(length)
			out++
			continue
		case e&isEnd != 0:
			z.block = none
			break turns
		case e&isBad != 0:
			valid = false
			break turns
		}

		hold |= binary.LittleEndian.Uint64(buf[at:at+8]) << (held & 63)
		at += int(63-held) >> 3
		held |= 56
		d := distances[hold&(1<<distanceBits-1)]
		if d&isLink != 0 {
			d = distances[further(d, hold>>distanceBits)%distanceEntries]
		}
		from := out - value(d, hold)
		hold >>= d & 63
		held -= uint(d & 63)
		if d&isBad != 0 || from < z.oldest {
			valid = false
			break
		}
		out = repeat(w, out, from, length)
	}
	z.at, z.hold, z.held, z.filled = at, hold, held, out
	return valid
}

// repeat writes length bytes of the window again, from on, and gives where they
// end. It may write seven more.
func repeat(w *[windowBytes]byte, out, from, length int) int {
	end := out + length
	if out-from < 8 { // what is read may have been written just now
		for ; out < end; out, from = out+1, from+1 {
			w[out] = w[from]
		}
		return end
	}
	for ; out < end; out, from = out+8, from+8 {
		binary.LittleEndian.PutUint64(w[out:out+8], binary.LittleEndian.Uint64(w[from:from+8]))
	}
	return end
}
