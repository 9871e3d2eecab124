package intake

import (
	"bytes"

	"exhibit/pipeline"
)

// lineEnds says which bytes end a physical line.
type lineEnds uint8

const (
	lfOrCRLF lineEnds = iota
	anyEnd            // LF, CRLF or a lone CR
	onlyLF
	onlyCRLF
	onlyCR
)

// findLineEnds is what the dialect declares, or else what the first line end of
// the file shows: a lone CR makes CR a line end too, beside LF and CRLF.
func findLineEnds(d *pipeline.Dialect, head []byte) lineEnds {
	switch d.LineTerminator {
	case "\n":
		return onlyLF
	case "\r\n":
		return onlyCRLF
	case "\r":
		return onlyCR
	}
	quoted, prev := false, d.Delimiter
	for i := 0; i < len(head); i++ {
		c := head[i]
		opens := prev == d.Delimiter || prev == d.Quote && (d.DoubleQuote || d.Escape == d.Quote)
		switch {
		case quoted && c == d.Escape && c != 0 && c != d.Quote:
			i++
		case c == d.Quote && c != 0 && d.SkipLines == 0 && (quoted || opens): // skipped lines are no CSV
			quoted = !quoted
		case quoted:
		case c == '\n':
			return lfOrCRLF
		case c == '\r' && i+1 < len(head) && head[i+1] != '\n':
			return anyEnd
		}
		if c != ' ' || !d.SkipInitialSpace {
			prev = c
		}
	}
	return lfOrCRLF
}

// lineCounter counts physical lines without a look at quotes. A last line
// without an end counts.
type lineCounter struct {
	ends         lineEnds
	lf, cr, crlf int64
	bytes        int64
	last         [2]byte
}

func (c *lineCounter) add(b []byte) {
	if len(b) == 0 {
		return
	}
	c.lf += int64(bytes.Count(b, []byte{'\n'}))
	if c.ends != lfOrCRLF && c.ends != onlyLF {
		c.cr += int64(bytes.Count(b, []byte{'\r'}))
		c.crlf += int64(bytes.Count(b, []byte("\r\n")))
		if c.last[1] == '\r' && b[0] == '\n' {
			c.crlf++
		}
	}
	c.bytes += int64(len(b))
	c.last[0] = c.last[1]
	if len(b) > 1 {
		c.last[0] = b[len(b)-2]
	}
	c.last[1] = b[len(b)-1]
}

// counted is the number of line ends, and whether the text ends with one.
func (c *lineCounter) counted() (n int64, ended bool) {
	switch c.ends {
	case onlyCRLF:
		return c.crlf, c.last == [2]byte{'\r', '\n'}
	case onlyCR:
		return c.cr, c.last[1] == '\r'
	case anyEnd:
		return c.lf + c.cr - c.crlf, c.last[1] == '\r' || c.last[1] == '\n'
	}
	return c.lf, c.last[1] == '\n'
}

func (c *lineCounter) lines() int64 {
	n, ended := c.counted()
	if c.bytes > 0 && !ended {
		n++
	}
	return n
}

// recordCounter counts the records of well-formed text, the header included.
// It is the second count, which shares no code with the reader's own and must
// equal it wherever no quote is out of place. It knows quotes and line ends,
// and nothing of what stands in a field.
type recordCounter struct {
	quote, delim, escape, comment byte
	double, spaces                bool
	ends                          lineEnds
	skip                          int // physical lines still to be skipped

	records   int64
	state     countState
	filled    bool // the record has at least one byte
	inComment bool
	heldCR    bool // a CR outside quotes: the next byte says what it is
}

type countState uint8

const (
	atFieldStart countState = iota
	inField
	inQuotes
	afterQuote  // a quote inside quotes: it closes, or is the first of two
	afterEscape // inside quotes
	fieldEscape // in an unquoted field
)

func newRecordCounter(d *pipeline.Dialect, e lineEnds) recordCounter {
	c := recordCounter{quote: d.Quote, delim: d.Delimiter, escape: d.Escape, comment: d.Comment,
		double: d.DoubleQuote, spaces: d.SkipInitialSpace, ends: e, skip: d.SkipLines}
	if c.escape != 0 && c.escape == c.quote {
		c.double, c.escape = true, 0
	}
	return c
}

