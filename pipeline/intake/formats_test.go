package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// logical is a record before it is written in a format; nil is no value.
type logical []any

// logicalSource describes the same table in every format: a day, an account, an
// identifier, and kept values of each kind. Some values are out of range or of
// another pattern, and are rejected in every format alike.
func logicalSource(format string) *pipeline.Source {
	at := 0
	f := func(name, kind string, role pipeline.Role, width int, change ...func(*pipeline.Field)) pipeline.Field {
		change = append(change, place(at, width, true))
		at += width
		return field(name, kind, role, change...)
	}
	src := source(
		f("day", "date", pipeline.RoleDate, 8, func(f *pipeline.Field) { f.Format = "%Y%m%d" }),
		f("id", "string", pipeline.RoleAccount, 20), f("mail", "string", pipeline.RoleIdentifier, 40),
		f("n", "integer", pipeline.RoleAttribute, 12, func(f *pipeline.Field) { f.Maximum = "900" }),
		f("x", "number", pipeline.RoleAttribute, 12, func(f *pipeline.Field) { f.Scale = 2 }),
		f("b", "boolean", pipeline.RoleAttribute, 1, func(f *pipeline.Field) { f.True, f.False = []string{"Y"}, []string{"N"} }),
		f("s", "string", pipeline.RoleAttribute, 40, func(f *pipeline.Field) { f.Pattern, f.Required = "[^z]*", true }))
	src.Format, src.Date, src.NewFields = format, pipeline.DateRule{FromField: true}, newFieldsRecorded
	src.Recipient = pipeline.Recipient{Name: "to", Country: "CN"}
	src.Dialect.Header = format != formatFixed
	if format == formatXLSX {
		src.Kind, src.Date = pipeline.Customers, pipeline.DateRule{Fixed: pipeline.NoDay}
	}
	return src
}

var logicalNames = []string{"day", "id", "mail", "n", "x", "b", "s", "extra"}

func logicalRecords(rnd *rand.Rand) []logical {
	word := func() any {
		letters := []rune(`ab"1,{}\é가漢😀z`)
		var out strings.Builder
		for range 1 + rnd.IntN(6) {
			out.WriteRune(letters[rnd.IntN(len(letters))])
		}
		return out.String()
	}
	var out []logical
	for range 2 + rnd.IntN(40) {
		r := logical{pipeline.Day(17600 + rnd.IntN(40)), fmt.Sprint("k", rnd.IntN(9)), word(), int64(rnd.IntN(1000) - 50),
			float64(rnd.IntN(20_000)-10_000) / 100, rnd.IntN(2) == 0, word(), word()}
		for i := range r {
			if rnd.IntN(6) == 0 {
				r[i] = nil
			}
		}
		out = append(out, r)
	}
	return append(out, logical{pipeline.Day(17600), "k", nil, int64(1), nil, nil, "s", "e"}) // one is accepted
}

