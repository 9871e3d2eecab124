package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// fixedLines are the records of a file of fixed width: one a physical line, cut
// by the bytes as delivered, before they are decoded. Blanks are removed from
// both sides of a field only where the layout says trim; bytes between the
// fields must be blank.
type fixedLines struct {
	f     *delivery
	gaps  []span // bytes of a line that are of no field
	width int    // of a line, in bytes
}

// newFixedLines lays the fields side by side; none may overlap another.
func newFixedLines(f *delivery) (*fixedLines, error) {
	l := &fixedLines{f: f}
	sorted := slices.Clone(f.columns)
	slices.SortStableFunc(sorted, func(a, b *column) int { return a.field.Start - b.field.Start })
	before := "the line's start"
	for _, c := range sorted {
		start, width := c.field.Start, c.field.Width
		if start < 0 || width < 1 || start > MaxRecord || width > MaxRecord {
			return nil, fmt.Errorf("field %s: start %d and width %d are no place in a line", c.field.Name, start, width)
		}
		if start < l.width {
			return nil, fmt.Errorf("fields %s and %s overlap", before, c.field.Name)
		}
		if start > l.width {
			l.gaps = append(l.gaps, span{from: l.width, to: start})
		}
		before, l.width = c.field.Name, start+width
	}
	return l, nil
}

// readFixed reads a file of fixed width.
func (f *delivery) readFixed(rec *record) error {
	lines, err := newFixedLines(f)
	if err != nil {
		return err
	}
	f.positional()
	if f.dialect.Header {
		if err := f.fixedHeader(lines, rec); err != nil {
			return err
		}
	}
	return f.readRecords(lines, rec)
}

// fixedHeader holds the first line to the layout: each field's name in the
// field's place, padded with blanks, and cut where the field is narrower.
func (f *delivery) fixedHeader(lines *fixedLines, rec *record) error {
	for {
		kind, err := lines.next(rec)
		if errors.Is(err, io.EOF) {
			return refusal("no header: the file ends before it")
		}
		if err != nil {
			return err
		}
		f.piece(rec)
		if kind == blankPiece {
			f.staged.Blank++
		}
		if kind == recordPiece {
			break
		}
	}
	f.headers = 1
	if rec.problem.reason != fine {
		return refusal(fmt.Sprintf("header unlike the layout: %s at line %d", rec.problem.reason, rec.line))
	}
	var missing []string
	for i, c := range f.columns {
		cell := bytes.Trim(rec.raw[c.field.Start:c.field.Start+c.field.Width], " ")
		name := c.field.Name
		if text := string(f.codec.text(cell)); text != name && !(len(cell) == c.field.Width && strings.HasPrefix(name, text)) {
			missing = append(missing, f.byName[i])
		}
	}
	if len(missing) > 0 {
		return refusal("header unlike the layout: missing in their places: " + firstFew(missing))
	}
	return nil
}

// text decodes valid bytes.
func (c *codec) text(b []byte) []byte {
	if c.utf8 || indexHigh(b) == len(b) {
		return b
	}
	return c.decode(nil, b)
}

// next implements records.
func (l *fixedLines) next(rec *record) (piece, error) {
	kind, err := l.f.t.next(rec)
	if err != nil || kind != recordPiece {
		return kind, err
	}
	rec.fields, rec.count = rec.fields[:0], len(l.f.columns)
	raw := rec.raw
	switch {
	case rec.problem.reason != fine:
		rec.problem.field = l.fieldAt(raw)
		return kind, nil
	case len(raw) < l.width:
		rec.problem = problem{shortRecord, -1, fmt.Sprintf("%d bytes of %d", len(raw), l.width)}
		return kind, nil
	case len(raw) > l.width:
		rec.problem = problem{longRecord, -1, fmt.Sprintf("%d bytes instead of %d", len(raw), l.width)}
		return kind, nil
	}
	for i, c := range l.f.columns {
		cell := raw[c.field.Start : c.field.Start+c.field.Width]
		if c.field.Trim {
			cell = bytes.Trim(cell, " ")
		}
		rec.fields = append(rec.fields, cell)
		// A character may be cut in two by the border of its field.
		if rec.high && rec.problem.reason == fine && !l.f.codec.valid(cell) {
			rec.problem = problem{reason: undecodableBytes, field: i}
		}
	}
	for _, g := range l.gaps {
		if rec.problem.reason == fine && len(bytes.Trim(raw[g.from:g.to], " ")) > 0 {
			rec.problem = problem{bytesOutsideFields, -1, fmt.Sprintf("byte %d to %d", g.from, g.to-1)}
		}
	}
	return kind, nil
}

// fieldAt is the field in which a lone CR or LF stands.
func (l *fixedLines) fieldAt(raw []byte) int {
	at := bytes.IndexAny(raw, "\r\n")
	if at < 0 {
		return -1
	}
	return slices.IndexFunc(l.f.columns, func(c *column) bool { return at >= c.field.Start && at < c.field.Start+c.field.Width })
}

// checkFixed says what in the places of the fields is no layout.
func checkFixed(l *layout) error {
	_, err := newFixedLines(&delivery{layout: l})
	return err
}

var _ records = (*fixedLines)(nil)
