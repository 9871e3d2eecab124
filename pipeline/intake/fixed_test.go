package intake

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exhibit/pipeline"
)

func place(start, width int, trim bool) func(*pipeline.Field) {
	return func(f *pipeline.Field) { f.Start, f.Width, f.Trim = start, width, trim }
}

// fixedPlain is plain with an account of 4 bytes, a note of 6 and a mail of 3,
// one byte apart.
func fixedPlain() *pipeline.Source {
	src := source(field("id", "string", pipeline.RoleAccount, place(0, 4, true)), field("note", "string", pipeline.RoleAttribute, place(4, 6, false)),
		field("mail", "string", pipeline.RoleIdentifier, place(11, 3, true)))
	src.Format, src.Dialect.Header = formatFixed, false
	return src
}

func TestFixedReasons(t *testing.T) {
	const good = "a   note 1 b  "
	src := fixedPlain()
	src.Encoding = "cp949"
	for line, want := range map[string]string{
		good[:13]:                   "short_record",
		"a":                         "short_record",
		good + " ":                  "long_record",
		good + "x":                  "long_record",
		"a   note 1xb  ":            "bytes_outside_fields",
		"a   note 1\tb  ":           "bytes_outside_fields",
		"a   note\x00\x31 b  ":      "nul_byte note",
		"a   no\re 1 b  ":           "stray_carriage_return note",
		"a   note 1\r   ":           "stray_carriage_return",
		"a   note \xb0 b  ":         "undecodable_bytes note",
		"a  \xb0\xa1ote 1 b  ":      "undecodable_bytes id", // a character over the border of two fields
		"a   note 1 \xffb ":         "undecodable_bytes mail",
		strings.Repeat("x", 65):     "over_long",
		"a   note\xb0\xa1\xb0\xa1b": "bytes_outside_fields",
	} {
		if want == "bytes_outside_fields" && len(line) != len(good) {
			want = "short_record"
		}
		text := good + "\n" + line + "\r\n\n" + good
		res := readWith(t, New(Options{MaxRecord: 64}), src, "a.txt", []byte(text), nil)
		mustLoad(t, res)
		if diff := cmp.Diff([]string{"2 " + want}, reasonsOf(res)); diff != "" || res.Accepted != 2 || res.Blank != 1 {
			t.Errorf("%q: %d accepted, %d blank, %s", line, res.Accepted, res.Blank, diff)
		}
		if len(res.rejects) == 1 && res.rejects[0][3] != int64(len(good)+1) {
			t.Errorf("%q: at %v", line, res.rejects[0][3])
		}
	}
}

// Fields are cut by bytes, before decoding; blanks go only where trim says so,
// and only blanks.
func TestFixedValues(t *testing.T) {
	src := fixedPlain()
	src.Encoding = "cp949"
	res := readAs(t, src, "a.txt", encode(t, "cp949", " 가 가나다 abc\n\t   note   m  \n            x \n              ", true))
	mustLoad(t, res)
	if diff := cmp.Diff([]any{"가나다", "note  ", "      ", "      "}, columnOf(res, "note")); diff != "" {
		t.Error(diff, reasonsOf(res))
	}
	if diff := cmp.Diff([][]any{{"가"}, {"\t"}}, res.accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{int64(7), int64(7), int64(6), int64(2)}, columnOf(res, "fields")); diff != "" {
		t.Error(diff)
	}
}

func TestFixedHeader(t *testing.T) {
	src := fixedPlain()
	src.Dialect.Header, src.Dialect.SkipLines, src.Dialect.Comment = true, 1, '#'
	src.Schema.Fields[2].Name = "mail address" // cut by its width
	head := "any line\n# comment\n\nid  note   mai\n"
	res := read(t, src, head+"a   note 1 b  \n")
	mustLoad(t, res)
	if res.Records != 1 || res.Blank != 1 || res.Lines != 5 {
		t.Errorf("%+v", res.Counts)
	}
	for header, words := range map[string]string{"id  note   mal": "mail address", "idd note   mai": "missing in their places: id", "id  note": "short_record",
		"     id  note ": "id", "": "no header", "a   note 1 b  ": "id, note, mail address"} {
		text := "any line\n" + header + "\n"
		if header != "" {
			text += "a   note 1 b  \n"
		}
		mustRefuse(t, read(t, src, text), words)
	}
	mustRefuse(t, read(t, fixedPlain(), ""), "no data")
	for name, text := range map[string]string{"a.gz": gzipped(head), "a.zst": zstandard(head)} {
		if res := readAs(t, src, name, []byte(text)); res.Status != pipeline.Loaded || res.Records != 0 {
			t.Error(res.Reason)
		}
	}
}

// FuzzFixed: every line that is not blank is a record, whatever is in it;
// accepted ones give back their bytes.
func FuzzFixed(f *testing.F) {
	for _, s := range []string{"a   note 1 b  \n", "a   note 1 b  \r\n\r\nx", "\xb0\xa1  note 1 b  ", "a  \xb0\xa1ote 1 b  ", "\n\n", "a   note\x00  b  \ra"} {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, how uint8) {
		src := fixedPlain()
		src.Schema.Fields[0].Trim = false
		src.Schema.MissingValues = []string{}
		src.Encoding = []string{"utf-8", "cp949", "latin-1"}[how%3]
		src.Dialect.LineTerminator = []string{"", "\n", "\r\n", "\r"}[how/3%4]
		res := readWith(t, New(Options{MaxRecord: 64}), src, "a.txt", text, nil)
		if strings.Contains(res.Reason, "crash") || strings.Contains(res.Reason, "accounting") {
			t.Fatal(res.Reason)
		}
		if res.Status != pipeline.Loaded || src.Encoding != "latin-1" || src.Dialect.LineTerminator != "\n" {
			return
		}
		accepted := 0
		for _, line := range bytes.Split(text, []byte{'\n'}) {
			if len(line) == 14 && line[10] == ' ' && !bytes.ContainsAny(line, "\x00\r") {
				if got := columnOf(res, "note")[accepted]; got != string(encodeLatin(line[4:10])) {
					t.Fatalf("%q: %q", line, got)
				}
				accepted++
			}
		}
		if int64(accepted) != res.Accepted {
			t.Fatalf("%d accepted, want %d: %v", res.Accepted, accepted, reasonsOf(res))
		}
	})
}

func encodeLatin(b []byte) []byte {
	var out []rune
	for _, c := range b {
		out = append(out, rune(c))
	}
	return []byte(string(out))
}
