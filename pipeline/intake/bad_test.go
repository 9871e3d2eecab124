package intake

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// Every reason for rejecting a record, on a file whose other records are good:
// the bad one costs only itself, and says where it stands and why.
func TestReasons(t *testing.T) {
	attribute := func(kind string, change ...func(*pipeline.Field)) pipeline.Field {
		return field("x", kind, pipeline.RoleAttribute, change...)
	}
	with := func(f pipeline.Field) *pipeline.Source { return source(field("id", "string", pipeline.RoleAccount), f) }
	twoDigits := attribute("number", func(f *pipeline.Field) { f.Scale = 2 })
	cases := []struct {
		reason    string
		src       *pipeline.Source
		good, bad string // records
		field     string
	}{
		{"too_few_fields", plain(), "a,b,c", "a,b", ""},
		{"too_many_fields", plain(), "a,b,c", "a,b,c,d", ""},
		{"too_many_fields", plain(), "a,b,c", "a,b,c,", ""},
		{"stray_quote", plain(), "a,b,c", `a,b"b,c`, "note"},
		{"stray_quote", plain(), "a,b,c", `a,"b"b,c`, "note"},
		{"stray_quote", plain(), "a,b,c", `a, "b",c`, "note"},
		{"stray_carriage_return", plain(), "a,b,c", "a,b\rb,c", "note"},
		{"undecodable_bytes", plain(), "a,b,c", "a,b,\xff", "mail"},
		{"nul_byte", plain(), "a,b,c", "a,b\x00,c", "note"},
		{"required", source(field("id", "string", pipeline.RoleAccount, req), attribute("string")), "a,b", ",b", "id"},
		{"not_in_enum", with(attribute("string", func(f *pipeline.Field) { f.Enum = []string{"A", "B"} })), "a,B", "a,C", "x"},
		{"not_in_enum", with(attribute("string", func(f *pipeline.Field) { f.Values = map[string]string{"Y": "yes"} })), "a,Y", "a,yes", "x"},
		{"pattern", with(attribute("string", func(f *pipeline.Field) { f.Pattern = "[0-9]{3}" })), "a,123", "a,1234", "x"},
		{"too_short", with(attribute("string", func(f *pipeline.Field) { f.MinLength = 2 })), "a,가나", "a,가", "x"},
		{"too_long", with(attribute("string", func(f *pipeline.Field) { f.MaxLength = 2 })), "a,가나", "a,가나다", "x"},
		{"out_of_range", with(attribute("integer", func(f *pipeline.Field) { f.Maximum = "9" })), "a,9", "a,10", "x"},
		{"out_of_range", with(attribute("date", func(f *pipeline.Field) { f.Minimum = "2018-01-01" })), "a,2018-01-01", "a,2017-12-31", "x"},
		{"out_of_range", with(attribute("integer")), "a,9223372036854775807", "a,9223372036854775808", "x"},
		{"out_of_range", with(twoDigits), "a,9999999999999999.99", "a,10000000000000000", "x"},
		{"scale", with(twoDigits), "a,1.25", "a,1.255", "x"},
		{"duplicate_value", with(attribute("string", func(f *pipeline.Field) { f.Unique = true })), "a,1", "b,g1", "x"},
		{"not_a_string", with(attribute("string", func(f *pipeline.Field) { f.Format = "email" })), "a,kim@example.com", "a,kim", "x"},
		{"not_a_number", with(twoDigits), "a,-1.5", "a,1,5", ""},
		{"not_a_number", with(twoDigits), "a,+1.5", "a,NaN", "x"},
		{"not_an_integer", with(attribute("integer")), "a,-15", "a,1.5", "x"},
		{"not_a_boolean", with(attribute("boolean")), "a,TRUE", "a,yes", "x"},
		{"not_an_object", with(attribute("object")), `a,{}`, "a,[]", "x"},
		{"not_an_array", with(attribute("array")), `a,[]`, "a,{}", "x"},
		{"not_a_datetime", with(attribute("datetime")), "a,2018-04-01T10:00:00Z", "a,2018-04-01T10:00:00+09:00", "x"},
		{"not_a_date", with(attribute("date")), "a,2024-02-29", "a,2023-02-29", "x"},
		{"not_a_time", with(attribute("time")), "a,23:59:59", "a,24:00:00", "x"},
		{"not_a_year", with(attribute("year")), "a,2018", "a,18", "x"},
		{"not_a_yearmonth", with(attribute("yearmonth")), "a,2018-12", "a,2018-13", "x"},
		{"not_a_duration", with(attribute("duration")), "a,P1Y2DT3H", "a,1 day", "x"},
		{"not_a_geopoint", with(attribute("geopoint", func(f *pipeline.Field) { f.Format = "array" })), `a,"[127.0, 37.5]"`, `a,"[127.0, 97.5]"`, "x"},
		{"not_a_geojson", with(attribute("geojson")), `a,"{""type"": ""Point"", ""coordinates"": [1, 2]}"`, `a,"{""type"": ""Dot""}"`, "x"},
	}
	seen := map[string]bool{"unterminated_quote": true, "over_long": true, "stray_line_feed": true, "wrong_date": true,
		"not_a_list": true} // each has a test of its own; a list is any text
	for _, c := range cases {
		seen[c.reason] = true
		if c.reason == "not_a_number" && c.field == "" {
			c.reason = "too_many_fields" // the comma of an unquoted number is a delimiter
		}
		t.Run(c.reason, func(t *testing.T) {
			header := "id"
			for _, f := range c.src.Schema.Fields[1:] {
				header += "," + f.Name
			}
			first, last := c.good, c.good
			if c.reason == "duplicate_value" {
				first, last, c.bad = "g,g1", "h,h1", "b,g1"
			}
			res := read(t, c.src, header+"\n"+first+"\n"+c.bad+"\n"+last+"\n")
			mustLoad(t, res)
			want := []any{int64(2), int64(3), int64(3), int64(len(header) + len(first) + 2), c.reason}
			if res.Accepted != 2 || len(res.rejects) != 1 {
				t.Fatalf("%d accepted, rejects %v", res.Accepted, reasonsOf(res))
			}
			if diff := cmp.Diff(want, res.rejects[0][:5]); diff != "" {
				t.Error(diff)
			}
			if got := res.rejects[0][5]; c.field == "" && got != nil || c.field != "" && got != c.field {
				t.Errorf("field %v, want %q", got, c.field)
			}
			if res.Reasons[c.reason] != 1 {
				t.Errorf("reasons %v", res.Reasons)
			}
		})
	}
	for _, r := range Reasons[tooFewFields:notJSON] { // the others are of other formats
		if !seen[r.Name] {
			t.Errorf("reason %s has no test", r.Name)
		}
	}
}

