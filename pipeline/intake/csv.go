package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"exhibit/pipeline"
)

// MaxRecord is the longest record that is read, in bytes without its line end;
// a longer one is rejected as over_long and skipped in constant memory. A quoted
// field that runs on for longer counts as unterminated.
const MaxRecord = 2 << 20

// piece is what a stretch of a file is. Every byte belongs to exactly one.
type piece uint8

const (
	recordPiece piece = iota
	blankPiece
	commentPiece
)

// record is one record of a delivered file. The slices hold until the next one
// is read.
type record struct {
	fields  [][]byte // unquoted; the first ones, as many as were asked for
	count   int      // of all fields
	raw     []byte   // without the line end
	line    int64    // first physical line, from 1
	last    int64    // line up to which it reached
	lines   int64    // physical lines that it takes
	offset  int64    // of the first byte in the decompressed file, from 0
	bytes   int64    // that it takes, with its line end
	high    bool     // a byte above 0x7F stands in raw
	nul     bool     // a NUL byte stands in it
	decoded bool     // the fields are UTF-8 already, and found to be
	absent  []bool   // the fields that hold no value at all; nil: their texts say it
	unsplit bool     // raw is found and not looked at: it stands at at in the tokenizer's buffer
	at      int
	problem problem // of its bytes; the fields are not to be used then
}

// records takes a delivered text apart. CSV is one such source; another format
// is a sibling that fills the same record.
type records interface {
	// next reads the next piece. Its error is io.EOF, a refusal, or the
	// machine's.
	next(*record) (piece, error)
}

// tokenizer is the records of a CSV file: RFC 4180 with a declared dialect,
// read from the bytes as they stand, so that lines and offsets are the file's.
//
// A quoted field begins with its first byte. When it runs over line ends and
// comes to no good end, only its first physical line is rejected, and reading
// goes on at the second: one bad record never costs a good one.
type tokenizer struct {
	in     io.Reader
	err    error // how in ended
	d      pipeline.Dialect
	ends   lineEnds
	limit  int
	fields int // how many fields of a record are wanted
	chunk  int // of the buffer, to begin with
	wide   bool

	buf      []byte
	pos, end int
	line     int64 // physical lines before pos
	offset   int64 // of buf[pos] in the file
	newlines pipeline.Newlines
	cut      int64 // records of which only a part was taken in: the second count reads them otherwise

	// The first position from which on a byte is not known to be absent.
	quoteAt, escapeAt, crAt, nulAt, highAt, lfAt int

	spans []span
	arena []byte

	// Where records are given out for others to read, lend is asked before
	// bytes of the buffer are moved, for another buffer or none; and a record
	// without a quote is given whole.
	lend  func() ([]byte, error)
	whole bool
	rest  []byte // what slide keeps while records are given out
}

// span is a field: in the buffer relative to pos, or in the arena.
type span struct {
	from, to int
	arena    bool
}

func newTokenizer(in io.Reader, d pipeline.Dialect, e lineEnds, limit, fields int) *tokenizer {
	if d.Escape != 0 && d.Escape == d.Quote {
		d.DoubleQuote, d.Escape = true, 0
	}
	return &tokenizer{in: in, d: d, ends: e, limit: limit, fields: fields, chunk: blockBytes}
}

// fill reads more. It reports false at the end of the text or when reading
// failed; positions relative to pos stay valid.
func (t *tokenizer) fill() bool {
	least := t.chunk / 4
	if t.err != nil {
		return false
	}
	if len(t.buf)-t.end < least {
		if t.slide(); t.err != nil {
			return false
		}
	}
	if len(t.buf)-t.end < least {
		bigger := make([]byte, max(t.chunk, 2*len(t.buf)))
		copy(bigger, t.buf[:t.end])
		t.buf = bigger
	}
	for t.err == nil {
		n, err := t.in.Read(t.buf[t.end:])
		t.end += n
		t.err = err
		if n > 0 {
			return true
		}
	}
	return false
}

// slide makes room behind what is not read yet, which moves to the front.
func (t *tokenizer) slide() {
	to, rest := t.buf, t.buf[t.pos:t.end]
	if t.lend != nil {
		// Whoever settles the records that were given out may give their buffer to
		// another file before this goroutine goes on.
		t.rest = append(t.rest[:0], rest...)
		rest = t.rest
		other, err := t.lend()
		if err != nil {
			t.err = err
			return
		}
		if other != nil {
			if to = other; len(rest) > len(to) {
				to = make([]byte, 2*len(rest))
			}
		}
	}
	copy(to, rest)
	t.buf = to
	for _, at := range [...]*int{&t.quoteAt, &t.escapeAt, &t.crAt, &t.nulAt, &t.highAt, &t.lfAt} {
		*at = max(*at-t.pos, 0)
	}
	t.end -= t.pos
	t.pos = 0
}

