package intake

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

// The staged columns of each kind, with their defaults, and nothing invented
// where a value is missing.
func TestCustomers(t *testing.T) {
	src := source(field("acct", "string", pipeline.RoleAccount, req), field("pers", "string", pipeline.RolePerson),
		field("kind", "string", pipeline.RoleHolder, func(f *pipeline.Field) { f.Values = map[string]string{"O": "owner", "J": "joint"} }),
		field("since", "datetime", pipeline.RoleJoined), field("st", "string", pipeline.RoleStatus), field("n", "number", pipeline.RoleAttribute, func(f *pipeline.Field) { f.Scale = 1 }))
	src.Kind, src.Date, src.AsOf = pipeline.Customers, pipeline.DateRule{Fixed: pipeline.NoDay}, pipeline.DateRule{Fixed: 17622}
	res := read(t, src, "acct,pers,kind,since,st,n\na,p,J,1969-12-31T23:00:00Z,S,-1.5\nb,,,,,\na,p,X,,,\n")
	mustLoad(t, res)
	if diff := cmp.Diff([][]any{{int64(-1), "p", "joint", int64(-1), nil, nil, "S", int64(-15)}, {int64(-2), nil, nil, nil, nil, nil, nil, nil}}, res.rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"4 not_in_enum kind"}, reasonsOf(res)); diff != "" || res.NameDay != 17622 || res.Days != nil {
		t.Error(diff, res.NameDay, res.Days)
	}
	if res.Fields[0].First != pipeline.NoDay || res.Fields[0].Records != 2 {
		t.Errorf("%+v", res.Fields)
	}
	src.Schema.Fields = append(src.Schema.Fields[:2], src.Schema.Fields[3])
	res = read(t, src, "acct,pers,since\na,p,\n")
	if diff := cmp.Diff([][]any{{int64(-1), "p", "owner", nil, nil, nil, nil}}, res.rows); diff != "" {
		t.Error("no holder declared: ", diff)
	}
}

func TestPayments(t *testing.T) {
	for _, kind := range []string{"number", "integer"} {
		src := source(field("acct", "string", pipeline.RoleAccount), field("at", "date", pipeline.RolePaid), field("sum", kind, pipeline.RoleAmount, func(f *pipeline.Field) { f.Maximum = "99999999999999" }))
		src.Kind, src.Date = pipeline.OverseasPayments, pipeline.DateRule{Fixed: pipeline.NoDay}
		res := read(t, src, "acct,at,sum\na,2018-04-01,15\nb,,99999999999999\na,,100000000000000\n")
		mustLoad(t, res)
		if diff := cmp.Diff([][]any{{int64(-1), int64(17622), nil, "settled", int64(150_000)}, {int64(-2), nil, nil, "settled", int64(999_999_999_999_990_000)}}, res.rows); diff != "" {
			t.Error(kind, diff)
		}
		if diff := cmp.Diff([]string{"4 out_of_range sum"}, reasonsOf(res)); diff != "" {
			t.Error(kind, diff)
		}
	}
	src := source(field("sum", "number", pipeline.RoleAmount), field("st", "string", pipeline.RolePaymentStatus))
	src.Kind, src.Date = pipeline.OverseasPayments, pipeline.DateRule{Fixed: pipeline.NoDay}
	res := read(t, src, "sum,st\n1.2345,\n1.23456,x\n-0.5,cancelled\n")
	if diff := cmp.Diff([][]any{{nil, nil, nil, nil, int64(12345)}, {nil, nil, nil, "cancelled", int64(-5000)}}, res.rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3 scale sum"}, reasonsOf(res)); diff != "" {
		t.Error(diff)
	}
}

// A known account keeps its key; new ones are numbered in order of appearance,
// once each; a record without one has none.
func TestAccounts(t *testing.T) {
	known := pipeline.NewRegistry()
	for _, id := range []string{"x", "가나", "y"} {
		known.Add("bank", []byte(id))
	}
	known.Add("other", []byte("b"))
	src := plain()
	src.Encoding = "cp949"
	src.Schema.Fields[0].Missing = []string{"", "없음"}
	text := encode(t, "cp949", "id,note,mail\nb,,\n가나,,m\n,,\nc,,\nb,,\n없음,,\n", true)
	res := readWith(t, New(Options{}), src, "a.csv", text, known)
	mustLoad(t, res)
	if diff := cmp.Diff([]any{int64(-1), int64(1), nil, int64(-2), int64(-1), nil}, columnOf(res, "account_key")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(1), int64(5), int64(0), int64(1), int64(1), int64(0)}, columnOf(res, "fields")); diff != "" {
		t.Error("fields: ", diff)
	}
	if diff := cmp.Diff([][]any{{"b"}, {"c"}}, res.accounts); diff != "" || known.Len() != 4 {
		t.Error(diff, known.Len())
	}
}

