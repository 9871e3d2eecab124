package intake

import "fmt"

// quoted reads a record with a quote or an escape in its first physical line,
// whose content ends at end with a line end of n bytes.
func (t *tokenizer) quoted(rec *record, end, n int) error {
	if t.spans = t.spans[:0]; !t.whole {
		t.arena = t.arena[:0]
	}
	firstEnd, firstN := end, n
	q := quotedRecord{t: t, end: end, n: n}
	bad, err := q.read()
	if err != nil {
		return err
	}
	if bad.reason != fine {
		t.malformed(rec, bad, q.at, firstEnd, firstN)
		return nil
	}
	t.look(rec, q.end)
	rec.count, rec.problem = q.count, q.first
	for _, s := range t.spans {
		if s.arena {
			rec.fields = append(rec.fields, t.arena[s.from:s.to])
		} else {
			rec.fields = append(rec.fields, t.buf[t.pos+s.from:t.pos+s.to])
		}
	}
	lines := int64(1)
	if q.end != firstEnd {
		lines = t.linesOf(rec.raw)
	}
	rec.last = rec.line + lines - 1
	t.note(q.end, q.n)
	t.take(rec, q.end+q.n, lines)
	return nil
}

// malformed rejects the first physical line of a record, and says how far the
// quote that opened there reached before the trouble showed.
func (t *tokenizer) malformed(rec *record, bad problem, at, end, n int) {
	t.cut++
	rec.problem = bad
	t.look(rec, end)
	if at > end {
		rec.last = rec.line + t.linesOf(t.buf[t.pos:t.pos+at]) - 1
		rec.problem.reason = unterminatedQuote
		if rec.last > rec.line {
			rec.problem.detail = fmt.Sprintf("the quote opened here runs to line %d; lines %d to %d were read again as records of their own",
				rec.last, rec.line+1, rec.last)
		}
	}
	t.note(end, n)
	t.take(rec, end+n, 1)
	t.quoteAt, t.escapeAt, t.lfAt = t.pos, t.pos, t.pos // what was passed over is read again
}

// quotedRecord is the reading of one record; positions are relative to pos.
type quotedRecord struct {
	t      *tokenizer
	r      int // the next byte
	end, n int // of the physical line that r stands in
	count  int
	at     int // where the trouble showed
	// first is the first stray half of a line end. It makes the record bad, but
	// puts neither its quotes nor its end in doubt.
	first problem
}

func (q *quotedRecord) stray(r reason) {
	if q.first.reason == fine {
		q.first = problem{reason: r, field: q.count}
	}
}

// have says whether byte r is there, within the limit. What lies beyond that is
// not asked for, so that it does not matter whether it can be read.
func (q *quotedRecord) have(r int) bool {
	for r <= q.t.limit && r >= q.t.end-q.t.pos {
		if !q.t.fill() {
			return false
		}
	}
	return r <= q.t.limit
}

func (q *quotedRecord) read() (problem, error) {
	t := q.t
	for {
		if t.d.SkipInitialSpace {
			for q.r < q.end && t.buf[t.pos+q.r] == ' ' {
				q.r++
			}
		}
		var bad problem
		var err error
		if q.r < q.end && t.d.Quote != 0 && t.buf[t.pos+q.r] == t.d.Quote {
			bad, err = q.quotedField()
		} else {
			bad = q.plainField()
		}
		if err != nil || bad.reason != fine {
			return bad, err
		}
		q.count++
		if q.r == q.end {
			return problem{}, nil
		}
		q.r++ // the delimiter
	}
}

