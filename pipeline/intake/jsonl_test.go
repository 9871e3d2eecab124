package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

func jsonlOf(fields ...pipeline.Field) *pipeline.Source {
	src := source(fields...)
	src.Format = formatJSONL
	return src
}

// Every mistake in a line of JSON costs that line, with a reason of its own and
// its place; the lines around it stand.
func TestJSONLReasons(t *testing.T) {
	mapped := func(f *pipeline.Field) { f.Values = map[string]string{"1": "one", "true": "yes", "o": "owner"} }
	src := jsonlOf(field("id", "string", pipeline.RoleAccount), field("n", "integer", pipeline.RoleAttribute),
		field("x", "number", pipeline.RoleAttribute, func(f *pipeline.Field) { f.Scale = 2 }), field("b", "boolean", pipeline.RoleAttribute),
		field("d", "date", pipeline.RoleAttribute), field("o", "object", pipeline.RoleAttribute), field("a", "array", pipeline.RoleAttribute),
		field("y", "year", pipeline.RoleAttribute), field("v", "string", pipeline.RoleAttribute, mapped), field("r", "string", pipeline.RoleIdentifier, req))
	const good = `{"id":"g","n":1,"x":1.25,"b":true,"d":"2018-04-01","o":{"k":[1]},"a":[],"y":2018,"v":1,"r":"r"}`
	for line, want := range map[string]string{
		`x`:                                 "not_json",
		`{"id":"a","r":"r"`:                 "not_json",
		`{"id":"a","r":"r",}`:               "not_json",
		`{"id":"a" "r":"r"}`:                "not_json",
		`{'id':'a'}`:                        "not_json",
		`{id:1}`:                            "not_json",
		`{"r":"r"} {}`:                      "not_json",
		`{"r":"r"}x`:                        "not_json",
		`{"r":"r","n":01}`:                  "not_json",
		`{"r":"r","n":+1}`:                  "not_json",
		`{"r":"r","n":1.}`:                  "not_json",
		`{"r":"r","n":.5}`:                  "not_json",
		`{"r":"r","n":NaN}`:                 "not_json",
		`{"r":"r","n":tru}`:                 "not_json",
		"{\"r\":\"a\tb\"}":                  "not_json",
		` `:                                 "not_json",
		`{"r":"\x"}`:                        "bad_escape",
		`{"r":"\u12g4"}`:                    "bad_escape",
		`{"r":"\ud800"}`:                    "bad_escape",
		`{"r":"\ud800\u0041"}`:              "bad_escape",
		`{"r":"\udc00\ud800"}`:              "bad_escape",
		`[{"r":"r"}]`:                       "not_an_object",
		`"text"`:                            "not_an_object",
		`12`:                                "not_an_object",
		`null`:                              "not_an_object",
		`{"r":"r","r":"r"}`:                 "duplicate_key r",
		`{"r":"r","\u0072":"s"}`:            "duplicate_key r",
		`{"r":"r","o":{"k":1,"k":2}}`:       "duplicate_key",
		`{"r":"r","a":[{"k":1,"k":1}]}`:     "duplicate_key",
		`{"r":"r","z":1,"z":1}`:             "unknown_key",
		`{"r":"r","z":null}`:                "unknown_key",
		`{"r":"r","R":"r"}`:                 "unknown_key",
		`{"r":"r","":1}`:                    "unknown_key",
		`{"r":"r","id":{"k":1}}`:            "nested_value id",
		`{"r":"r","n":[1]}`:                 "nested_value n",
		`{"r":"r","v":[1]}`:                 "nested_value v",
		`{"r":"r","id":5}`:                  "not_a_string id",
		`{"r":"r","id":true}`:               "not_a_string id",
		`{"r":"r","n":"5"}`:                 "not_an_integer n",
		`{"r":"r","n":1.0}`:                 "not_an_integer n",
		`{"r":"r","n":1e3}`:                 "not_an_integer n",
		`{"r":"r","n":true}`:                "not_an_integer n",
		`{"r":"r","n":9223372036854775808}`: "out_of_range n",
		`{"r":"r","x":"1.5"}`:               "not_a_number x",
		`{"r":"r","x":1.255}`:               "scale x",
		`{"r":"r","b":"true"}`:              "not_a_boolean b",
		`{"r":"r","b":1}`:                   "not_a_boolean b",
		`{"r":"r","d":20180401}`:            "not_a_date d",
		`{"r":"r","d":"2018-02-30"}`:        "not_a_date d",
		`{"r":"r","o":"{}"}`:                "not_an_object o",
		`{"r":"r","o":[]}`:                  "not_an_object o",
		`{"r":"r","a":{}}`:                  "not_an_array a",
		`{"r":"r","v":2}`:                   "not_in_enum v",
		`{"r":"r","y":18}`:                  "not_a_year y",
		`{"id":"a"}`:                        "required r",
		`{"id":"a","r":null}`:               "required r",
		`{"id":"a","r":""}`:                 "required r",
		`{"r":"a\u0000b"}`:                  "nul_byte r",
		"{\"r\":\"a\x00b\"}":                "nul_byte",
		"{\"r\":\"\xff\"}":                  "undecodable_bytes",
		"{\"r\":\"\xed\xa0\x80\"}":          "undecodable_bytes",
		"{\"r\":\"r\",\r\"n\":1}":           "stray_carriage_return",
		`{"r":"r","a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`: "too_deep",
		`{"r":"` + strings.Repeat("r", 200) + `"}`:                                "over_long",
	} {
		r := New(Options{MaxRecord: 200})
		text := good + "\n" + line + "\r\n\n" + good
		res := readWith(t, r, src, "a.jsonl", []byte(text), nil)
		mustLoad(t, res)
		if diff := cmp.Diff([]string{"2 " + want}, reasonsOf(res)); diff != "" || res.Accepted != 2 || res.Blank != 1 || res.Lines != 4 {
			t.Errorf("%s: %d accepted, %d blank, %d lines, %s", line, res.Accepted, res.Blank, res.Lines, diff)
		}
		if len(res.rejects) == 1 && (res.rejects[0][0] != int64(2) || res.rejects[0][3] != int64(len(good)+1)) {
			t.Errorf("%s: record %v at %v", line, res.rejects[0][0], res.rejects[0][3])
		}
	}
}

