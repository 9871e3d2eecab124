package strength

import (
	"bytes"
	"math"
)

// A form is a way to write a mobile number before it is hashed.
type form struct {
	name    string
	country string // written before the number
	trunk   bool   // the leading 0 is written
	hyphens bool
}

// mobileForms are the forms that are tried.
var mobileForms = [...]form{
	{"mobile number, digits", "", true, false},
	{"mobile number, hyphens", "", true, true},
	{"mobile number, +82", "+82", false, false},
	{"mobile number, +82 and hyphens", "+82-", false, true},
	{"mobile number, 82", "82", false, false},
}

// The forms by number: first those of mobileForms, in their order.
const (
	accountForm = len(mobileForms)     // 1, 2, 3 … without leading zeros
	givenForm   = len(mobileForms) + 1 // known values only
	lowerForm   = len(mobileForms) + 2 // known e-mail addresses only
	forms       = len(mobileForms) + 3
)

// formNames are the names of the forms by number.
func formNames() []string {
	var out []string
	for _, f := range mobileForms {
		out = append(out, f.name)
	}
	return append(out, "account number", "value as given", "value in lower case")
}

// mobile is a Korean mobile number: a prefix of three digits and seven or
// eight more.
type mobile struct {
	digits [11]byte
	n      int
}

// currentPrefix begins every number given out since 2004; eight digits follow.
const currentPrefix = "010"

// oldPrefixes begin older numbers; seven or eight digits follow.
var oldPrefixes = []string{"011", "016", "017", "018", "019"}

// parseMobile reads a number written in one of the mobile forms, or with
// spaces, dots or brackets between its digits.
func parseMobile(text []byte) (m mobile, ok bool) {
	if len(text) > 24 {
		return m, false
	}
	var all [24]byte
	n := 0
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			all[n] = c
			n++
		case c == '+' && i == 0, c == '-', c == ' ', c == '.', c == '(', c == ')':
		default:
			return m, false
		}
	}
	d := all[:n]
	if n > 2 && d[0] == '8' && d[1] == '2' {
		d = d[1:]
		d[0] = '0' // in place of the country code
		if len(d) > 1 && d[1] == '0' {
			d = d[1:] // +82 010…
		}
	}
	if len(d) < 10 || len(d) > 11 || d[0] != '0' || d[1] != '1' {
		return m, false
	}
	prefix := string(d[:3])
	known := prefix == currentPrefix && len(d) == 11
	for _, p := range oldPrefixes {
		known = known || prefix == p
	}
	m.n = copy(m.digits[:], d)
	clear(all[:])
	return m, known
}

// write writes the number in a form to the front of buf.
func (m *mobile) write(f form, buf *[maxToken]byte) []byte {
	out := append(buf[:0], f.country...)
	for i := range m.n {
		if i == 0 && !f.trunk {
			continue
		}
		if f.hyphens && (i == 3 || i == m.n-4) {
			out = append(out, '-')
		}
		out = append(out, m.digits[i])
	}
	return out
}

// segment is a part of the space that one template writes: the numbers from
// … to−1, with their digits at the given places of the text.
type segment struct {
	text     []byte
	at       []int
	from, to int64
}

// put writes number n into a text like the segment's.
func (s *segment) put(text []byte, n int64) {
	for i := len(s.at) - 1; i >= 0; i-- {
		text[s.at[i]] = byte('0' + n%10)
		n /= 10
	}
}

// mobileSpace is every mobile number in a form; limit, unless 0, keeps the
// numbers of each prefix below it.
func mobileSpace(f form, old bool, limit int64) []segment {
	var out []segment
	add := func(prefix string, digits int) {
		m := mobile{n: len(prefix) + digits}
		copy(m.digits[:], prefix)
		for i := len(prefix); i < m.n; i++ {
			m.digits[i] = '#'
		}
		var buf [maxToken]byte
		s := segment{text: append([]byte(nil), m.write(f, &buf)...), to: int64(math.Pow10(digits))}
		for i, c := range s.text {
			if c == '#' {
				s.at = append(s.at, i)
			}
		}
		if limit > 0 {
			s.to = min(s.to, limit)
		}
		out = append(out, s)
	}
	add(currentPrefix, 8)
	if old {
		for _, p := range oldPrefixes {
			add(p, 7)
			add(p, 8)
		}
	}
	return out
}

// numberSpace is 1 … last, without leading zeros.
func numberSpace(last int64) []segment {
	var out []segment
	for digits, from := 1, int64(1); from <= last && digits <= 18; digits, from = digits+1, from*10 {
		s := segment{text: make([]byte, digits), from: from, to: last + 1}
		if digits < 18 {
			s.to = min(s.to, from*10)
		}
		for i := range digits {
			s.at = append(s.at, i)
		}
		out = append(out, s)
	}
	return out
}

func candidates(space []segment) (n int64) {
	for _, s := range space {
		n += s.to - s.from
	}
	return n
}

// within says whether a mobile number lies in the space that mobileSpace gives.
func (m *mobile) within(old bool, limit int64) bool {
	if !old && string(m.digits[:3]) != currentPrefix {
		return false
	}
	return limit <= 0 || number(m.digits[3:m.n]) < limit
}

// number reads up to 18 digits.
func number(digits []byte) (n int64) {
	for _, c := range digits {
		n = 10*n + int64(c-'0')
	}
	return n
}

// lies says whether a token as it stands lies in the space of a form.
func (t *trial) lies(token []byte, form int) bool {
	if form == accountForm {
		return isNumber(token) && number(token) <= t.Numbers
	}
	m, ok := parseMobile(token)
	if !ok || !m.within(t.OldPrefixes, t.MobileLimit) {
		return false
	}
	var buf [maxToken]byte
	return bytes.Equal(m.write(mobileForms[form], &buf), token)
}