// plainField reads an unquoted field, up to a delimiter or the end of the line.
func (q *quotedRecord) plainField() problem {
	t := q.t
	line := t.buf[t.pos : t.pos+q.end]
	from, escaped := q.r, false
	start := len(t.arena)
	for i := q.r; ; i++ {
		if i == len(line) || line[i] == t.d.Delimiter {
			q.r = i
			break
		}
		switch c := line[i]; {
		case c == t.d.Quote && c != 0:
			q.at = i
			return problem{reason: strayQuote, field: q.count}
		case c == '\r':
			q.stray(strayCarriageReturn)
		case c == '\n':
			q.stray(strayLineFeed)
		case c == t.d.Escape && c != 0 && i+1 < len(line) && t.special(line[i+1]):
			t.arena = append(t.arena, line[from:i]...)
			t.arena = append(t.arena, line[i+1])
			from, escaped = i+2, true
			i++
		}
	}
	if escaped {
		t.arena = append(t.arena, line[from:q.r]...)
		q.keep(span{start, len(t.arena), true})
		return problem{}
	}
	q.keep(span{from, q.r, false})
	return problem{}
}

// special says whether an escape before c takes away c's meaning. Before any
// other byte an escape stands for itself.
func (t *tokenizer) special(c byte) bool {
	return c == t.d.Delimiter || c == t.d.Escape || c == t.d.Quote && c != 0
}

func (q *quotedRecord) keep(s span) {
	if len(q.t.spans) < q.t.fields {
		q.t.spans = append(q.t.spans, s)
	}
}

// quotedField reads a field whose first byte is a quote, over any number of
// physical lines, and leaves r at the delimiter or line end after it.
func (q *quotedRecord) quotedField() (problem, error) {
	t := q.t
	from := q.r + 1
	start, escaped := len(t.arena), false
	for i := from; ; {
		i = t.quoteOrEscape(i)
		for i == t.end-t.pos && q.have(i) {
			i = t.quoteOrEscape(i)
		}
		if !q.have(i) {
			q.at = min(t.end-t.pos, t.limit)
			bad := problem{reason: unterminatedQuote, field: q.count}
			if i > t.limit {
				return bad, nil
			}
			return bad, t.failed()
		}
		more := q.have(i + 1)
		if err := t.failed(); err != nil {
			return problem{}, err
		}
		if t.doubled(i, more) {
			t.arena = append(t.arena, t.buf[t.pos+from:t.pos+i]...)
			t.arena = append(t.arena, t.buf[t.pos+i+1])
			from, escaped = i+2, true
			i += 2
			continue
		}
		if t.buf[t.pos+i] != t.d.Quote {
			i++ // an escape that stands for itself
			continue
		}
		if escaped {
			t.arena = append(t.arena, t.buf[t.pos+from:t.pos+i]...)
			q.keep(span{start, len(t.arena), true})
		} else {
			q.keep(span{from, i, false})
		}
		return q.closed(i + 1)
	}
}

// doubled says whether the quote or escape at i is the first of a pair that
// stands for one character.
func (t *tokenizer) doubled(i int, more bool) bool {
	if !more {
		return false
	}
	c, next := t.buf[t.pos+i], t.buf[t.pos+i+1]
	if c == t.d.Quote {
		return next == c && t.d.DoubleQuote
	}
	return t.special(next)
}

// quoteOrEscape is the first place from i on where either stands, or the end of
// the buffer.
func (t *tokenizer) quoteOrEscape(i int) int {
	from := t.pos + i
	t.has(t.d.Quote, &t.quoteAt, from, t.end)
	next := t.quoteAt
	if t.d.Escape != 0 && t.has(t.d.Escape, &t.escapeAt, from, next) {
		next = t.escapeAt
	}
	return next - t.pos
}

// closed checks what follows a closing quote: a delimiter, a line end or the
// end of the text, and nothing else.
func (q *quotedRecord) closed(r int) (problem, error) {
	t := q.t
	q.r = r
	if r > q.end { // the field ran into another line
		end, n, found, err := t.lineEnd(r)
		if err != nil {
			return problem{}, err
		}
		if !found || end > t.limit {
			q.at = min(t.end-t.pos, t.limit)
			return problem{reason: unterminatedQuote, field: q.count}, nil
		}
		q.end, q.n = end, n
	}
	if r == q.end || t.buf[t.pos+r] == t.d.Delimiter {
		return problem{}, nil
	}
	q.at = r
	return problem{reason: strayQuote, field: q.count}, nil
}