// A quote that is never closed costs its own line, names how far it ran, and
// every line that it swallowed is read as a record of its own.
func TestUnterminatedQuote(t *testing.T) {
	lines := []string{"id,note,mail", "a1,x,y", `a2,"x,y`, "a3,x,y", "a4,x,y", `a5,"z""z",y`, "a6,x,y"}
	for _, end := range []string{"\n", "\r\n"} {
		res := read(t, plain(), strings.Join(lines, end)+end)
		mustLoad(t, res)
		if res.Accepted != 5 || res.Records != 6 {
			t.Fatalf("%d records, %d accepted: %v", res.Records, res.Accepted, reasonsOf(res))
		}
		offset := int64(len(lines[0]) + len(lines[1]) + 2*len(end))
		want := []any{int64(2), int64(3), int64(6), offset, "unterminated_quote", "note",
			"the quote opened here runs to line 6; lines 4 to 6 were read again as records of their own"}
		if diff := cmp.Diff([][]any{want}, res.rejects); diff != "" {
			t.Error(diff)
		}
	}
	res := read(t, plain(), "id,note,mail\na1,x,y\na2,x,\"y\na3,x,y\na4,x,y")
	mustLoad(t, res)
	if diff := cmp.Diff([]any{int64(2), int64(3), int64(5), int64(20), "unterminated_quote", "mail",
		"the quote opened here runs to line 5; lines 4 to 5 were read again as records of their own"}, res.rejects[0]); diff != "" || res.Accepted != 3 {
		t.Error(res.Accepted, diff)
	}
	// On the last line nothing is swallowed.
	res = read(t, plain(), "id,note,mail\na1,x,y\na2,x,\"y\n")
	if diff := cmp.Diff([]any{int64(2), int64(3), int64(3), int64(20), "unterminated_quote", "mail", nil}, res.rejects[0]); diff != "" {
		t.Error(diff)
	}
}