// Values come out as they were sent: numbers with every digit, texts with their
// escapes undone, nested values as they stand.
func TestJSONLValues(t *testing.T) {
	text := func(f *pipeline.Field) { f.Group = "," }
	src := jsonlOf(field("id", "integer", pipeline.RoleAccount), field("s", "string", pipeline.RoleAttribute), field("o", "object", pipeline.RoleAttribute),
		field("n", "integer", pipeline.RoleAttribute, text), field("b", "boolean", pipeline.RoleAttribute, func(f *pipeline.Field) { f.True = []string{"Y"} }),
		field("v", "string", pipeline.RoleAttribute, func(f *pipeline.Field) { f.Values = map[string]string{"1": "one", "true": "yes"} }))
	res := read(t, src, ` { "id" : 12345678901234567890 , "s" : "\ud55c\u0041\"\\\/\b\f\n\r\t😀\ud83d\ude00" , "o" : { "a" : [ 1.50 ] } }`+"\n"+
		`{"id":-1,"n":"1,234","b":"Y","v":true}`+"\n"+`{"n":1234,"b":false,"v":1,"s":null}`+"\n")
	mustLoad(t, res)
	if diff := cmp.Diff([][]any{{"12345678901234567890"}, {"-1"}}, res.accounts); diff != "" {
		t.Error(diff, reasonsOf(res))
	}
	if diff := cmp.Diff([]any{"한A\"\\/\b\f\n\r\t😀😀", nil, nil}, columnOf(res, "s")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{`{ "a" : [ 1.50 ] }`, nil, nil}, columnOf(res, "o")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]any{{nil, int64(1234), int64(1234)}, {nil, true, false}, {nil, "yes", "one"}},
		[][]any{columnOf(res, "n"), columnOf(res, "b"), columnOf(res, "v")}); diff != "" {
		t.Error(diff)
	}
}