// failed is the error of the source, nil at its regular end.
func (t *tokenizer) failed() error {
	if errors.Is(t.err, io.EOF) {
		return nil
	}
	return t.err
}

// has says whether b stands in buf[from:to]. The place found is remembered, so
// that a byte that a file lacks costs one fast look at each buffer.
func (t *tokenizer) has(b byte, at *int, from, to int) bool {
	if *at < from {
		*at = from
	}
	if *at < to {
		if i := bytes.IndexByte(t.buf[*at:t.end], b); i >= 0 {
			*at += i
		} else {
			*at = t.end
		}
	}
	return *at < to
}

// hasHigh says whether a byte above 0x7F stands in buf[from:to].
func (t *tokenizer) hasHigh(from, to int) bool {
	if t.highAt < from {
		t.highAt = from
	}
	if t.highAt < to {
		t.highAt += indexHigh(t.buf[t.highAt:t.end])
	}
	return t.highAt < to
}

// indexHigh is the index of the first byte above 0x7F, or len(b).
func indexHigh(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(b) && b[i] < 0x80; i++ {
	}
	return i
}

// lineEnd finds the end of the physical line from r on: where its content ends
// and how long its line end is (0 at the end of the text), relative to pos.
// found is false when more than limit bytes come before it.
func (t *tokenizer) lineEnd(r int) (end, n int, found bool, err error) {
	for from := r; ; {
		if end, n = t.findEnd(r, from); n > 0 {
			return end, n, end-r <= t.limit, nil
		}
		if from = t.end - t.pos; from-r > t.limit+2 {
			return 0, 0, false, nil
		}
		if !t.fill() {
			if err := t.failed(); err != nil {
				return 0, 0, false, err
			}
			return t.lastEnd(r)
		}
		from = max(from-1, r) // a CR at the border may be half of a CRLF
	}
}

// lastEnd is the end of a line that the text ends with.
func (t *tokenizer) lastEnd(r int) (end, n int, found bool, err error) {
	end = t.end - t.pos
	if end > r && t.ends == anyEnd && t.buf[t.end-1] == '\r' {
		end, n = end-1, 1
	}
	return end, n, end-r <= t.limit, nil
}

// findEnd looks for a line end at or after from, in the line that began at r. A
// CR at the end of the buffer is left for when the next byte is there.
func (t *tokenizer) findEnd(r, from int) (end, n int) {
	b := t.buf[t.pos:t.end]
	switch t.ends {
	case lfOrCRLF:
		if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
			if end = from + i; end > r && b[end-1] == '\r' {
				return end - 1, 2
			}
			return end, 1
		}
	case onlyLF, onlyCR:
		c := byte('\n')
		if t.ends == onlyCR {
			c = '\r'
		}
		if i := bytes.IndexByte(b[from:], c); i >= 0 {
			return from + i, 1
		}
	case onlyCRLF:
		if i := bytes.Index(b[from:], []byte("\r\n")); i >= 0 {
			return from + i, 2
		}
	case anyEnd:
		// The LF is remembered: a file of lone CR may have none for a long way.
		stop := len(b)
		if t.has('\n', &t.lfAt, t.pos+from, t.end) {
			stop = t.lfAt - t.pos
		}
		switch i := bytes.IndexByte(b[from:stop], '\r'); {
		case i < 0 && stop < len(b):
			return stop, 1
		case i < 0 || from+i+1 == len(b):
			return 0, 0
		case b[from+i+1] == '\n':
			return from + i, 2
		default:
			return from + i, 1
		}
	}
	return 0, 0
}

// linesOf counts the physical lines in b, a last one without an end included.
func (t *tokenizer) linesOf(b []byte) int64 {
	c := lineCounter{ends: t.ends}
	c.add(b)
	return c.lines()
}

// note counts a line end outside quotes.
func (t *tokenizer) note(end, n int) {
	switch {
	case n == 2:
		t.newlines.CRLF++
	case n == 1 && t.buf[t.pos+end] == '\n':
		t.newlines.LF++
	case n == 1:
		t.newlines.CR++
	}
}

// take makes the next size bytes and lines the record's, and moves on.
func (t *tokenizer) take(rec *record, size int, lines int64) {
	width := int64(size)
	if t.wide {
		width = utf16Bytes(t.buf[t.pos : t.pos+size])
	}
	rec.bytes += width
	rec.lines += lines
	t.offset += width
	t.pos += size
	t.line += lines
}