// add takes what stands before the next quote, escape or comment line by line,
// passes over what stands in quotes, and takes the rest byte by byte.
func (c *recordCounter) add(b []byte) {
	plain := c.ends == lfOrCRLF || c.ends == onlyLF
	special := -1 // nothing between i and it is special
	for i := 0; i < len(b); i++ {
		if special < i {
			special = c.special(b, i)
		}
		switch {
		case c.state == inQuotes:
			if i = special; i == len(b) {
				return
			}
		case plain && c.plainly() && special > i:
			if n := bytes.IndexByte(b[i:special], '\n'); n >= 0 {
				if c.filled || n > 1 || n == 1 && (b[i] != '\r' || c.ends == onlyLF) {
					c.records++
				}
				c.state, c.filled = atFieldStart, false
				i += n
				continue
			}
			if !c.spaces && special-i > 1 {
				c.state, c.filled = inField, true
				i = special - 1 // the last byte may be a delimiter or a CR
			}
		}
		c.step(b[i])
	}
}

// plainly says whether the next line end outside quotes ends a line, whatever
// stands before it. Where spaces are skipped, only a whole line is taken so.
func (c *recordCounter) plainly() bool {
	return (c.state == atFieldStart || c.state == inField) && !c.heldCR && !c.inComment && c.skip == 0 && !(c.filled && c.spaces)
}

func (c *recordCounter) special(b []byte, from int) int {
	next := len(b)
	for _, s := range [...]byte{c.quote, c.escape, c.comment} {
		if s == 0 {
			continue
		}
		if i := bytes.IndexByte(b[from:next], s); i >= 0 {
			next = from + i
		}
	}
	return next
}

// total is the count once all bytes are added.
func (c *recordCounter) total() int64 {
	last := c.filled || c.heldCR && c.ends != anyEnd
	if last && !c.inComment && c.skip == 0 {
		return c.records + 1
	}
	return c.records
}

func (c *recordCounter) step(b byte) {
	switch {
	case c.heldCR:
		c.outside(b)
	case c.state == inQuotes && b == c.quote:
		c.state = afterQuote
	case c.state == inQuotes && c.escape != 0 && b == c.escape:
		c.state = afterEscape
	case c.state == inQuotes:
	case c.state == afterEscape: // whatever the escape is followed by, it closes nothing
		c.state = inQuotes
	case c.state == afterQuote && c.double && b == c.quote:
		c.state = inQuotes
	case c.state == fieldEscape && (b == c.escape || b == c.delim || b == c.quote && b != 0):
		c.state = inField
	default:
		c.outside(b)
	}
}

// outside takes a byte outside quotes: of a line end, or of a field.
func (c *recordCounter) outside(b byte) {
	if c.heldCR {
		c.heldCR = false
		if b == '\n' {
			c.endLine()
			return
		}
		if c.ends == anyEnd {
			c.endLine()
		} else {
			c.data('\r')
		}
	}
	switch {
	case b == '\r' && c.ends == onlyCR, b == '\n' && c.ends != onlyCR && c.ends != onlyCRLF:
		c.endLine()
	case b == '\r' && c.ends != onlyLF:
		c.heldCR = true
	default:
		c.data(b)
	}
}

func (c *recordCounter) endLine() {
	switch {
	case c.skip > 0:
		c.skip--
	case c.filled && !c.inComment:
		c.records++
	}
	c.state, c.filled, c.inComment = atFieldStart, false, false
}

func (c *recordCounter) data(b byte) {
	first := !c.filled
	c.filled = true
	switch {
	case c.skip > 0 || c.inComment:
	case first && b == c.comment && b != 0:
		c.inComment = true
	case b == c.delim:
		c.state = atFieldStart
	case b == c.escape && b != 0:
		c.state = fieldEscape
	case c.state == atFieldStart && b == c.quote && b != 0:
		c.state = inQuotes
	case c.state == atFieldStart && b == ' ' && c.spaces:
	default:
		c.state = inField
	}
}
