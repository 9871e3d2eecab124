package intake

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonDepth is how deep JSON may be nested.
const jsonDepth = 64

// jsonKind is what a JSON value is, as a bit.
type jsonKind uint8

const (
	jsonNull jsonKind = 1 << iota
	jsonBool
	jsonNumber
	jsonString
	jsonObject
	jsonArray
)

// jsonValue is a value in a JSON text: of a string its characters, of anything
// else its text as it stands, so that a number keeps every digit.
type jsonValue struct {
	kind jsonKind
	text []byte
}

// jsonScanner reads JSON (RFC 8259) strictly: one meaning or none. Its input is
// valid UTF-8. It takes no comment, no trailing comma, no NaN, no leading zero,
// no control character in a string, no half of a surrogate pair, and no key
// twice in one object, at any depth.
type jsonScanner struct {
	b     []byte
	i     int
	bad   reason // the first problem
	arena []byte // strings that had escapes
	keys  [jsonDepth + 1]map[string]struct{}
}

// reset begins a text. What the scanner gave before is overwritten.
func (s *jsonScanner) reset(b []byte) {
	s.b, s.i, s.bad, s.arena = b, 0, fine, s.arena[:0]
}

// fail notes a problem, unless there was one, and gives false.
func (s *jsonScanner) fail(r reason) bool {
	if s.bad == fine {
		s.bad = r
	}
	return false
}

// skip passes over white space and says whether c comes next, which it takes.
func (s *jsonScanner) skip(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *jsonScanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// ended says whether nothing but white space is left.
func (s *jsonScanner) ended() bool {
	s.space()
	return s.i == len(s.b) || s.fail(notJSON)
}

// value reads the next value; depth is that of what it stands in.
func (s *jsonScanner) value(v *jsonValue, depth int) bool {
	s.space()
	if s.i == len(s.b) {
		return s.fail(notJSON)
	}
	from, ok := s.i, false
	switch c := s.b[s.i]; {
	case c == '"':
		v.kind = jsonString
		v.text, ok = s.string()
		return ok
	case c == '{':
		v.kind = jsonObject
		ok = s.members(depth+1, func([]byte) bool {
			var inner jsonValue
			return s.value(&inner, depth+1)
		})
	case c == '[':
		v.kind = jsonArray
		ok = s.elements(depth + 1)
	case c == '-' || isDigit(c):
		v.kind = jsonNumber
		ok = s.number()
	default:
		v.kind, ok = s.word()
	}
	v.text = s.b[from:s.i]
	return ok
}

func (s *jsonScanner) word() (jsonKind, bool) {
	for _, w := range []struct {
		text string
		kind jsonKind
	}{{"null", jsonNull}, {"true", jsonBool}, {"false", jsonBool}} {
		if bytes.HasPrefix(s.b[s.i:], []byte(w.text)) {
			s.i += len(w.text)
			return w.kind, true
		}
	}
	return 0, s.fail(notJSON)
}

func (s *jsonScanner) number() bool {
	if s.b[s.i] == '-' {
		s.i++
	}
	switch {
	case s.i < len(s.b) && s.b[s.i] == '0':
		s.i++
	case !s.digits():
		return false
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		if s.i++; !s.digits() {
			return false
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		if s.i++; s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		return s.digits()
	}
	return true
}

func (s *jsonScanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && isDigit(s.b[s.i]) {
		s.i++
	}
	return s.i > from || s.fail(notJSON)
}

// elements reads an array.
func (s *jsonScanner) elements(depth int) bool {
	if depth > jsonDepth {
		return s.fail(tooDeep)
	}
	s.i++
	if s.skip(']') {
		return true
	}
	for {
		var v jsonValue
		if !s.value(&v, depth) {
			return false
		}
		if s.skip(']') {
			return true
		}
		if !s.skip(',') {
			return s.fail(notJSON)
		}
	}
}

// members reads an object; each is called at the value of each key.
func (s *jsonScanner) members(depth int, each func(key []byte) bool) bool {
	if depth > jsonDepth {
		return s.fail(tooDeep)
	}
	s.i++
	if s.skip('}') {
		return true
	}
	defer s.forget(depth)
	for {
		if s.space(); s.i == len(s.b) || s.b[s.i] != '"' {
			return s.fail(notJSON)
		}
		key, ok := s.string()
		if !ok {
			return false
		}
		// depth 1 is the record: who reads it knows its keys.
		if depth > 1 && !s.once(depth, key) {
			return s.fail(duplicateKey)
		}
		if !s.skip(':') {
			return s.fail(notJSON)
		}
		if !each(key) {
			return false
		}
		if s.skip('}') {
			return true
		}
		if !s.skip(',') {
			return s.fail(notJSON)
		}
	}
}

// once says whether a key comes for the first time in the object at depth.
func (s *jsonScanner) once(depth int, key []byte) bool {
	if s.keys[depth] == nil {
		s.keys[depth] = map[string]struct{}{}
	}
	if _, ok := s.keys[depth][string(key)]; ok {
		return false
	}
	s.keys[depth][string(key)] = struct{}{}
	return true
}

// forget empties the keys of an object; a large table is not kept.
func (s *jsonScanner) forget(depth int) {
	if len(s.keys[depth]) > 1024 {
		s.keys[depth] = nil
	}
	clear(s.keys[depth])
}

// string reads a string, whose quote comes next.
func (s *jsonScanner) string() ([]byte, bool) {
	s.i++
	from, start, escaped := s.i, len(s.arena), false
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			text := s.b[from:s.i]
			s.i++
			if escaped {
				s.arena = append(s.arena, text...)
				text = s.arena[start:]
			}
			return text, true
		case c == '\\':
			s.arena = append(s.arena, s.b[from:s.i]...)
			if escaped = true; !s.escape() {
				return nil, false
			}
			from = s.i
		case c < ' ':
			return nil, s.fail(notJSON)
		default:
			s.i++
		}
	}
	return nil, s.fail(notJSON)
}

// escape appends the character that an escape stands for.
func (s *jsonScanner) escape() bool {
	if s.i+1 == len(s.b) {
		return s.fail(notJSON)
	}
	c := s.b[s.i+1]
	if c == 'u' {
		return s.escapedRune()
	}
	at := bytes.IndexByte([]byte(`"\/bfnrt`), c)
	if at < 0 {
		return s.fail(badEscape)
	}
	s.arena = append(s.arena, "\"\\/\b\f\n\r\t"[at])
	s.i += 2
	return true
}

func (s *jsonScanner) escapedRune() bool {
	r, ok := s.hex4()
	if !ok {
		return s.fail(badEscape)
	}
	if utf16.IsSurrogate(r) {
		low, ok := s.hex4()
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return s.fail(badEscape)
		}
	}
	s.arena = utf8.AppendRune(s.arena, r)
	return true
}

// hex4 reads \u and four hexadecimal digits.
func (s *jsonScanner) hex4() (r rune, ok bool) {
	if len(s.b)-s.i < 6 || s.b[s.i] != '\\' || s.b[s.i+1] != 'u' {
		return 0, false
	}
	for _, c := range s.b[s.i+2 : s.i+6] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	s.i += 6
	return r, true
}
