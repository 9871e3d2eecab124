package intake

import (
	"archive/zip"
	"bytes"

	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	maxXLSX      = 32 << 20  // bytes of a delivered workbook
	maxUnpacked  = 128 << 20 // of all its parts
	maxPart      = 16 << 20  // of a part that is neither the sheet nor its strings
	maxXLSXParts = 4096
	maxStrings   = 1 << 20 // shared strings
	maxSheetRows = 1 << 20
	maxSheetCols = 1 << 14
)

// takeXLSX reads a workbook, which is held in memory whole: it is for the small
// tables. One worksheet is read: the one that the layout names, or the first
// where no other holds a cell.
func takeXLSX(ctx context.Context, f *delivery, in io.Reader, file string) error {
	raw := &rawReader{ctx: ctx, in: in, hash: sha256.New()}
	data, err := io.ReadAll(io.LimitReader(raw, maxXLSX+1))
	if err == nil {
		err = drain(raw)
	}
	if failed := raw.failed(); failed != nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	f.total = tally{sum: hex.EncodeToString(raw.hash.Sum(nil)), size: raw.n}
	return guard(func() error {
		if err := f.readName(); err != nil {
			return err
		}
		switch {
		case len(data) == 0:
			return errNoData
		case len(data) > maxXLSX:
			return refusal(fmt.Sprintf("xlsx of more than %d MiB is not read; have it delivered as csv", maxXLSX>>20))
		}
		return f.readWorkbook(data)
	})
}

const (
	errCorruptXLSX = refusal("xlsx is corrupt")
	errNoWorksheet = refusal("its sheet is no worksheet")
)

// readWorkbook reads a worksheet twice: our own scan gives the cells
// with their types, and excelize the second count.
func (f *delivery) readWorkbook(data []byte) error {
	if err := checkParts(data); err != nil {
		return err
	}
	// Nothing is larger than the limit, so that no part goes to a temporary file.
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return errCorruptXLSX
	}
	return errors.Join(f.readSheet(book), book.Close())
}

// readSheet reads the worksheet of a workbook that is meant.
func (f *delivery) readSheet(book *excelize.File) error {
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return refusal("xlsx without a worksheet")
	}
	at := 0
	if name := f.dialect.SheetName; name != "" {
		if at = slices.Index(sheets, name); at < 0 {
			return refusal(fmt.Sprintf("it has no sheet %q", name))
		}
	} else if err := onlyFirst(book, sheets); err != nil {
		return err
	}
	s, err := openSheet(book, at)
	if err != nil {
		return err
	}
	x := &sheetRows{f: f, sheet: s, skip: int64(f.dialect.SkipLines)}
	for _, c := range f.columns {
		x.renders = append(x.renders, newRender(c))
	}
	var rec record
	if err := x.header(&rec); err != nil {
		return err
	}
	if err := f.readRecords(x, &rec); err != nil {
		return err
	}
	return f.recount(book, sheets[at])
}

// onlyFirst refuses a workbook in which another sheet than the first holds
// cells: nobody said that they are no records.
func onlyFirst(book *excelize.File, sheets []string) error {
	for i := 1; i < len(sheets); i++ {
		if _, err := openSheet(book, i); errors.Is(err, errNoWorksheet) {
			continue // a chart
		}
		rows, err := book.Rows(sheets[i])
		if err != nil {
			return errCorruptXLSX
		}
		for rows.Next() {
			cells, err := rows.Columns()
			if err != nil {
				return errCorruptXLSX
			}
			if len(cells) > 0 {
				return refusal(fmt.Sprintf("sheet %d of %d holds cells, too; say in the layout which is read (dialect: sheetName)", i+1, len(sheets)))
			}
		}
		if err := rows.Close(); err != nil {
			return errCorruptXLSX
		}
	}
	return nil
}