// next implements records.
func (t *tokenizer) next(rec *record) (piece, error) {
	rec.fields, rec.raw, rec.count, rec.bytes, rec.lines = rec.fields[:0], nil, 0, 0, 0
	rec.line, rec.last, rec.offset = t.line+1, t.line+1, t.offset
	rec.high, rec.nul, rec.unsplit = false, false, false
	if rec.problem.reason != fine {
		rec.problem = problem{}
	}
	if t.pos == t.end && !t.fill() {
		if err := t.failed(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	end, n, found, err := t.lineEnd(0)
	if err != nil {
		return 0, err
	}
	comment := t.d.Comment != 0 && t.buf[t.pos] == t.d.Comment
	switch {
	case !found && comment:
		return commentPiece, t.skipLine(rec)
	case !found:
		t.cut++
		rec.problem = problem{overLong, -1, fmt.Sprintf("longer than %d bytes", t.limit)}
		return recordPiece, t.skipLine(rec)
	case end == 0 || comment:
		t.note(end, n)
		t.take(rec, end+n, 1)
		if comment && end > 0 {
			return commentPiece, nil
		}
		return blankPiece, nil
	}
	from, to := t.pos, t.pos+end
	if t.d.Quote != 0 && t.has(t.d.Quote, &t.quoteAt, from, to) || t.d.Escape != 0 && t.has(t.d.Escape, &t.escapeAt, from, to) || t.d.SkipInitialSpace {
		return recordPiece, t.quoted(rec, end, n)
	}
	if t.whole {
		rec.raw, rec.at, rec.unsplit = t.buf[from:to], from, true
	} else {
		t.look(rec, end)
		t.split(rec)
		t.strayEnds(rec)
	}
	t.note(end, n)
	t.take(rec, end+n, 1)
	return recordPiece, nil
}

// look makes the next size bytes the record's content.
func (t *tokenizer) look(rec *record, size int) {
	from, to := t.pos, t.pos+size
	rec.raw = t.buf[from:to]
	rec.high = t.hasHigh(from, to)
	rec.nul = t.has(0, &t.nulAt, from, to)
}

// split cuts a record without a quote.
func (t *tokenizer) split(rec *record) {
	rest := rec.raw
	for len(rec.fields) < t.fields {
		i := bytes.IndexByte(rest, t.d.Delimiter)
		if i < 0 {
			rec.fields = append(rec.fields, rest)
			rec.count = len(rec.fields)
			return
		}
		rec.fields = append(rec.fields, rest[:i])
		rest = rest[i+1:]
	}
	rec.count = len(rec.fields) + 1 + bytes.Count(rest, []byte{t.d.Delimiter})
}

// strayEnds rejects a record in one of whose unquoted fields stands a CR or LF
// that is no line end.
func (t *tokenizer) strayEnds(rec *record) {
	if t.has('\r', &t.crAt, t.pos, t.pos+len(rec.raw)) {
		rec.problem = problem{reason: strayCarriageReturn, field: bytes.Count(rec.raw[:t.crAt-t.pos], []byte{t.d.Delimiter})}
		return
	}
	if t.ends == onlyCR || t.ends == onlyCRLF {
		if i := bytes.IndexByte(rec.raw, '\n'); i >= 0 {
			rec.problem = problem{reason: strayLineFeed, field: bytes.Count(rec.raw[:i], []byte{t.d.Delimiter})}
		}
	}
}

// skipLine passes over a physical line of any length in constant memory.
func (t *tokenizer) skipLine(rec *record) error {
	for {
		end, n := t.findEnd(0, 0)
		if n > 0 {
			t.note(end, n)
			t.take(rec, end+n, 1)
			return nil
		}
		// The last byte stays: it may be the first half of a line end.
		if size := t.end - t.pos - 1; size > 0 {
			t.take(rec, size, 0)
		}
		if t.fill() {
			continue
		}
		if err := t.failed(); err != nil {
			return err
		}
		if end, n, _, _ = t.lastEnd(0); n > 0 {
			t.note(end, n)
		}
		t.take(rec, t.end-t.pos, 1)
		return nil
	}
}

// skipLines passes over n physical lines, or to the end of the text.
func (t *tokenizer) skipLines(n int) (rec record, err error) {
	for range n {
		if t.pos == t.end && !t.fill() {
			return rec, t.failed()
		}
		if err := t.skipLine(&rec); err != nil {
			return rec, err
		}
	}
	return rec, nil
}
