package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sheetRows are the records of a worksheet: one a row with at least one value,
// below the header; rows without one are blank. A record's line is the number of
// its row; it has no byte offset, which is 0. An empty cell is no value.
//
// A cell must hold the type of its field: a text for string and whatever else is
// written as text; a number for integer (as it stands, at most 15 digits: a sheet
// rounds what is longer) and number (its shortest decimal); a truth value for
// boolean; for date, datetime and time a number in a cell that is formatted as
// one, in the workbook's system of 1900 or 1904, or a text in the declared form;
// for year a number or a text. How a cell is shown beyond that means nothing. A
// field with values takes any of them whose text is listed. A formula is no
// value that was delivered, nor is an error: the record is rejected. Merged
// cells below the skipped rows refuse the file, since one value would stand for
// several.
type sheetRows struct {
	f       *delivery
	sheet   *sheetScanner
	skip    int64
	renders []*render
	byPlace []int // the field at each position; -1 none
	at      int64 // the last row that was given
	held    bool  // the next row with values was read already
	row     int64
	cells   []sheetCell
	arena   []byte
}

// header finds the fields in the first row with values.
func (x *sheetRows) header(rec *record) error {
	for {
		kind, err := x.next(rec)
		if errors.Is(err, io.EOF) {
			return refusal("no header: the sheet ends before it")
		}
		if err != nil {
			return err
		}
		x.f.piece(rec)
		if kind == recordPiece {
			break
		}
		if kind == blankPiece {
			x.f.staged.Blank++
		}
	}
	x.f.headers = 1
	var names []string
	for _, c := range x.cells {
		if c.kind != cellText {
			return refusal(fmt.Sprintf("header unlike the layout: the cell at position %d is no text", c.col+1))
		}
		if c.col != len(names) {
			return refusal(fmt.Sprintf("header unlike the layout: the cell at position %d is empty", len(names)+1))
		}
		names = append(names, c.text)
	}
	if err := x.f.matchHeader(names); err != nil {
		return err
	}
	x.byPlace = make([]int, len(names))
	for i := range x.byPlace {
		x.byPlace[i] = -1
	}
	for i, c := range x.f.columns {
		x.byPlace[c.at] = i
	}
	return nil
}

// next implements records.
func (x *sheetRows) next(rec *record) (piece, error) {
	if !x.held {
		var err error
		if x.row, x.cells, err = x.sheet.row(x.cells); err != nil {
			return x.end(rec, err)
		}
		x.held = true
	}
	x.at++
	*rec = record{fields: rec.fields[:0], absent: rec.absent[:0], line: x.at, last: x.at, lines: 1, decoded: true}
	switch {
	case x.at <= x.skip:
		x.held = x.held && x.at < x.row
		return commentPiece, nil
	case x.at < x.row:
		return blankPiece, nil
	}
	x.held = false
	x.fill(rec)
	return recordPiece, nil
}

// end accounts for the rows after the last value.
func (x *sheetRows) end(rec *record, err error) (piece, error) {
	if !errors.Is(err, io.EOF) {
		return 0, err
	}
	if x.sheet.mergedTo > x.skip {
		return 0, refusal("the sheet has merged cells: one value would stand for several")
	}
	if x.at >= x.sheet.lastRow {
		return 0, io.EOF
	}
	x.at++
	*rec = record{line: x.at, last: x.at, lines: 1}
	if x.at <= x.skip {
		return commentPiece, nil
	}
	return blankPiece, nil
}

