package intake

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
)

// charset is a declared encoding of delivered text.
type charset uint8

const (
	charsetUTF8  charset = iota
	charsetUTF16         // the byte order mark says which
	charsetUTF16LE
	charsetUTF16BE
	charsetCP949
	charsetWindows1252
	charsetLatin1
)

// charsets are the names that case.yaml may use, in lower case.
var charsets = map[string]charset{
	"": charsetUTF8, "utf-8": charsetUTF8, "utf8": charsetUTF8,
	"utf-16": charsetUTF16, "utf16": charsetUTF16,
	"utf-16le": charsetUTF16LE, "utf-16be": charsetUTF16BE,
	"cp949": charsetCP949, "euc-kr": charsetCP949, "euckr": charsetCP949, "ms949": charsetCP949, "uhc": charsetCP949,
	"windows-1252": charsetWindows1252, "cp1252": charsetWindows1252,
	"latin-1": charsetLatin1, "latin1": charsetLatin1, "iso-8859-1": charsetLatin1,
}

func parseCharset(name string) (charset, error) {
	c, ok := charsets[strings.ToLower(name)]
	if !ok {
		return 0, fmt.Errorf("encoding %q is not known; use utf-8, utf-16, cp949, windows-1252 or latin-1", name)
	}
	return c, nil
}

// wide says whether the text is transcoded to UTF-8 before it is read.
func (c charset) wide() bool { return c == charsetUTF16 || c == charsetUTF16LE || c == charsetUTF16BE }

// undecodable marks a byte or pair that is no text.
const undecodable = -1

// codec checks and decodes the bytes of one encoding. UTF-16 has none of its
// own: it reaches the records as UTF-8.
type codec struct {
	utf8   bool
	single [256]int32       // the character of a byte, or undecodable
	double *[1 << 16]uint16 // of a pair lead<<8 | trail: its character, 0 undecodable; nil: no pairs
}

// valid says whether all of b is text.
func (c *codec) valid(b []byte) bool {
	if c.utf8 {
		return utf8.Valid(b)
	}
	for i := 0; i < len(b); i++ {
		if b[i] < utf8.RuneSelf || c.single[b[i]] >= 0 {
			continue
		}
		if c.double == nil || i+1 == len(b) || c.double[uint16(b[i])<<8|uint16(b[i+1])] == 0 {
			return false
		}
		i++
	}
	return true
}

// decode appends valid text to dst as UTF-8.
func (c *codec) decode(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		switch r := c.single[b[i]]; {
		case r >= 0:
			dst = utf8.AppendRune(dst, r)
		case c.double != nil && i+1 < len(b):
			dst = utf8.AppendRune(dst, rune(c.double[uint16(b[i])<<8|uint16(b[i+1])]))
			i++
		}
	}
	return dst
}

// codecs holds the tables of each encoding, built when first asked for.
type codecs struct {
	cp949, windows1252, latin1, utf8 sync.Once
	table                            [charsetLatin1 + 1]*codec
}

func (cs *codecs) get(c charset) *codec {
	switch c {
	case charsetCP949:
		cs.cp949.Do(func() { cs.table[c] = newCP949() })
	case charsetWindows1252:
		cs.windows1252.Do(func() { cs.table[c] = newCharmap(charmap.Windows1252, true) })
	case charsetLatin1:
		cs.latin1.Do(func() { cs.table[c] = newCharmap(charmap.ISO8859_1, false) })
	default:
		cs.utf8.Do(func() { cs.table[charsetUTF8] = &codec{utf8: true} })
		return cs.table[charsetUTF8]
	}
	return cs.table[c]
}

// newCharmap builds the table of a one-byte encoding. x/text gives the five
// bytes that windows-1252 leaves undefined the control characters U+0081 to
// U+009D; noControls makes them what they are: no text.
func newCharmap(m *charmap.Charmap, noControls bool) *codec {
	c := &codec{}
	for b := range 256 {
		r := m.DecodeByte(byte(b))
		if r == utf8.RuneError || noControls && r >= 0x80 && r < 0xA0 {
			r = undecodable
		}
		c.single[b] = r
	}
	return c
}

// newCP949 asks x/text about every byte and pair. Its decoder gives U+FFFD for
// what is no text, and no error, so a pair counts only when it comes back as
// exactly one other character. Pairs stand on lines of their own, so that one
// that is wrongly read cannot disturb the next.
func newCP949() *codec {
	c := &codec{double: new([1 << 16]uint16)}
	var pairs []byte
	for b := range 256 {
		c.single[b] = undecodable
		if b < utf8.RuneSelf {
			c.single[b] = int32(b)
			continue
		}
		for trail := 0x30; trail < 256; trail++ {
			pairs = append(pairs, byte(b), byte(trail), '\n')
		}
	}
	text, err := korean.EUCKR.NewDecoder().Bytes(pairs)
	if err != nil {
		return c // leaves every pair undecodable: nothing is accepted, nothing invented
	}
	lines := strings.Split(string(text), "\n")
	for i := 0; i+2 < len(pairs) && i/3 < len(lines); i += 3 {
		r, n := utf8.DecodeRuneInString(lines[i/3])
		if n == len(lines[i/3]) && r != utf8.RuneError && r >= utf8.RuneSelf && r < 1<<16 {
			c.double[uint16(pairs[i])<<8|uint16(pairs[i+1])] = uint16(r)
		}
	}
	return c
}
