package intake

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

const oddUTF16 = refusal("wrong encoding: the text is declared as utf-16 and has an odd number of bytes")

// utf16Reader gives UTF-16 as UTF-8. A surrogate without its partner becomes
// its three bytes as if it were a character, which no decoder of UTF-8 accepts:
// so it shows as undecodable, in its field, and is never replaced.
type utf16Reader struct {
	in   io.Reader
	big  bool
	raw  []byte
	from int // unread units of raw
	to   int
	err  error
}

func newUTF16Reader(in io.Reader, big bool) *utf16Reader {
	return &utf16Reader{in: in, big: big, raw: make([]byte, 64<<10)}
}

func (u *utf16Reader) unit(i int) rune {
	if u.big {
		return rune(u.raw[i])<<8 | rune(u.raw[i+1])
	}
	return rune(u.raw[i+1])<<8 | rune(u.raw[i])
}

// Read needs room for at least four bytes.
func (u *utf16Reader) Read(p []byte) (n int, err error) {
	for n+utf8.UTFMax <= len(p) {
		if u.to-u.from < 4 && u.err == nil {
			u.fill()
		}
		if u.to-u.from < 2 {
			break
		}
		r := u.unit(u.from)
		size := 2
		if utf16.IsSurrogate(r) {
			if u.to-u.from >= 4 {
				if both := utf16.DecodeRune(r, u.unit(u.from+2)); both != utf8.RuneError {
					r, size = both, 4
				}
			}
			if size == 2 {
				p[n], p[n+1], p[n+2] = 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F
				n += 3
				u.from += size
				continue
			}
		}
		n += utf8.EncodeRune(p[n:], r)
		u.from += size
	}
	if n > 0 || u.err == nil {
		return n, nil
	}
	if errors.Is(u.err, io.EOF) && u.to > u.from {
		return 0, oddUTF16
	}
	return 0, u.err
}

func (u *utf16Reader) fill() {
	copy(u.raw, u.raw[u.from:u.to])
	u.from, u.to = 0, u.to-u.from
	n, err := io.ReadAtLeast(u.in, u.raw[u.to:], 4)
	u.to += n
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	u.err = err
}

// utf16Bytes is how many bytes of UTF-16 became the text b.
func utf16Bytes(b []byte) int64 {
	var units int64
	for _, c := range b {
		switch {
		case c < utf8.RuneSelf || c >= 0xC0 && c < 0xF0:
			units++
		case c >= 0xF0:
			units += 2
		}
	}
	return 2 * units
}
