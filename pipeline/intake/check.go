package intake

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"exhibit/pipeline"
)

// checker finds the first problem of a record, and types its fields. It reads
// the delivery and changes nothing of it. Each goroutine has its own, as columns
// have scratch space.
type checker struct {
	f       *delivery
	columns []*column
	text    []byte // decoded text of what was checked since it was last emptied
	heard   heard
}

// heard is what records' bytes say about the declared encoding.
type heard struct {
	nonASCII      int64 // records with bytes above 0x7F
	garbled       int64 // of them, not decodable as declared
	looksLikeUTF8 int64 // of them, valid UTF-8
}

func (h *heard) add(o heard) {
	h.nonASCII += o.nonASCII
	h.garbled += o.garbled
	h.looksLikeUTF8 += o.looksLikeUTF8
}

// checker gives one for another goroutine.
func (f *delivery) checker() *checker {
	c := &checker{f: f, columns: make([]*column, len(f.columns))}
	for i, col := range f.columns {
		own := *col
		own.scratch, own.number, own.last.text = nil, decimal{}, nil
		c.columns[i] = &own
	}
	return c
}

// check gives the day and the values of a record, one a column of the layout,
// or its first problem. What an earlier record may decide, whether a value is
// unique, is left to settleRecord. The values' texts hold as long as the record
// and c.text.
func (c *checker) check(rec *record, values []value) (pipeline.Day, problem) {
	f := c.f
	garbled := rec.high && c.weigh(rec.raw)
	switch {
	case rec.problem.reason != fine:
		return 0, rec.problem
	case rec.nul:
		return 0, problem{reason: nulByte, field: slices.IndexFunc(rec.fields, func(b []byte) bool { return slices.Contains(b, 0) })}
	case garbled:
		return 0, problem{reason: undecodableBytes, field: slices.IndexFunc(rec.fields, func(b []byte) bool { return !f.codec.valid(b) })}
	case rec.count < len(f.byName):
		return 0, problem{tooFewFields, -1, fmt.Sprintf("%d fields of %d", rec.count, len(f.byName))}
	case rec.count > len(f.byName):
		return 0, problem{tooManyFields, -1, fmt.Sprintf("%d fields instead of %d", rec.count, len(f.byName))}
	}
	for i, col := range c.columns {
		if rec.absent != nil && rec.absent[col.at] {
			values[i] = value{}
			if col.field.Required {
				return 0, problem{reason: required, field: col.at}
			}
			continue
		}
		text := rec.fields[col.at]
		if rec.high && !rec.decoded && !f.codec.utf8 && col.needText && indexHigh(text) < len(text) {
			from := len(c.text)
			c.text = f.codec.decode(c.text, text)
			text = c.text[from:]
		}
		if r := col.check(text, &values[i]); r != fine {
			return 0, problem{reason: r, field: col.at}
		}
	}
	return f.dayOf(values)
}

// weigh notes what a record's bytes say about the declared encoding, and
// whether they cannot be decoded.
func (c *checker) weigh(raw []byte) (garbled bool) {
	c.heard.nonASCII++
	if garbled = !c.f.codec.valid(raw); garbled {
		c.heard.garbled++
	}
	if !c.f.codec.utf8 && utf8.Valid(raw) {
		c.heard.looksLikeUTF8++
	}
	return garbled
}

// dayOf is the day of a transfer.
func (f *delivery) dayOf(values []value) (pipeline.Day, problem) {
	if f.date == nil {
		return f.staged.NameDay, problem{}
	}
	v := &values[f.date.index]
	if !v.present {
		return 0, problem{reason: required, field: f.date.at}
	}
	day := f.date.dayOf(v)
	if f.name != nil && day != f.staged.NameDay {
		return 0, problem{reason: wrongDate, field: f.date.at}
	}
	return day, problem{}
}