// A character of CP949 may end with the byte of a quote's neighbour; the line is
// decoded before it is read. UTF-16 and byte order marks are as with CSV.
func TestJSONLEncodings(t *testing.T) {
	for _, encoding := range []string{"cp949", "utf-16", "utf-16le", "utf-8"} {
		src := jsonlOf(field("계좌", "string", pipeline.RoleAccount), field("s", "string", pipeline.RoleAttribute), field("mail", "string", pipeline.RoleIdentifier))
		src.Encoding = encoding
		res := readAs(t, src, "a.jsonl", encode(t, encoding, "{\"계좌\":\"똠방\",\"s\":\"갂\",\"mail\":\"걋\"}\r\n{\"계좌\":\"b\",\"s\":\"\\uac00\"}", true))
		mustLoad(t, res)
		if diff := cmp.Diff([][]any{{"똠방"}, {"b"}}, res.accounts); diff != "" {
			t.Error(encoding, diff)
		}
		if diff := cmp.Diff([]any{"갂", "가"}, columnOf(res, "s")); diff != "" {
			t.Error(encoding, diff)
		}
	}
}

func TestJSONLRefused(t *testing.T) {
	src := jsonlOf(field("id", "string", pipeline.RoleAccount))
	mustRefuse(t, read(t, src, ""), "no data")
	mustRefuse(t, read(t, src, "[\n{\"id\":\"a\"},\n]"), "every record was rejected: not_json 3")
	good := `{"id":"a"}` + "\n"
	for name, text := range map[string]string{"a.jsonl.gz": gzipped(good, good), "a.jsonl.zst": zstandard(good, good)} {
		res := readAs(t, src, name, []byte(text))
		mustLoad(t, res)
		if res.Accepted != 2 {
			t.Errorf("%s: %d", name, res.Accepted)
		}
		mustRefuse(t, readAs(t, src, name, []byte(text[:len(text)-2])), "cut off")
	}
	if res := read(t, src, "\n"); res.Status != pipeline.Loaded || res.Records != 0 || res.Blank != 1 {
		t.Errorf("a file of a blank line: %+v", res.Receipt)
	}
}

// Keys that the layout lacks are counted by name where the source says so, in
// records that are accepted.
func TestJSONLNewFields(t *testing.T) {
	src := jsonlOf(field("id", "string", pipeline.RoleAccount), field("day", "date", pipeline.RoleDate))
	src.Date, src.NewFields = pipeline.DateRule{FromField: true}, newFieldsRecorded
	day := func(n int) string { return fmt.Sprintf(`"day":"2018-04-0%d"`, n) }
	res := read(t, src, `{"id":"a",`+day(3)+`,"z":1,"e":"","n":null}`+"\n"+`{"id":"b",`+day(2)+`,"z":{"k":[]},"a":false}`+"\n"+
		`{"id":1,`+day(1)+`,"z":1}`+"\n"+`{"id":"c",`+day(5)+`,"z":1,"z":2}`+"\n"+`{"id":"d",`+day(4)+`,"z":"x"}`+"\n")
	mustLoad(t, res)
	if diff := cmp.Diff([]pipeline.FieldCount{{Field: "a", Records: 1, First: 17623, Last: 17623}, {Field: "e", First: pipeline.NoDay, Last: pipeline.NoDay},
		{Field: "n", First: pipeline.NoDay, Last: pipeline.NoDay}, {Field: "z", Records: 3, First: 17623, Last: 17625}}, res.NewFields); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3 not_a_string id", "4 duplicate_key"}, reasonsOf(res)); diff != "" {
		t.Error(diff)
	}
	var many strings.Builder
	many.WriteString(`{"id":"a",` + day(1))
	for i := range maxNewFields {
		fmt.Fprintf(&many, `,"k%d":1`, i)
	}
	if res = read(t, src, many.String()+"}\n"); len(res.NewFields) != maxNewFields {
		t.Errorf("%s: %d", res.Reason, len(res.NewFields))
	}
	mustRefuse(t, read(t, src, many.String()+"}\n"+`{"id":"a",`+day(1)+`,"one more":1}`), "more than 1000 columns")
	long := strings.Repeat("k", maxNewFieldName+1)
	if res = read(t, src, `{"id":"a",`+day(1)+"}\n"+`{"id":"a",`+day(1)+`,"`+long+`":1}`); res.Reasons["unknown_key"] != 1 {
		t.Error(res.Reason, res.Reasons)
	}
}

