package gunzip

import (
	"encoding/binary"
	"io"
)

const (
	inputBytes = 64<<10 + 8<<10 // an extra field is 64 KiB at most, and taken at once
	slack      = 16             // zero bytes behind the last, so that eight can be read anywhere
)

// input is what comes from the source, by bits. Those taken from buf and not
// used yet wait in hold, the next one lowest; held says how many there are.
// Above them hold may have bits of buf[at], which are put there again.
type input struct {
	source io.Reader
	ended  error // how the source ended, when it has
	buf    []byte
	at     int
	hold   uint64
	held   uint
}

func newInput(source io.Reader) input {
	return input{source: source, buf: make([]byte, 0, inputBytes+slack)}
}

// left counts the bytes of buf that are not in hold.
func (in *input) left() int { return len(in.buf) - in.at }

// fill reads on until n bytes are left, n being at most inputBytes, or the
// source is at its end. Any other end is an error once bytes are missing.
func (in *input) fill(n int) error {
	if in.left() >= n {
		return nil
	}
	if in.ended == nil {
		back := int(in.held / 8) // toByte may want those in hold again
		kept := copy(in.buf[:cap(in.buf)], in.buf[in.at-back:])
		in.buf, in.at = in.buf[:kept], back
	}
	for in.left() < n && in.ended == nil {
		var m int
		m, in.ended = in.source.Read(in.buf[len(in.buf):inputBytes])
		in.buf = in.buf[:len(in.buf)+m]
	}
	clear(in.buf[len(in.buf):min(len(in.buf)+slack, cap(in.buf))])
	if in.left() < n && in.ended != io.EOF {
		return in.ended
	}
	return nil
}

// take gives the next n bytes, valid until the next call; hold must be empty.
func (in *input) take(n int) ([]byte, error) {
	if err := in.fill(n); err != nil {
		return nil, err
	}
	if in.left() < n {
		return nil, io.ErrUnexpectedEOF
	}
	in.at += n
	return in.buf[in.at-n : in.at], nil
}

// toByte drops the bits up to the next byte, and puts whole bytes back.
func (in *input) toByte() {
	in.at -= int(in.held / 8)
	in.hold, in.held = 0, 0
}

// want has n bits in hold, at most 32, zeros if the input has ended.
func (in *input) want(n uint) error {
	if in.held >= n {
		return nil
	}
	if err := in.fill(8); err != nil {
		return err
	}
	if in.overrun() {
		return io.ErrUnexpectedEOF
	}
	in.hold |= binary.LittleEndian.Uint64(in.buf[in.at:in.at+8]) << in.held
	in.at += int(63-in.held) >> 3
	in.held |= 56
	return nil
}

// drop uses n of the bits in hold.
func (in *input) drop(n uint) {
	in.hold >>= n
	in.held -= n
}

// bits takes the next n, at most 32.
func (in *input) bits(n uint) (uint, error) {
	if err := in.want(n); err != nil {
		return 0, err
	}
	v := uint(in.hold & (1<<n - 1))
	in.drop(n)
	if in.overrun() {
		return 0, io.ErrUnexpectedEOF
	}
	return v, nil
}

// overrun says whether bits were used that the source did not give.
func (in *input) overrun() bool { return in.at-int(in.held/8) > len(in.buf) }
