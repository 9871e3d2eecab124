package intake

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"
)

// decimal is an exact decimal number: 0.d1d2d3… × 10^point, without leading or
// trailing zeros among the digits; zero has none.
type decimal struct {
	negative bool
	digits   []byte
	point    int
	fraction int // digits that were written after the point, less an exponent
	special  bool
}

// numberForm is how the numbers of a field are written.
type numberForm struct {
	point []byte // decimalChar
	group []byte // groupChar, empty: none
	bare  bool
}

// parse reads a number: XML Schema decimal with the field's own characters,
// optionally an exponent, or NaN and INF. It overwrites and keeps scratch.
func (f *numberForm) parse(b, scratch []byte) (d decimal, ok bool) {
	if !f.bare {
		if b, ok = f.strip(b); !ok {
			return d, false
		}
	}
	d.digits = scratch[:0]
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		d.negative = b[0] == '-'
		b = b[1:]
	}
	if special := isSpecial(b); special {
		d.special = true
		return d, true
	}
	whole, rest, ok := f.whole(d.digits, b)
	if !ok {
		return d, false
	}
	n := len(whole)
	d.digits = whole
	d.point = n
	if after, found := bytes.CutPrefix(rest, f.point); found {
		i := 0
		for ; i < len(after) && isDigit(after[i]); i++ {
			d.digits = append(d.digits, after[i])
		}
		d.fraction = i
		rest = after[i:]
	}
	if len(d.digits) == 0 {
		return d, false
	}
	if len(rest) > 0 && !d.exponent(rest) {
		return d, false
	}
	d.normalize()
	return d, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isSpecial(b []byte) bool {
	return bytes.EqualFold(b, []byte("NaN")) || bytes.EqualFold(b, []byte("INF"))
}

// whole reads the digits before the point. Once a group separator is used,
// every group has exactly three digits and the first one to three.
func (f *numberForm) whole(dst, b []byte) (number, rest []byte, ok bool) {
	run, groups := 0, 0
	for i := 0; ; {
		if i < len(b) && isDigit(b[i]) {
			dst = append(dst, b[i])
			run++
			i++
			continue
		}
		grouped := len(f.group) > 0 && bytes.HasPrefix(b[i:], f.group)
		if groups > 0 && run != 3 || grouped && (run == 0 || run > 3) {
			return nil, nil, false
		}
		if !grouped {
			return dst, b[i:], true
		}
		groups++
		run = 0
		i += len(f.group)
	}
}

// exponent reads E, an optional sign and digits to the end.
func (d *decimal) exponent(b []byte) bool {
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return false
	}
	e := 0
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
		e = min(e*10+int(c-'0'), math.MaxInt32)
	}
	if negative {
		e = -e
	}
	d.point += e
	d.fraction = max(d.fraction-e, 0)
	return true
}

func (d *decimal) normalize() {
	zeros := 0
	for zeros < len(d.digits) && d.digits[zeros] == '0' {
		zeros++
	}
	d.digits = d.digits[zeros:]
	d.point -= zeros
	for len(d.digits) > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits = d.digits[:len(d.digits)-1]
	}
	if len(d.digits) == 0 {
		d.point, d.negative = 0, false
	}
}

// scaled is the number times 10^scale, if it is a whole number of at most 18
// digits then.
func (d *decimal) scaled(scale int) (v int64, r reason) {
	if len(d.digits) == 0 {
		return 0, fine
	}
	n := d.point + scale // digits of the result
	if n > 18 {
		return 0, outOfRange
	}
	if n < len(d.digits) {
		return 0, scaleExceeded
	}
	for i := range n {
		v *= 10
		if i < len(d.digits) {
			v += int64(d.digits[i] - '0')
		}
	}
	if d.negative {
		v = -v
	}
	return v, fine
}

// compare is -1, 0 or 1.
func (d *decimal) compare(e *decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	var c int
	switch {
	case len(d.digits) == 0 || len(e.digits) == 0:
		c = len(d.digits) - len(e.digits)
	case d.point != e.point:
		c = d.point - e.point
	default:
		c = bytes.Compare(d.digits, e.digits)
	}
	c = max(min(c, 1), -1)
	if d.negative {
		return -c
	}
	return c
}

// strip removes what may stand around a number that is not bare: spaces, a
// currency sign, a percent sign, 원, or a currency code of three capitals. Other
// words are not removed, because some of them multiply (만, k) or negate.
func (f *numberForm) strip(b []byte) ([]byte, bool) {
	for len(b) > 0 {
		n := affix(b, utf8.DecodeRune, func(n int) []byte { return b[:n] })
		if n == 0 {
			break
		}
		b = b[n:]
	}
	for len(b) > 0 {
		n := affix(b, utf8.DecodeLastRune, func(n int) []byte { return b[len(b)-n:] })
		if n == 0 {
			break
		}
		b = b[:len(b)-n]
	}
	return b, len(b) > 0
}

func affix(b []byte, decode func([]byte) (rune, int), cut func(int) []byte) int {
	r, n := decode(b)
	if r == ' ' || r == '\u00a0' || r == '%' || r == '원' || unicode.Is(unicode.Sc, r) {
		return n
	}
	if len(b) > 3 {
		code := cut(3)
		if isCapital(code[0]) && isCapital(code[1]) && isCapital(code[2]) && !isSpecial(code) {
			return 3
		}
	}
	return 0
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

// parseInteger reads an XML Schema integer: digits with an optional sign.
// over is 1 or -1 where it is beyond an int64.
func parseInteger(b []byte) (v int64, over int, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, 0, false
	}
	var u uint64
	big := false
	for _, c := range b {
		if !isDigit(c) {
			return 0, 0, false
		}
		if u > math.MaxInt64/10 {
			big = true
			continue
		}
		u = u*10 + uint64(c-'0')
	}
	switch {
	case negative && (big || u > 1<<63):
		return math.MinInt64, -1, true
	case negative:
		return -int64(u), 0, true
	case big || u > math.MaxInt64:
		return math.MaxInt64, 1, true
	}
	return int64(u), 0, true
}