// fill writes the cells of a row as the fields of a record.
func (x *sheetRows) fill(rec *record) {
	rec.count = len(x.byPlace)
	if x.byPlace == nil { // the header itself
		return
	}
	for range x.byPlace {
		rec.fields, rec.absent = append(rec.fields, nil), append(rec.absent, true)
	}
	x.arena = x.arena[:0]
	size := 0
	for i := range x.cells {
		c := &x.cells[i]
		if size += len(c.text); c.col >= len(x.byPlace) {
			rec.count = c.col + 1
			continue
		}
		r := formulaCell
		var text []byte
		if field := x.byPlace[c.col]; field >= 0 && c.kind != cellBad {
			from := len(x.arena)
			x.arena, r = x.write(x.renders[field], c)
			text = x.arena[from:]
		} else if c.kind != cellBad {
			text, r = []byte(c.text), fine
		}
		if r == fine && !utf8.Valid(text) {
			r = undecodableBytes
		}
		if r != fine && rec.problem.reason == fine {
			rec.problem = problem{reason: r, field: c.col}
		}
		rec.fields[c.col], rec.absent[c.col] = text, false
		rec.nul = rec.nul || bytes.IndexByte(text, 0) >= 0
	}
	if size > x.f.limit && rec.problem.reason == fine {
		rec.problem = problem{overLong, -1, fmt.Sprintf("longer than %d bytes", x.f.limit)}
	}
}

// write appends the text of a cell in the form that the layout declares.
func (x *sheetRows) write(r *render, c *sheetCell) ([]byte, reason) {
	f := r.c.field
	wrong := typeReasons[f.Type]
	switch {
	case f.Values != nil && c.kind == cellBool:
		return strconv.AppendBool(x.arena, c.text == "1"), fine
	case f.Values != nil && c.kind != cellDate:
		return append(x.arena, c.text...), fine
	case c.kind == cellBool:
		if f.Type == "boolean" && (c.text == "0" || c.text == "1") {
			return r.boolean(x.arena, c.text == "1"), fine
		}
	case c.kind == cellText:
		number, boolean := f.Type == "integer" || f.Type == "number", f.Type == "boolean"
		if number && !writtenAsText(f) || boolean && f.True == nil && f.False == nil {
			return x.arena, wrong
		}
		return append(x.arena, c.text...), fine
	case c.kind == cellDate:
		return x.serial(r, c.text, wrong)
	case f.Type == "integer" || f.Type == "year":
		if len(strings.TrimPrefix(c.text, "-")) > 15 {
			return x.arena, notConvertible
		}
		return append(x.arena, c.text...), fine
	case f.Type == "number":
		if v, err := strconv.ParseFloat(c.text, 64); err == nil {
			return r.float(x.arena, v, 64), fine
		}
	}
	return x.arena, wrong
}

// serial appends a day, a point in time or a time of day from the number that a
// sheet has for it.
func (x *sheetRows) serial(r *render, text string, wrong reason) ([]byte, reason) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v >= 2_958_466 {
		return x.arena, wrong
	}
	days, clock := math.Floor(v), v-math.Floor(v)
	// A sheet holds milliseconds; what is no number of them was calculated.
	millis := math.Round(clock * 86_400_000)
	if math.Abs(millis/86_400_000-clock) > 2e-11 {
		return x.arena, notConvertible
	}
	if millis == 86_400_000 {
		days, millis = days+1, 0
	}
	day, ok := x.day(int64(days))
	out := x.arena
	switch kind := r.c.field.Type; {
	case kind == "time" && days == 0:
		out, ok = r.clock(out, int64(millis)*1000)
	case kind == "date" && !ok, kind == "datetime" && !ok:
		return x.arena, wrong
	case kind == "date" && millis == 0:
		out, ok = r.date(out, day)
	case kind == "datetime":
		out, ok = r.datetime(out, day*microsPerDay+int64(millis)*1000)
	default:
		return x.arena, wrong
	}
	if !ok {
		return x.arena, notConvertible
	}
	return out, fine
}

// day is the day of a serial number. The system of 1900 counts a 29 February
// 1900, which never was; its 0 is no day either.
func (x *sheetRows) day(serial int64) (int64, bool) {
	switch {
	case x.sheet.from1904:
		return daysFrom(1904, 1, 1) + serial, true
	case serial < 1 || serial == 60:
		return 0, false
	case serial < 60:
		return daysFrom(1899, 12, 31) + serial, true
	}
	return daysFrom(1899, 12, 30) + serial, true
}