// asText is a value as CSV, fixed width and JSON strings have it.
func asText(v any) string {
	switch v := v.(type) {
	case pipeline.Day:
		return strings.ReplaceAll(v.String(), "-", "")
	case bool:
		return map[bool]string{true: "Y", false: "N"}[v]
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func quoted(t testing.TB, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeCSV(records []logical) []byte {
	out := strings.Join(logicalNames, ",") + "\n"
	for _, r := range records {
		var cells []string
		for _, v := range r {
			cells = append(cells, `"`+strings.ReplaceAll(asText(v), `"`, `""`)+`"`)
		}
		out += strings.Join(cells, ",") + "\n"
	}
	return []byte(out)
}

func writeJSONL(t testing.TB, rnd *rand.Rand, records []logical) []byte {
	out := ""
	for _, r := range records {
		var members []string
		for i, v := range r {
			switch v.(type) {
			case nil:
				if i > 0 && rnd.IntN(2) == 0 {
					continue
				}
				members = append(members, quoted(t, logicalNames[i])+": null")
			case int64, float64:
				members = append(members, quoted(t, logicalNames[i])+":"+asText(v))
			default:
				members = append(members, quoted(t, logicalNames[i])+": "+quoted(t, asText(v)))
			}
		}
		rnd.Shuffle(len(members), func(i, k int) { members[i], members[k] = members[k], members[i] })
		out += "{" + strings.Join(members, ", ") + "}\n"
	}
	return []byte(out)
}

func writeFixed(src *pipeline.Source, records []logical) []byte {
	out := ""
	for _, r := range records {
		for i := range src.Schema.Fields {
			text := asText(r[i])
			out += text + strings.Repeat(" ", src.Schema.Fields[i].Width-len(text))
		}
		out += "\r\n"
	}
	return []byte(out)
}

func writeParquet(t testing.TB, rnd *rand.Rand, records []logical) []byte {
	s := arrow.BinaryTypes.String
	kinds := []arrow.DataType{arrow.FixedWidthTypes.Date32, s, s, arrow.PrimitiveTypes.Int64, &arrow.Decimal128Type{Precision: 18, Scale: 2}, arrow.FixedWidthTypes.Boolean, s, s}
	var columns []arrow.Field
	for i, k := range kinds {
		columns = append(columns, column1(logicalNames[i], k))
	}
	var rows []string
	for _, r := range records {
		var members []string
		for i, v := range r {
			text := "null"
			switch v := v.(type) {
			case nil:
			case int64, bool:
				text = fmt.Sprint(v)
			case pipeline.Day:
				text = quoted(t, v.String())
			default:
				text = quoted(t, asText(v))
			}
			members = append(members, quoted(t, logicalNames[i])+":"+text)
		}
		rows = append(rows, "{"+strings.Join(members, ",")+"}")
	}
	return parquetFile(t, columns, int64(1+rnd.IntN(50)), "["+strings.Join(rows, ",")+"]")
}

func writeXLSX(t testing.TB, records []logical) []byte {
	var head []any
	for _, n := range logicalNames {
		head = append(head, n)
	}
	rows := [][]any{head}
	for _, r := range records {
		var row []any
		for _, v := range r {
			if d, ok := v.(pipeline.Day); ok {
				v = shown{int(d) + 25569, ymd}
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return workbook(t, rows)
}

// told is what must not depend on the format.
func told(t testing.TB, src *pipeline.Source, name string, data []byte) map[string]any {
	t.Helper()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(data), nil }})
	st, err := r.Read(context.Background(), src, name, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if st.Status != pipeline.Loaded {
		t.Fatalf("%s: %s", name, st.Reason)
	}
	var rejects [][]any
	for _, r := range parquetRows(t, st.Rejects) {
		rejects = append(rejects, []any{r[0], r[4], r[5], r[6]})
	}
	var shown [][]string
	err = r.Replay(context.Background(), src, name, st.SHA256, func(rec *Record) error {
		row := []string{fmt.Sprint(rec.Number, rec.Day, rec.Fields), string(rec.Account), string(rec.Recipient), rec.Country}
		for i := range src.Schema.Fields {
			row = append(row, string(rec.Text(i)))
		}
		shown = append(shown, row)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return map[string]any{"rows": stagedRows(t, src, st), "accounts": parquetRows(t, st.NewAccounts), "recipients": parquetRows(t, st.Recipients), "rejects": rejects,
		"records": st.Records, "accepted": st.Accepted, "rejected": st.Rejected, "days": st.Days, "reasons": st.Reasons, "fields": st.Fields, "new": st.NewFields, "shown": shown}
}

// The same records give the same staged rows, counts, rejects and replayed texts
// in whatever format they are delivered.
func TestFormatsAgree(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 21))
		records := logicalRecords(rnd)
		want := told(t, logicalSource("csv"), "a.csv", writeCSV(records))
		if n := want["accepted"].(int64); n == 0 {
			t.Fatal("nothing was accepted")
		}
		fixed := logicalSource(formatFixed)
		for name, got := range map[string]map[string]any{
			"jsonl":   told(t, logicalSource(formatJSONL), "a.jsonl.gz", []byte(gzipped(string(writeJSONL(t, rnd, records))))),
			"fixed":   told(t, fixed, "a.txt.zst", []byte(zstandard(string(writeFixed(fixed, records))))),
			"parquet": told(t, logicalSource(formatParquet), "a.parquet", writeParquet(t, rnd, records)),
		} {
			if name == "fixed" { // has no columns but the layout's
				got["new"] = want["new"]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %s: %s", seed, name, diff)
			}
		}
		if seed >= 15 {
			continue
		}
		table := logicalSource(formatXLSX)
		got := told(t, table, "a.xlsx", writeXLSX(t, records))
		table.Format = "csv"
		if diff := cmp.Diff(told(t, table, "a.csv", writeCSV(records)), got); diff != "" {
			t.Fatalf("seed %d, xlsx: %s", seed, diff)
		}
	}
}

// A thousand new columns are counted by name; more refuse the file.
func TestNewColumns(t *testing.T) {
	header, record := "id,note,mail", "a,b,c"
	for i := range maxNewFields {
		header += fmt.Sprintf(",x%d", i)
		record += ",1"
	}
	src := plain()
	src.NewFields = newFieldsRecorded
	res := read(t, src, header+"\n"+record+"\n")
	mustLoad(t, res)
	if len(res.NewFields) != maxNewFields || res.NewFields[0] != (pipeline.FieldCount{Field: "x0", Records: 1, First: 17622, Last: 17622}) {
		t.Errorf("%d, %+v", len(res.NewFields), res.NewFields[0])
	}
	res = read(t, src, header+",more\n"+record+",1\n")
	if mustRefuse(t, res, "more than 1000 columns"); res.NewFields != nil {
		t.Error("a refused file has new fields")
	}
	mustRefuse(t, read(t, src, "id,note,mail,"+strings.Repeat("y", maxNewFieldName+1)+"\na,b,c,d\n"), "a name of more than 256 bytes")
	// Where the source says nothing, they refuse the file.
	mustRefuse(t, read(t, plain(), "id,note,mail,x\na,b,c,d\n"), "not in the layout")
}

// A row longer than the longest record that is read is rejected, and no other.
func TestLongRows(t *testing.T) {
	long := strings.Repeat("x", 65)
	s := arrow.BinaryTypes.String
	src := source(field("acct", "string", pipeline.RoleAccount), field("x", "string", pipeline.RoleAttribute))
	src.Kind, src.Date = pipeline.Customers, pipeline.DateRule{Fixed: pipeline.NoDay}
	for format, data := range map[string][]byte{
		formatParquet: parquetFile(t, []arrow.Field{column1("acct", s), column1("x", s)}, 9, `[{"acct":"a"},{"acct":"b","x":"`+long+`"},{"acct":"c"}]`),
		formatXLSX:    workbook(t, [][]any{{"acct", "x"}, {"a"}, {"b", long}, {"c"}}),
	} {
		src.Format = format
		r := New(Options{MaxRecord: 64, Open: func(string) (io.ReadCloser, error) { return seekable(data), nil }})
		st, err := r.Read(context.Background(), src, "a", t.TempDir(), nil)
		if err != nil || st.Accepted != 2 || st.Reasons["over_long"] != 1 {
			t.Errorf("%s: %v %+v", format, err, st)
		}
	}
}

// A column that says that it is UTF-8 may not be.
func TestUndecodableParquet(t *testing.T) {
	staged := newTable(t.TempDir()+"/a.parquet", []pipeline.Column{{Name: "acct", Type: "VARCHAR"}, {Name: "x", Type: "VARCHAR"}})
	for _, text := range []string{"가", "\xb0\xa1", "\xed\xa0\x80", "b"} {
		staged.textAt(0, []byte("a"))
		staged.textAt(1, []byte(text))
		if err := staged.endRow(); err != nil {
			t.Fatal(err)
		}
	}
	path, err := staged.finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	src := source(field("acct", "string", pipeline.RoleAccount), field("x", "string", pipeline.RoleAttribute))
	src.Format = formatParquet
	st, err := New(Options{}).Read(context.Background(), src, path, t.TempDir(), nil)
	if err != nil || st.Accepted != 2 || st.Reasons["undecodable_bytes"] != 2 {
		t.Errorf("%v %+v", err, st)
	}
}
