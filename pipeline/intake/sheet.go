package intake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// sheetScanner reads the cells of a worksheet, row by row, from its XML.
type sheetScanner struct {
	xml      *xml.Decoder
	strings  []string
	dates    map[int]bool // the styles that show a day or a time
	from1904 bool

	inData, ended bool
	lastRow       int64
	mergedTo      int64 // the last row of a merged cell
}

// cellKind is what a cell holds.
type cellKind uint8

const (
	cellText cellKind = iota
	cellNumber
	cellDate // a number that is shown as a day or a time
	cellBool
	cellBad // a formula, an error, or a type that is not read
)

// sheetCell is a cell with a value.
type sheetCell struct {
	col  int // from 0
	kind cellKind
	text string // of a number as it stands in the file
}

// row gives the next row that has a value; io.EOF after the last one. Rows and
// cells must come in their order, each once.
func (s *sheetScanner) row(cells []sheetCell) (number int64, out []sheetCell, err error) {
	for {
		start, err := s.start()
		if err != nil {
			return 0, nil, err
		}
		switch {
		case start.Name.Local == "sheetData" && s.lastRow == 0:
			s.inData = true
		case start.Name.Local == "row" && s.inData:
			number, out, err := s.cells(start, cells[:0])
			if err != nil || len(out) > 0 {
				return number, out, err
			}
		case start.Name.Local == "mergeCell" && !s.inData:
			_, last, _ := strings.Cut(attr(start, "ref"), ":")
			_, row, ok := cellRef(last)
			if !ok {
				return 0, nil, errCorruptXLSX
			}
			s.mergedTo = max(s.mergedTo, row)
		}
	}
}

// start gives the next element. At the end of the sheet it gives io.EOF.
func (s *sheetScanner) start() (xml.StartElement, error) {
	for {
		token, err := s.xml.Token()
		if errors.Is(err, io.EOF) && s.ended {
			return xml.StartElement{}, io.EOF
		}
		if err != nil {
			return xml.StartElement{}, errCorruptXLSX
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, nil
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				s.inData = false
			}
			s.ended = s.ended || t.Name.Local == "worksheet"
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// cells reads the cells of a row that have a value.
func (s *sheetScanner) cells(row xml.StartElement, out []sheetCell) (int64, []sheetCell, error) {
	number := s.lastRow + 1
	if r := attr(row, "r"); r != "" {
		n, err := strconv.ParseInt(r, 10, 64)
		if err != nil || n < number {
			return 0, nil, errCorruptXLSX
		}
		number = n
	}
	if number > maxSheetRows {
		return 0, nil, errCorruptXLSX
	}
	s.lastRow = number
	col := -1
	for {
		token, err := s.xml.Token()
		if err != nil {
			return 0, nil, errCorruptXLSX
		}
		switch t := token.(type) {
		case xml.EndElement:
			return number, out, nil // of the row: cell takes its own
		case xml.StartElement:
			if t.Name.Local != "c" {
				if err := s.xml.Skip(); err != nil {
					return 0, nil, errCorruptXLSX
				}
				continue
			}
			at := col + 1
			if ref := attr(t, "r"); ref != "" {
				c, r, ok := cellRef(ref)
				if !ok || r != number || c < at {
					return 0, nil, errCorruptXLSX
				}
				at = c
			}
			if col = at; col >= maxSheetCols {
				return 0, nil, errCorruptXLSX
			}
			cell := sheetCell{col: col}
			full, err := s.cell(t, &cell)
			if err != nil {
				return 0, nil, err
			}
			if full {
				out = append(out, cell)
			}
		}
	}
}

// cellXML is what a cell may hold.
type cellXML struct {
	Formula *struct{} `xml:"f"`
	Value   *string   `xml:"v"`
	Inline  *richText `xml:"is"`
}

// richText is a text, in one piece or in runs; how it is spoken (rPh) is no part
// of it.
type richText struct {
	Text *string `xml:"t"`
	Runs []struct {
		Text string `xml:"t"`
	} `xml:"r"`
}

func (r *richText) String() string {
	var b strings.Builder
	if r.Text != nil {
		b.WriteString(*r.Text)
	}
	for _, run := range r.Runs {
		b.WriteString(run.Text)
	}
	return unescape(b.String())
}

// cell reads one cell, and says whether it has a value.
func (s *sheetScanner) cell(e xml.StartElement, out *sheetCell) (full bool, err error) {
	var c cellXML
	if err := s.xml.DecodeElement(&c, &e); err != nil {
		return false, errCorruptXLSX
	}
	kind := attr(e, "t")
	if c.Formula != nil || kind == "e" && c.Value != nil && *c.Value != "" {
		out.kind = cellBad
		return true, nil
	}
	if kind == "inlineStr" {
		if c.Inline == nil {
			return false, nil
		}
		out.text = c.Inline.String()
		return out.text != "", nil
	}
	if c.Value == nil || *c.Value == "" {
		return false, nil
	}
	out.text = *c.Value
	switch kind {
	case "s":
		i, err := strconv.Atoi(out.text)
		if err != nil || i < 0 || i >= len(s.strings) {
			return false, errCorruptXLSX
		}
		out.text = s.strings[i]
	case "str":
		out.text = unescape(out.text)
	case "b":
		out.kind = cellBool
	case "", "n":
		out.kind = cellNumber
		if style := attr(e, "s"); style != "" {
			i, err := strconv.Atoi(style)
			if err != nil {
				return false, errCorruptXLSX
			}
			if s.dates[i] {
				out.kind = cellDate
			}
		}
	default:
		out.kind = cellBad
	}
	return out.text != "", nil
}

// cellRef reads a reference such as B12: column from 0, row from 1.
func cellRef(ref string) (col int, row int64, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		col = col*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.ParseInt(ref[i:], 10, 64)
	return col - 1, row, err == nil && col > 0 && col <= maxSheetCols && row > 0 && row <= maxSheetRows
}

// sharedStrings reads the table of texts that cells refer to.
func sharedStrings(data []byte) ([]string, error) {
	var out []string
	if len(data) == 0 {
		return nil, nil
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, errCorruptXLSX
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			var text richText
			if err := d.DecodeElement(&text, &start); err != nil {
				return nil, errCorruptXLSX
			}
			if out = append(out, text.String()); len(out) > maxStrings {
				return nil, refusal("xlsx with more texts than are read; have it delivered as csv")
			}
		}
	}
}

// escapes of characters that XML cannot hold (ECMA-376, ST_Xstring).
var escapes = regexp.MustCompile(`(_x[0-9A-Fa-f]{4}_)+`)

// unescape undoes them. A surrogate stands in two of them; half of one becomes
// bytes that no decoder of UTF-8 takes, and shows as such.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escapes.ReplaceAllStringFunc(s, func(run string) string {
		var out []byte
		for ; run != ""; run = run[7:] {
			r := unitOf(run)
			if utf16.IsSurrogate(r) && len(run) > 7 {
				if both := utf16.DecodeRune(r, unitOf(run[7:])); both != utf8.RuneError {
					r, run = both, run[7:]
				}
			}
			if utf16.IsSurrogate(r) {
				out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
				continue
			}
			out = utf8.AppendRune(out, r)
		}
		return string(out)
	})
}

// unitOf is the number in _xHHHH_.
func unitOf(escape string) rune {
	n, err := strconv.ParseUint(escape[2:6], 16, 16)
	if err != nil { // the expression let only digits through
		return utf8.RuneError
	}
	return rune(n)
}