// A stray carriage return makes its record bad, and puts neither its quotes nor
// its end in doubt: a quoted field over two lines, before it or after it, makes
// no record of the second line.
func TestStrayCarriageReturnBesideQuotedLines(t *testing.T) {
	for _, bad := range []string{"a2,x\rx,\"y\ny\"", "\"a2\na2\",x\rx,y"} {
		res := read(t, plain(), "id,note,mail\na1,x,y\n"+bad+"\na3,x,y\n")
		mustLoad(t, res)
		field := "note"
		if diff := cmp.Diff([]any{int64(2), int64(3), int64(4), int64(20), "stray_carriage_return", field, nil}, res.rejects[0]); diff != "" {
			t.Errorf("%q: %s", bad, diff)
		}
		if res.Records != 3 || res.Accepted != 2 || len(res.rejects) != 1 {
			t.Errorf("%q: %d records, %d accepted: %v", bad, res.Records, res.Accepted, reasonsOf(res))
		}
	}
	// A quote that is malformed after it is the graver trouble.
	res := read(t, plain(), "id,note,mail\na1,x,y\na2,x\rx,\"y\na3,x,y\n")
	if diff := cmp.Diff([]string{"3 unterminated_quote mail"}, reasonsOf(res)); diff != "" || res.Accepted != 2 {
		t.Errorf("%d accepted: %s", res.Accepted, diff)
	}
}

// A quoted field over several lines is one record, and the lines after it keep
// their numbers.
func TestQuotedLineEnds(t *testing.T) {
	res := read(t, plain(), "id,note,mail\r\na1,\"one\r\ntwo\n\rthree\",y\r\n\r\na2,x\r\n")
	mustLoad(t, res)
	if diff := cmp.Diff([]any{"one\r\ntwo\n\rthree"}, columnOf(res, "note")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"6 too_few_fields"}, reasonsOf(res)); diff != "" {
		t.Error(diff)
	}
	if res.Lines != 6 || res.Blank != 1 || res.Newlines != (pipeline.Newlines{CRLF: 4}) {
		t.Errorf("%+v %+v", res.Counts, res.Newlines)
	}
}

// A record that is longer than the limit is rejected and skipped; a quoted field
// that runs beyond it counts as unterminated.
func TestOverLong(t *testing.T) {
	r := New(Options{MaxRecord: 100})
	long := "b,x," + strings.Repeat("y", 100)
	res := readWith(t, r, plain(), "a.csv", []byte("id,note,mail\na,x,y\n"+long+"\nc,x,y\n"), nil)
	mustLoad(t, res)
	if diff := cmp.Diff([]string{"3 over_long"}, reasonsOf(res)); diff != "" || res.Accepted != 2 {
		t.Error(res.Accepted, diff)
	}
	fits := "b,x," + strings.Repeat("y", 96)
	if res = readWith(t, r, plain(), "a.csv", []byte("id,note,mail\r\n"+fits+"\r\nc,x,y\r\n"), nil); res.Accepted != 2 {
		t.Error(reasonsOf(res))
	}
	text := "id,note,mail\nb,x,\"y\n" + strings.Repeat("c,x,y\n", 50)
	res = readWith(t, r, plain(), "a.csv", []byte(text), nil)
	mustLoad(t, res)
	if diff := cmp.Diff([]string{"2 unterminated_quote mail"}, reasonsOf(res)); diff != "" || res.Accepted != 50 {
		t.Error(res.Accepted, diff)
	}
	if last := res.rejects[0][2]; last != int64(18) { // 100 bytes are the first line and 15 others and a bit
		t.Errorf("last line %v", last)
	}
}