// recount counts the rows with values by excelize.
func (f *delivery) recount(book *excelize.File, sheet string) error {
	rows, err := book.Rows(sheet)
	if err != nil {
		return errCorruptXLSX
	}
	for rows.Next() {
		f.total.lines++
		cells, err := rows.Columns()
		if err != nil {
			return errCorruptXLSX
		}
		if f.total.lines > int64(f.dialect.SkipLines) && len(cells) > 0 { // with a value or a formula
			f.total.records++
		}
	}
	return rows.Close()
}

// checkParts reads every part of the package to its end, so that its checksum is
// proven: excelize itself goes on with what it could read.
func checkParts(data []byte) error {
	if bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}) {
		return refusal("an encrypted workbook, or one of the old form xls, is not read")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return refusal("its bytes are no xlsx")
	}
	total, names := uint64(0), map[string]bool{}
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, "\\", "/"))
		if names[name] {
			return refusal("xlsx has one part twice")
		}
		names[name] = true
		size := part.UncompressedSize64
		big := strings.HasPrefix(name, "xl/worksheets/") || name == "xl/sharedstrings.xml" || !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels")
		if total += size; size > maxUnpacked || total > maxUnpacked || size > maxPart && !big || len(names) > maxXLSXParts {
			return refusal(fmt.Sprintf("xlsx of more than %d MiB when unpacked is not read; have it delivered as csv", maxUnpacked>>20))
		}
		if err := readPart(part); err != nil {
			return errCorruptXLSX
		}
	}
	return nil
}

func readPart(part *zip.File) error {
	r, err := part.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

// openSheet finds a sheet of the workbook and what its cells refer to.
func openSheet(book *excelize.File, at int) (*sheetScanner, error) {
	load := func(name string) []byte {
		b, _ := book.Pkg.Load(name)
		data, _ := b.([]byte)
		return data
	}
	target, err := sheetTarget(load("xl/_rels/workbook.xml.rels"), book.WorkBook.Sheets.Sheet[at].ID)
	if err != nil {
		return nil, err
	}
	data := load(target)
	if len(data) == 0 {
		return nil, errNoWorksheet
	}
	s := &sheetScanner{xml: xml.NewDecoder(bytes.NewReader(data)), dates: map[int]bool{}}
	if s.strings, err = sharedStrings(load("xl/sharedStrings.xml")); err != nil {
		return nil, err
	}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		s.from1904 = *props.Date1904
	}
	custom := map[int]string{}
	if book.Styles.NumFmts != nil {
		for _, n := range book.Styles.NumFmts.NumFmt {
			custom[n.NumFmtID] = n.FormatCode
		}
	}
	if book.Styles.CellXfs != nil {
		for i, x := range book.Styles.CellXfs.Xf {
			if x.NumFmtID != nil {
				s.dates[i] = isDateFormat(*x.NumFmtID, custom[*x.NumFmtID])
			}
		}
	}
	return s, nil
}

// sheetTarget finds a part by its relationship.
func sheetTarget(rels []byte, id string) (string, error) {
	var list struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := xml.Unmarshal(rels, &list); err != nil {
		return "", errCorruptXLSX
	}
	for _, r := range list.Relationship {
		if r.ID == id && strings.HasSuffix(r.Type, "/worksheet") {
			if strings.HasPrefix(r.Target, "/") {
				return path.Clean(r.Target[1:]), nil
			}
			return path.Join("xl", r.Target), nil
		}
	}
	return "", errNoWorksheet
}

// isDateFormat says whether a number format shows a day or a time: one of the
// built-in ones, or a custom one with a letter for a part of either outside
// quotes, brackets and escapes.
func isDateFormat(id int, custom string) bool {
	if custom == "" {
		return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
	}
	for i := 0; i < len(custom); i++ {
		switch c := custom[i]; c {
		case '\\', '_', '*':
			i++
		case '"', '[':
			end := strings.IndexByte(custom[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 {
				return false
			}
			i += end + 1
		case 'y', 'm', 'd', 'h', 's', 'Y', 'M', 'D', 'H', 'S':
			return true
		case 'G', 'g': // General; or the era of a date, which stands before one
			if strings.HasPrefix(custom[i:], "General") {
				i += len("General") - 1
			}
		}
	}
	return false
}