func TestConsentsAndContracts(t *testing.T) {
	src := source(field("id", "string", pipeline.RoleAccount), field("k", "string", pipeline.RoleConsent, func(f *pipeline.Field) { f.Values = map[string]string{"S": "third_party"} }),
		field("to", "string", pipeline.RoleRecipient), field("why", "string", pipeline.RolePurpose), field("from", "date", pipeline.RoleFrom), field("until", "date", pipeline.RoleUntil))
	src.Kind = pipeline.Consents
	res := read(t, src, "id,k,to,why,from,until\na,S,alipay,score,2018-04-01,\nb,X,,,,\n")
	mustLoad(t, res)
	if diff := cmp.Diff([][]any{{int64(-1), "third_party", "alipay", "score", int64(17622), nil}}, res.rows); diff != "" {
		t.Error(diff, reasonsOf(res))
	}
	src = source(field("b", "string", pipeline.RoleBasis), field("f", "string", pipeline.RoleField), field("until", "date", pipeline.RoleUntil))
	src.Kind = pipeline.Contracts
	res = read(t, src, "b,f,until\nouts,*,2018-04-01\n")
	mustLoad(t, res)
	if diff := cmp.Diff([][]any{{"outs", nil, nil, "*", nil, int64(17622)}}, res.rows); diff != "" {
		t.Error(diff, reasonsOf(res))
	}
}

// The recipient of a transfer stands in its source or in fields; each is listed
// once for each country, and a record without one has none.
func TestRecipients(t *testing.T) {
	src := plain()
	src.Recipient = pipeline.Recipient{Name: "alipay", Country: "CN"}
	res := read(t, src, "id,note,mail\na,b,c\nd,e,f\n")
	if diff := cmp.Diff([]any{int64(-1), int64(-1)}, columnOf(res, "recipient_key")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]any{{"CN", "alipay"}}, parquetRows(t, res.Recipients)); diff != "" {
		t.Error(diff)
	}
	src.Recipient = pipeline.Recipient{FromField: true}
	src.Schema.Fields[1].Role, src.Schema.Fields[2].Role = pipeline.RoleRecipient, pipeline.RoleRecipientCountry
	res = read(t, src, "id,note,mail\na,x,CN\nb,x,US\nc,,US\nd,x,\ne,x,CN\n")
	if diff := cmp.Diff([]any{int64(-1), int64(-2), nil, int64(-3), int64(-1)}, columnOf(res, "recipient_key")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]any{{"CN", "x"}, {"US", "x"}, {"", "x"}}, parquetRows(t, res.Recipients)); diff != "" {
		t.Error(diff)
	}
}

func TestLineEnds(t *testing.T) {
	for _, c := range []struct {
		terminator, text string
		accepted         int64
		rejects          []string
		newlines         pipeline.Newlines
	}{
		{"", "id,note,mail\na,b,c\r\nd,e,f", 2, nil, pipeline.Newlines{LF: 1, CRLF: 1}},
		{"", "id,note,mail\ra,b,c\rd,e,f\r\n\n", 2, nil, pipeline.Newlines{CR: 2, CRLF: 1, LF: 1}},
		{"", "id,note,mail\na,b,c\rd,e,f\ng,h,i\n", 1, []string{"2 stray_carriage_return mail"}, pipeline.Newlines{LF: 3}},
		{"", "id,note,mail\na,b,c\r\r\ng,h,i\n", 1, []string{"2 stray_carriage_return mail"}, pipeline.Newlines{LF: 2, CRLF: 1}},
		{"\n", "id,note,mail\na,b,c\r\ng,h,i\n", 1, []string{"2 stray_carriage_return mail"}, pipeline.Newlines{LF: 3}},
		{"\r\n", "id,note,mail\r\na,b\nb,c\r\ng,h,i\r\n", 1, []string{"2 stray_line_feed note"}, pipeline.Newlines{CRLF: 3}},
		{"\r", "id,note,mail\ra,b\nb,c\rg,h,i\rj,k,\"\nl\"\r", 2, []string{"2 stray_line_feed note"}, pipeline.Newlines{CR: 4}},
	} {
		src := plain()
		src.Dialect.LineTerminator = c.terminator
		res := read(t, src, c.text)
		mustLoad(t, res)
		if diff := cmp.Diff(c.rejects, reasonsOf(res)); diff != "" || res.Accepted != c.accepted || res.Newlines != c.newlines {
			t.Errorf("%q: %d accepted, %+v %s", c.text, res.Accepted, res.Newlines, diff)
		}
	}
}

