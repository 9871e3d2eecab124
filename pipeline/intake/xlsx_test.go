package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"exhibit/pipeline"
)

// workbook writes rows of cells; a styled value is shown with its format.
func workbook(t testing.TB, rows [][]any, change ...func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		for k, v := range row {
			cell, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := v.(shown); ok {
				id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &s.format})
				if err != nil {
					t.Fatal(err)
				}
				if err := f.SetCellStyle("Sheet1", cell, cell, id); err != nil {
					t.Fatal(err)
				}
				v = s.value
			}
			if v == nil {
				continue
			}
			if err := f.SetCellValue("Sheet1", cell, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range change {
		c(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type shown struct {
	value  any
	format string
}

const ymd = "yyyy-mm-dd"

func sheetSource(fields ...pipeline.Field) *pipeline.Source {
	src := source(append([]pipeline.Field{field("acct", "string", pipeline.RoleAccount)}, fields...)...)
	src.Kind, src.Date, src.Format = pipeline.Customers, pipeline.DateRule{Fixed: pipeline.NoDay}, formatXLSX
	return src
}

func readBook(t testing.TB, src *pipeline.Source, data []byte) result {
	t.Helper()
	return readWith(t, New(Options{}), src, "a.xlsx", data, nil)
}

// What each kind of cell is to each type of field.
func TestSheetCells(t *testing.T) {
	attribute := func(kind string, change ...func(*pipeline.Field)) pipeline.Field {
		return field("x", kind, pipeline.RoleAttribute, change...)
	}
	two := func(f *pipeline.Field) { f.Scale = 2 }
	mapped := func(f *pipeline.Field) { f.Values = map[string]string{"1": "one", "true": "yes", "o": "owner"} }
	for i, c := range []struct {
		field pipeline.Field
		cell  any
		want  any // a text with a blank: the reject
	}{
		{attribute("string"), "가 ", "가 "},
		{attribute("string"), "_x005F_x0041_ _x0041_ _x00e9_ _xD83D__xDE00_", "_x0041_ A é 😀"},
		{attribute("string"), "_xD83D_", "2 undecodable_bytes x"},
		{attribute("string"), "a_x0000_", "2 nul_byte x"},
		{attribute("string"), 5, "2 not_a_string x"},
		{attribute("string"), true, "2 not_a_string x"},
		{attribute("integer"), 5, int64(5)},
		{attribute("integer"), -999999999999999, int64(-999999999999999)},
		{attribute("integer"), 1234567890123456, "2 not_convertible x"},
		{attribute("integer"), 1.5, "2 not_an_integer x"},
		{attribute("integer"), "5", "2 not_an_integer x"},
		{attribute("integer"), shown{5, ymd}, "2 not_an_integer x"},
		{attribute("integer"), shown{5, "0.00"}, int64(5)},
		{attribute("number", two), 1.1, int64(110)},
		{attribute("number", two), 1.125, "2 scale x"},
		{attribute("number", two), "1.1", "2 not_a_number x"},
		{attribute("boolean"), true, true},
		{attribute("boolean"), 1, "2 not_a_boolean x"},
		{attribute("boolean"), "true", "2 not_a_boolean x"},
		{attribute("boolean", func(f *pipeline.Field) { f.True = []string{"Y"} }), "Y", true},
		{attribute("date"), shown{43191, ymd}, int64(17622)},
		{attribute("date"), shown{43191, `d"."m"."yy`}, int64(17622)},
		{attribute("date"), shown{43191, `[$-412]yyyy"년" m"월"`}, int64(17622)},
		{attribute("date"), shown{59, ymd}, int64(-25509)}, // 1900-02-28
		{attribute("date"), shown{61, ymd}, int64(-25508)}, // 1900-03-01
		{attribute("date"), shown{1, ymd}, int64(-25567)},  // 1900-01-01
		{attribute("date"), shown{60, ymd}, "2 not_a_date x"},
		{attribute("date"), shown{0, ymd}, "2 not_a_date x"},
		{attribute("date"), shown{-1, ymd}, "2 not_a_date x"},
		{attribute("date"), shown{2958465, ymd}, int64(2932896)},
		{attribute("date"), shown{2958466, ymd}, "2 not_a_date x"},
		{attribute("date"), shown{43191.5, ymd}, "2 not_a_date x"},
		{attribute("date"), 43191, "2 not_a_date x"},
		{attribute("date"), shown{43191, `0"d"`}, "2 not_a_date x"},
		{attribute("date"), shown{43191, `General`}, "2 not_a_date x"},
		{attribute("date"), shown{43191, `0.0E+00`}, "2 not_a_date x"},
		{attribute("date"), "2018-04-01", int64(17622)},
		{attribute("date"), "01.04.2018", "2 not_a_date x"},
		{attribute("datetime"), shown{43191.5, ymd}, int64(17622)*microsPerDay + microsPerDay/2},
		{attribute("datetime"), shown{43191 + 3723.0/86400, "h:mm"}, int64(17622)*microsPerDay + 3723_000_000},
		{attribute("datetime"), shown{43191.000000005, "h:mm"}, "2 not_convertible x"},
		{attribute("time"), shown{0.25, "h:mm"}, "06:00:00"},
		{attribute("time"), shown{1.25, "h:mm"}, "2 not_a_time x"},
		{attribute("year"), 2018, int64(2018)},
		{attribute("string", mapped), 1, "one"},
		{attribute("string", mapped), true, "yes"},
		{attribute("string", mapped), "o", "owner"},
		{attribute("string", mapped), 2, "2 not_in_enum x"},
	} {
		res := readBook(t, sheetSource(c.field), workbook(t, [][]any{{"acct", "x"}, {"a", c.cell}, {"b"}}))
		mustLoad(t, res)
		name := fmt.Sprintf("%d: %s: %v", i, c.field.Type, c.cell)
		if want, ok := c.want.(string); ok && strings.HasPrefix(want, "2 ") {
			if diff := cmp.Diff([]string{want}, reasonsOf(res)); diff != "" {
				t.Error(name, diff)
			}
		} else if diff := cmp.Diff([]any{c.want, nil}, columnOf(res, "x")); diff != "" {
			t.Error(name, reasonsOf(res), diff)
		}
	}
	from1904 := func(f *excelize.File) {
		yes := true
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}); err != nil {
			t.Fatal(err)
		}
	}
	res := readBook(t, sheetSource(attribute("date")), workbook(t, [][]any{{"acct", "x"}, {"a", shown{0, ymd}}, {"b", shown{41729, ymd}}}, from1904))
	if diff := cmp.Diff([]any{int64(-24107), int64(17622)}, columnOf(res, "x")); diff != "" {
		t.Error(diff, reasonsOf(res), res.Reason)
	}
}

// Rows without a value are blank, cells beyond the header too many, formulas and
// errors no values; each costs its own row.
func TestSheetRows(t *testing.T) {
	src := sheetSource(field("x", "integer", pipeline.RoleAttribute), field("pers", "string", pipeline.RolePerson))
	src.Dialect.SkipLines = 2
	formula := func(cell, text string) func(*excelize.File) {
		return func(f *excelize.File) {
			if err := f.SetCellFormula("Sheet1", cell, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := workbook(t, [][]any{{"a title"}, nil, nil, {"pers", "acct", "x"}, {"p", "a", 1}, nil, {nil, "b"}, {nil, nil, 1, "z"}, {nil, nil, 7}, {"q", "e", 2}}, formula("A9", "1+1"), formula("C12", "2"),
		func(f *excelize.File) {
			if err := f.MergeCell("Sheet1", "A1", "C1"); err != nil {
				t.Fatal(err)
			}
		})
	res := readBook(t, src, data)
	mustLoad(t, res)
	if diff := cmp.Diff([]string{"8 too_many_fields", "9 formula_or_error pers", "12 formula_or_error x"}, reasonsOf(res)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(pipeline.Counts{Records: 6, Accepted: 3, Rejected: 3, Blank: 3, Lines: 12}, res.Counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(1), nil, int64(2)}, columnOf(res, "x")); diff != "" {
		t.Error(diff)
	}
	merged := func(f *excelize.File) {
		if err := f.MergeCell("Sheet1", "A5", "A7"); err != nil {
			t.Fatal(err)
		}
	}
	mustRefuse(t, readBook(t, src, workbook(t, [][]any{nil, nil, {"pers", "acct", "x"}, {"p", "a", 1}}, merged)), "merged cells")
	for words, rows := range map[string][][]any{"no header": {{"only", "skipped"}}, "missing: pers": {nil, nil, {"acct", "x"}}, "position 2 is empty": {nil, nil, {"pers", nil, "acct", "x"}},
		"position 1 is no text": {nil, nil, {5, "acct"}}, "every record was rejected": {nil, nil, {"pers", "acct", "x"}, {"a", "b", "c"}}} {
		mustRefuse(t, readBook(t, src, workbook(t, rows)), words)
	}
	if res := readBook(t, src, workbook(t, [][]any{nil, nil, {"pers", "acct", "x"}})); res.Status != pipeline.Loaded || res.Records != 0 {
		t.Errorf("a header alone: %s", res.Reason)
	}
}

// repack changes the parts of a workbook.
func repack(t testing.TB, data []byte, change func(name string, part []byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.Create(part.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(change(part.Name, text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wrongSum changes the checksum of a part in the package's directory.
func wrongSum(t testing.TB, data []byte, part string) []byte {
	t.Helper()
	data = bytes.Clone(data)
	for from := 0; ; {
		at := bytes.Index(data[from:], []byte("PK\x01\x02"))
		if at < 0 {
			t.Fatalf("no part %s", part)
		}
		from += at
		if bytes.HasPrefix(data[from+46:], []byte(part)) {
			data[from+16] ^= 1
			return data
		}
		from++
	}
}

func TestXLSXRefused(t *testing.T) {
	src := sheetSource(field("x", "integer", pipeline.RoleAttribute))
	good := workbook(t, [][]any{{"acct", "x"}, {"a", 1}, {"b", 2}})
	mustLoad(t, readBook(t, src, good))
	sheet := func(old, new string) []byte {
		hit := false
		data := repack(t, good, func(name string, part []byte) []byte {
			if name != "xl/worksheets/sheet1.xml" {
				return part
			}
			hit = bytes.Contains(part, []byte(old))
			return bytes.Replace(part, []byte(old), []byte(new), 1)
		})
		if !hit {
			t.Fatalf("the sheet has no %s", old)
		}
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		word string
	}{
		"empty":                {nil, "no data"},
		"a text":               {[]byte("acct,x\na,1\n"), "no xlsx"},
		"cut":                  {good[:len(good)-30], "no xlsx"},
		"an encrypted book":    {append([]byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}, good...), "encrypted"},
		"rows out of order":    {sheet(`<row r="3"`, `<row r="1"`), "corrupt"},
		"a row far away":       {sheet(`<row r="3"`, `<row r="2000000000"`), "corrupt"},
		"a cell of another":    {sheet(`r="B3"`, `r="B2"`), "corrupt"},
		"a cell twice":         {sheet(`r="B3"`, `r="A3"`), "corrupt"},
		"a column far away":    {sheet(`r="B3"`, `r="ZZZ3"`), "corrupt"},
		"no such text":         {sheet(`<v>0</v>`, `<v>99</v>`), "corrupt"},
		"XML cut":              {sheet(`</sheetData>`, ``), "corrupt"},
		"XML that goes wrong":  {sheet(`<v>0</v>`, `<v>0</w>`), "corrupt"},
		"a wrong checksum":     {wrongSum(t, good, "xl/worksheets/sheet1.xml"), "corrupt"},
		"entities":             {sheet(`<v>0</v>`, `<v>&lol;</v>`), "corrupt"},
		"more bytes than read": {make([]byte, maxXLSX+1), "more than 32 MiB"},
		"a bomb": {repack(t, good, func(name string, part []byte) []byte {
			if name == "xl/worksheets/sheet1.xml" {
				return append(part, make([]byte, maxUnpacked)...)
			}
			return part
		}), "when unpacked"},
		"large styles": {repack(t, good, func(name string, part []byte) []byte {
			if name == "xl/styles.xml" {
				return append(part, bytes.Repeat([]byte{' '}, maxPart)...)
			}
			return part
		}), "when unpacked"},
	} {
		res := readBook(t, src, c.data)
		if res.Status != pipeline.Refused || !strings.Contains(res.Reason, c.word) || len(res.SHA256) != 64 || res.Bytes != int64(len(c.data)) {
			t.Errorf("%s: %s %q, %d accepted", name, res.Status, res.Reason, res.Accepted)
		}
	}
}

// Of a workbook with several sheets, the one that the layout names is read.
// Where it names none, no other than the first may hold a cell: its records
// would be lost without a word.
func TestWorksheets(t *testing.T) {
	sheets := func(more ...any) func(*excelize.File) {
		return func(f *excelize.File) {
			for i, v := range more {
				name := fmt.Sprintf("more %d", i+1)
				if _, err := f.NewSheet(name); err != nil {
					t.Fatal(err)
				}
				for k, row := range [][]any{{"acct", "x"}, {"m", v}, {"n", v}, {"o", v}} {
					if err := f.SetSheetRow(name, fmt.Sprintf("A%d", k+1), &row); v != nil && err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	empty := func(f *excelize.File) {
		if _, err := f.NewSheet("Sheet2"); err != nil {
			t.Fatal(err)
		}
	}
	first := [][]any{{"acct", "x"}, {"a", 1}, {"b", 2}}
	for _, c := range []struct {
		sheet    string
		data     []byte
		accepted int64
		refused  string
	}{
		{"", workbook(t, first), 2, ""},
		{"", workbook(t, first, empty), 2, ""},
		{"", workbook(t, first, empty, sheets(7)), 0, "sheet 3 of 3 holds cells"},
		{"more 2", workbook(t, first, sheets(7, 8)), 3, ""},
		{"Sheet1", workbook(t, first, sheets(7)), 2, ""},
		{"more", workbook(t, first, sheets(7)), 0, `no sheet "more"`},
	} {
		src := sheetSource(field("x", "integer", pipeline.RoleAttribute))
		src.Dialect.SheetName = c.sheet
		res := readBook(t, src, c.data)
		if refused := res.Status == pipeline.Refused; refused != (c.refused != "") || !strings.Contains(res.Reason, c.refused) || res.Accepted != c.accepted {
			t.Errorf("%q: %s %q, %d accepted", c.sheet, res.Status, res.Reason, res.Accepted)
		}
	}
}

// No change of a byte crashes the reader, breaks its accounts, or passes for
// other values: every part has a checksum.
func TestHostileXLSX(t *testing.T) {
	src := sheetSource(field("x", "integer", pipeline.RoleAttribute))
	rows := [][]any{{"acct", "x"}}
	for i := range 50 {
		rows = append(rows, []any{fmt.Sprint("account ", i), i})
	}
	good := workbook(t, rows)
	want := readBook(t, src, good)
	mustLoad(t, want)
	rnd := rand.New(rand.NewPCG(3, 4))
	mustStayWithin(t, 256, func() {
		for range 600 {
			bad := bytes.Clone(good)
			for range 1 + rnd.IntN(3) {
				bad[rnd.IntN(len(bad))] ^= byte(1 << rnd.IntN(8))
			}
			res := readBook(t, src, bad)
			if strings.Contains(res.Reason, "accounting") {
				t.Fatal(res.Reason)
			}
			if res.Status == pipeline.Loaded && !cmp.Equal(want.rows, res.rows) {
				t.Fatal("other values were read")
			}
		}
	})
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	if _, err := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(good), nil }}).Read(context.Background(), src, "a.xlsx", t.TempDir(), nil); err != nil {
		t.Error(err)
	}
	mustBeEmpty(t, temp)
}

// FuzzSheet: whatever XML a sheet is, the two readers of it agree on its rows, or
// the file is refused.
func FuzzSheet(f *testing.F) {
	const head = `<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>acct</t></is></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row>`
	for _, s := range []string{`<row r="3"><c r="B3"><v>1</v></c></row></sheetData></worksheet>`, `<row><c t="str"><v>a</v></c><c><f>1</f></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>`,
		`<row><c t="s"><v>0</v></c></row><row r="9"/></sheetData></worksheet>`, `<row><c t="inlineStr"><is><r><t>a</t></r><rPh><t>b</t></rPh></is></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c></row></sheetData></worksheet>`} {
		f.Add(s)
	}
	good := workbook(f, [][]any{{"acct", "x"}})
	src := sheetSource(field("x", "integer", pipeline.RoleAttribute))
	f.Fuzz(func(t *testing.T, rows string) {
		data := repack(t, good, func(name string, part []byte) []byte {
			if name == "xl/worksheets/sheet1.xml" {
				return []byte(head + rows)
			}
			return part
		})
		res := readBook(t, src, data)
		if strings.Contains(res.Reason, "crash") {
			t.Fatal(res.Reason)
		}
		if strings.Contains(res.Reason, "accounting") && strings.HasSuffix(rows, "</row></sheetData></worksheet>") {
			t.Log(res.Reason, rows)
		}
	})
}

func TestDateFormats(t *testing.T) {
	for custom, want := range map[string]bool{"yyyy-mm-dd": true, "[h]:mm": true, "[Red]D": true, `0\d`: false, `0_d`: false, `*d0`: false, `"y`: false, "[d": false,
		`0"day"`: false, "General": false, "#,##0.00": false, "0.0E+00": false, `General\s`: false, `ggge"년"`: false, `gggee"년"m`: true, "@": false} {
		if got := isDateFormat(200, custom); got != want {
			t.Errorf("%s: %v", custom, got)
		}
	}
	for id, want := range map[int]bool{0: false, 2: false, 13: false, 14: true, 22: true, 23: false, 30: true, 44: false, 46: true, 48: false, 49: false, 57: true, 59: false} {
		if got := isDateFormat(id, ""); got != want {
			t.Errorf("built-in format %d: %v", id, got)
		}
	}
}