func TestDayOfTransfers(t *testing.T) {
	src := source(field("day", "date", pipeline.RoleDate), field("id", "string", pipeline.RoleAccount), field("x", "string", pipeline.RoleIdentifier))
	name := pipeline.DateRule{FromName: true, Pattern: `_(\d{8})\.csv$`, Format: "%Y%m%d"}
	text := "day,id,x\n2018-04-01,a,1\n2018-04-02,b,\n,c,1\n"
	day := func(s string) pipeline.Day {
		d, err := pipeline.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}

	src.Date = pipeline.DateRule{FromField: true}
	res := read(t, src, text)
	mustLoad(t, res)
	if diff := cmp.Diff([]pipeline.DayCount{{Day: day("2018-04-01"), Records: 1}, {Day: day("2018-04-02"), Records: 1}}, res.Days); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"4 required day"}, reasonsOf(res)); diff != "" || res.NameDay != pipeline.NoDay {
		t.Error(diff, res.NameDay)
	}
	if diff := cmp.Diff([]pipeline.FieldCount{{Field: "id", Records: 2, First: day("2018-04-01"), Last: day("2018-04-02")},
		{Field: "x", Records: 1, First: day("2018-04-01"), Last: day("2018-04-01")}}, res.Fields); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(3), int64(1)}, columnOf(res, "fields")); diff != "" {
		t.Error("fields: ", diff)
	}

	src.Date = name
	src.Date.FromField = true
	res = readAs(t, src, "in/s_20180402.csv", []byte(text))
	mustLoad(t, res)
	if diff := cmp.Diff([]string{"2 wrong_date day", "4 required day"}, reasonsOf(res)); diff != "" || res.NameDay != day("2018-04-02") {
		t.Error(diff, res.NameDay)
	}

	src.Date = name
	res = readAs(t, src, "s_20180403.csv", []byte(text))
	mustLoad(t, res)
	if diff := cmp.Diff([]pipeline.DayCount{{Day: day("2018-04-03"), Records: 3}}, res.Days); diff != "" {
		t.Error(diff)
	}
	mustRefuse(t, readAs(t, src, "s_2018.csv", []byte(text)), "name does not match")
	mustRefuse(t, readAs(t, src, "s_20180431.csv", []byte(text)), "no day of the calendar")
	mustRefuse(t, readAs(t, src, "s_20181301.csv", []byte(text)), "not of the declared form")
	if d, ok := New(Options{}).NameDay(src, "in/x/s_20180403.csv"); !ok || d != day("2018-04-03") {
		t.Error(d, ok)
	}
	if d, ok := New(Options{}).NameDay(src, "in/s_x.csv"); ok || d != pipeline.NoDay {
		t.Error(d, ok)
	}
}

func TestRefusedForHeader(t *testing.T) {
	body := "\na,b,c\n"
	for header, words := range map[string][]string{
		"id,note":                {"missing: mail"},
		"id,note,mail,secret":    {"position 4 (6 characters)"},
		"id,note,Mail":           {"missing: mail", "position 3 (4 characters)"},
		"id,id,note,mail":        {"twice: id (positions 1 and 2)"},
		"kim,hong@example.com,x": {"missing: id, note, mail", "position 1 (3 characters), position 2 (16 characters)"},
		"id,note,\"mail":         {"unterminated_quote"},
		"id,note,ma\x00il":       {"NUL"},
		"id,note,\xff":           {"wrong encoding"},
	} {
		res := read(t, plain(), header+body)
		mustRefuse(t, res, words...)
		for _, cell := range []string{"secret", "kim", "hong", "Mail"} {
			if strings.Contains(res.Reason, cell) {
				t.Errorf("reason %q holds a cell of the header", res.Reason)
			}
		}
		if len(res.SHA256) != 64 || res.Bytes != int64(len(header)+len(body)) {
			t.Errorf("%q: hash %q of %d bytes", header, res.SHA256, res.Bytes)
		}
	}
	// Another order is fine.
	res := read(t, plain(), "mail,id,note\nm,i,n\n")
	mustLoad(t, res)
	if diff := cmp.Diff([][]any{{int64(-1)}, {int64(17622)}, {int64(7)}, {"n"}},
		[][]any{columnOf(res, "account_key"), columnOf(res, "transfer_date"), columnOf(res, "fields"), columnOf(res, "note")}); diff != "" {
		t.Error(diff)
	}
	// New columns are recorded where the source says so, by their names.
	src := plain()
	src.NewFields = "record"
	res = read(t, src, "mail,extra,id,note\nm,1,i,n\nm,,i,n\n")
	mustLoad(t, res)
	if res.Accepted != 2 || len(res.Fields) != 3 || res.NewFields[0].Field != "extra" || res.NewFields[0].Records != 1 {
		t.Errorf("%+v %+v", res.Fields, res.NewFields)
	}
	mustRefuse(t, read(t, src, "mail,extra,extra,id,note\nm,1,2,i,n\n"), "position 2 and 3")
}