func TestDialects(t *testing.T) {
	for name, c := range map[string]struct {
		d    pipeline.Dialect
		text string
		want []string // the note of each record
	}{
		"escape, no quote":         {pipeline.Dialect{Delimiter: '\t', Escape: '\\'}, "a\tb\\\tc\\\\d\\N\te\n", []string{"b\tc\\d\\N"}},
		"escape in quotes":         {pipeline.Dialect{Delimiter: ',', Quote: '"', Escape: '\\'}, `a,"b\"c\\d\N",e`, []string{`b"c\d\N`}},
		"escape is the quote":      {pipeline.Dialect{Delimiter: ',', Quote: '"', Escape: '"'}, `a,"b""c",e`, []string{`b"c`}},
		"no quote":                 {pipeline.Dialect{Delimiter: ','}, `a,"b"",e`, []string{`"b""`}},
		"spaces skipped":           {pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, SkipInitialSpace: true}, "a,  \" b\" , e\n  a,  b ,e", []string{"b "}},
		"spaces kept":              {pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true}, "a, b ,e", []string{" b "}},
		"comments and blank lines": {pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true, Comment: '#', SkipLines: 1}, "\"skipped\n#a,b,c\n\na,#b,e\n", []string{"#b"}},
	} {
		src := plain()
		src.Dialect = c.d
		res := read(t, src, c.text)
		mustLoad(t, res)
		var got []string
		for _, v := range columnOf(res, "note") {
			got = append(got, v.(string))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s %v", name, diff, reasonsOf(res))
		}
	}
}

// UTF-16 as it stands: places are those of the delivered bytes, and a lone
// surrogate is no text.
func TestUTF16(t *testing.T) {
	src := plain()
	src.Encoding = "utf-16"
	data := encode(t, "utf-16", "id,note,mail\n가,😀,c\nd,?,f\ng,h,i\n", true)
	at := strings.Index(string(data), "?\x00")
	data[at], data[at+1] = 0x00, 0xD8
	res := readAs(t, src, "a.csv", data)
	mustLoad(t, res)
	if diff := cmp.Diff([]any{"😀", "h"}, columnOf(res, "note")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(2), int64(3), int64(3), int64(2 + 2*13 + 2*7), "undecodable_bytes", "note", nil}, res.rejects[0]); diff != "" {
		t.Error(diff)
	}
}

// Bytes that an encoding leaves undefined are rejected and never replaced.
func TestUndefinedBytes(t *testing.T) {
	for encoding, bad := range map[string][]string{
		"utf-8": {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "가"[:2]}, "windows-1252": {"\x81", "\x8d", "\x8f", "\x90", "\x9d"},
		"cp949": {"\x80", "\xff", "\xc7", "\xc7\x20", "\xa1\xff", "\xc9\xfe\xff"},
	} {
		src := plain()
		src.Encoding = encoding
		for _, b := range bad {
			res := read(t, src, "id,note,mail\na,b,"+b+"\nc,d,e\n")
			mustLoad(t, res)
			if diff := cmp.Diff([]string{"2 undecodable_bytes mail"}, reasonsOf(res)); diff != "" || res.Accepted != 1 {
				t.Errorf("%s %q: %s", encoding, b, diff)
			}
		}
	}
}

// Names that a shell would trip over are only names.
func TestAwkwardNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{`a "b".csv`, "a b\n.csv", "..csv", "$(touch x).csv", "가나다.csv", "-rf.csv", "a'b;c.csv"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("id,note,mail\na,b,c\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := New(Options{}).Read(context.Background(), plain(), path, t.TempDir(), nil)
		if err != nil || st.Accepted != 1 {
			t.Errorf("%q: %v %v", name, st, err)
		}
	}
}

// The same bytes give the same staged bytes, and concurrent reads do not mix.
func TestConcurrentReadsAreEqual(t *testing.T) {
	text := longText()
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	src := plain()
	sums := make(chan string, 4)
	for i := range 4 {
		dir := t.TempDir()
		go func() {
			st, err := r.Read(context.Background(), src, fmt.Sprint(i, ".csv"), dir, nil)
			if err != nil {
				sums <- err.Error()
				return
			}
			b, err := os.ReadFile(st.Rows)
			sums <- fmt.Sprintf("%x %v", b, err)
		}()
	}
	first := <-sums
	for range 3 {
		if <-sums != first {
			t.Fatal("two reads of one file differ")
		}
	}
}

// A row group's border changes nothing.
func TestManyRows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("id,note,mail\n")
	n := groupRows*2 + 17
	for range n {
		fmt.Fprintf(&b, "k%d,n%d,\n", rnd.IntN(1000), rnd.IntN(10))
	}
	res := read(t, plain(), b.String())
	mustLoad(t, res)
	lines := strings.Split(b.String(), "\n")[1:]
	keys, notes := columnOf(res, "account_key"), columnOf(res, "note")
	for i := range res.rows {
		if want := fmt.Sprintf("%s,%s,", res.accounts[-1-keys[i].(int64)][0], notes[i]); lines[i] != want {
			t.Fatalf("row %d: %s, want %s", i, want, lines[i])
		}
	}
	if len(res.rows) != n || len(res.accounts) != 1000 {
		t.Errorf("%d rows, %d accounts", len(res.rows), len(res.accounts))
	}
}