// A line of 1 GB is one rejected record, in constant memory.
func TestHugeJSONLine(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1 GB")
	}
	src := jsonlOf(field("id", "string", pipeline.RoleAccount))
	mustStayWithin(t, 64, func() {
		st := readStream(t, src, "a.jsonl", &repeated{head: `{"id":"a"}` + "\n" + `{"id":"`, text: strings.Repeat(`x`, 64<<10), n: 1 << 30, tail: "\"}\n{\"id\":\"b\"}\n"})
		if st.Accepted != 2 || st.Reasons["over_long"] != 1 || st.Lines != 3 {
			t.Errorf("%s: %d accepted, %v", st.Reason, st.Accepted, st.Reasons)
		}
	})
	// As many keys as a record can have, nested and not, cost one record too.
	mustStayWithin(t, 256, func() {
		var b strings.Builder
		for i := 0; b.Len() < 1<<20; i++ {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		line := `{"id":"c",` + b.String() + `"o":{` + strings.TrimSuffix(b.String(), ",")[:900_000] + `}}`
		st := readStream(t, src, "a.jsonl", io.MultiReader(strings.NewReader(`{"id":"a"}`+"\n"), strings.NewReader(strings.Repeat(line+"\n", 4))))
		if st.Accepted != 1 || st.Rejected != 4 {
			t.Errorf("%s: %d accepted, %v", st.Reason, st.Accepted, st.Reasons)
		}
	})
}

// FuzzJSONL holds the scanner to encoding/json: what that calls valid is read,
// unless it has two meanings; what is read has the values that it finds. And no
// line costs another.
func FuzzJSONL(f *testing.F) {
	for _, s := range []string{`{"id":"a","n":1}`, `{"id":"\ud83d\ude00","o":{"a":[1,2,{}]}}`, `{"id":1e5}`, `{"id":"a","id":"b"}`, `[1]`, ` {} `, `{"o":[[[[]]]]}`,
		`{"id":"\ud800"}`, `{"n":-0.0e-1,"id":null}`, "{\"id\":\"\xff\"}", `{"":{"":1}}`, `{"id":"a"}}`, `{"n":12345678901234567890}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsAny(line, "\r\n") {
			return
		}
		var s jsonScanner
		s.reset(line)
		var v jsonValue
		ok := json.Valid(line)
		read := s.value(&v, 0) && s.ended()
		switch {
		case read && !ok:
			t.Fatalf("%q was read", line)
		case !read && ok && s.bad != duplicateKey && s.bad != badEscape && s.bad != tooDeep:
			t.Fatalf("%q: %s", line, s.bad)
		case read != (s.bad == fine):
			t.Fatalf("%q: read %v, %s", line, read, s.bad)
		}
		src := jsonlOf(field("id", "string", pipeline.RoleAttribute), field("n", "number", pipeline.RoleIgnore), field("o", "object", pipeline.RoleAttribute))
		src.NewFields = newFieldsRecorded
		src.Schema.MissingValues = []string{}
		res := read3(t, src, line)
		var want struct {
			ID *string         `json:"id"`
			O  json.RawMessage `json:"o"`
		}
		if strings.Contains(res.Reason, "crash") || strings.Contains(res.Reason, "accounting") {
			t.Fatal(res.Reason)
		}
		if res.Accepted < 3 {
			return
		}
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatalf("%q was accepted: %v", line, err)
		}
		var got any
		if want.ID != nil {
			got = *want.ID
		}
		if v := columnOf(res, "id")[1]; v != got && !foldedKeys(line) {
			t.Fatalf("%q: %v, want %v", line, v, got)
		}
	})
}

// foldedKeys says whether encoding/json may take another key for ours: it does
// not look at case.
func foldedKeys(line []byte) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(line, &m) != nil {
		return true
	}
	for k := range m {
		if k != "id" && strings.EqualFold(k, "id") {
			return true
		}
	}
	return false
}

// read3 reads a line between two good ones, which must be accepted.
func read3(t *testing.T, src *pipeline.Source, line []byte) result {
	t.Helper()
	res := readAs(t, src, "a.jsonl", []byte("{\"id\":\"a\"}\n"+string(line)+"\n{\"id\":\"b\"}\n"))
	if res.Status == pipeline.Loaded && (res.Accepted < 2 || res.Records+res.Blank != 3) {
		t.Fatalf("%q: %d accepted, %v", line, res.Accepted, reasonsOf(res))
	}
	return res
}