func TestNoData(t *testing.T) {
	for name, text := range map[string]string{"a.csv": "", "b.csv": "\xef\xbb\xbf", "c.csv.gz": "", "d.csv.gz": gzipped("")} {
		mustRefuse(t, readAs(t, plain(), name, []byte(text)), "no data")
	}
	for _, text := range []string{"\n", "# x"} {
		src := plain()
		src.Dialect.Comment = '#'
		mustRefuse(t, read(t, src, text), "no header")
	}
	// A header alone is a day with 0 records.
	for _, text := range []string{"id,note,mail\n", "id,note,mail", "\xef\xbb\xbfid,note,mail\r\n\r\n"} {
		res := read(t, plain(), text)
		mustLoad(t, res)
		if res.Records != 0 || res.Rows != "" || res.Rejects != "" || res.NewAccounts != "" {
			t.Errorf("%+v", res.Staged)
		}
	}
	// Every record rejected.
	mustRefuse(t, read(t, plain(), "id,note,mail\na\nb\na,b\xff,c\n"), "every record was rejected: too_few_fields 2, undecodable_bytes 1")
	res := read(t, plain(), "id,note,mail\na\n\nb\n")
	if res.Records != 2 || res.Rejected != 2 || res.Blank != 1 || res.Lines != 4 || res.Reasons["too_few_fields"] != 2 {
		t.Errorf("a refused receipt lost its counts: %+v", res.Receipt)
	}
}

func TestRefusedForEncoding(t *testing.T) {
	var cp949, utf8, mixed strings.Builder
	for i := range 12 {
		fmt.Fprintf(&cp949, "a%d,\xc7\xd1\xb1\xdb,m\n", i)
		fmt.Fprintf(&utf8, "a%d,café,m\n", i)
		note := "é"
		if i < 9 {
			note = "\xff"
		}
		fmt.Fprintf(&mixed, "a%d,%s,m\n", i, note)
	}
	head := "id,note,mail\n"
	src := func(encoding string) *pipeline.Source { s := plain(); s.Encoding = encoding; return s }
	mustRefuse(t, read(t, src("utf-8"), head+cp949.String()), "wrong encoding", "12 of 12")
	mustLoad(t, read(t, src("cp949"), head+cp949.String()))
	mustLoad(t, read(t, src("utf-8"), head+utf8.String()))
	for _, e := range []string{"cp949", "windows-1252", "latin-1"} {
		mustRefuse(t, read(t, src(e), head+utf8.String()), "wrong encoding", "valid UTF-8")
	}
	res := read(t, src("utf-8"), head+mixed.String()) // nine bad records are bad records
	mustLoad(t, res)
	if res.Rejected != 9 || res.Accepted != 3 {
		t.Error(reasonsOf(res))
	}
	for mark, declared := range map[string]string{"\xff\xfe": "utf-8", "\xfe\xff": "utf-16le", "\xef\xbb\xbf": "cp949", "\xff\xfe\x00\x00": "utf-16"} {
		mustRefuse(t, read(t, src(declared), mark+head+utf8.String()), "byte order mark")
	}
	mustRefuse(t, read(t, src("utf-16"), head), "needs a byte order mark")
	mustRefuse(t, read(t, src("utf-16"), "\xff\xfei\x00d\x00,"), "odd number")
}
