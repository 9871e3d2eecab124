package intake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"

	"exhibit/pipeline"
)

// delivery of random, well-formed records, written by code that shares nothing
// with the reader.
type randomFile struct {
	src     *pipeline.Source
	name    string
	header  string
	records []string // with their line ends
	values  [][]string
}

// alphabets of each encoding: what a value may hold.
var alphabets = map[string]string{
	"utf-8":        "ab01 ,;|\t\"'\\\r\n가힣é漢😀#",
	"utf-16":       "ab01 ,;|\t\"'\\\r\n가힣é漢😀#",
	"utf-16le":     "ab01 ,;|\t\"'\\\r\n가힣é漢😀#",
	"utf-16be":     "ab01 ,;|\t\"'\\\r\n가힣é漢😀#",
	"cp949":        "ab01 ,;|\t\"'\\\r\n가힣똠漢#",
	"windows-1252": "ab01 ,;|\t\"'\\\r\néß€ž#",
	"latin-1":      "ab01 ,;|\t\"'\\\r\néßÿ#",
}

func newRandomFile(seed uint64) *randomFile {
	rnd := rand.New(rand.NewPCG(seed, 9))
	f := &randomFile{src: source(field("id", "string", pipeline.RoleAccount), field("n", "integer", pipeline.RoleAttribute),
		field("a", "string", pipeline.RoleAttribute), field("b", "string", pipeline.RoleAttribute)), name: "a.csv"}
	encodings := []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "cp949", "windows-1252", "latin-1"}
	f.src.Encoding = encodings[rnd.IntN(len(encodings))]
	d := &f.src.Dialect
	d.Delimiter = ",;|\t"[rnd.IntN(4)]
	d.Quote = `"'`[rnd.IntN(2)]
	if rnd.IntN(3) == 0 {
		d.DoubleQuote, d.Escape = false, '\\'
	}
	d.Header = rnd.IntN(4) > 0
	d.SkipInitialSpace = rnd.IntN(4) == 0
	d.SkipLines = rnd.IntN(3)
	if rnd.IntN(3) == 0 {
		d.Comment = '#'
	}
	end := []string{"\n", "\r\n", "\r"}[rnd.IntN(3)]
	if rnd.IntN(2) == 0 {
		d.LineTerminator = end
	}
	for i := range d.SkipLines {
		f.header += fmt.Sprintf("skipped \" ' line %d", i) + end
	}
	if d.Header {
		f.header += strings.Join([]string{"id", "n", "a", "b"}, string(d.Delimiter)) + end
	}
	letters := []rune(alphabets[f.src.Encoding])
	for i := range 1 + rnd.IntN(60) {
		values := []string{fmt.Sprintf("k%d", rnd.IntN(20)), fmt.Sprint(rnd.IntN(1000) - 500), "", ""}
		for k := 2; k < 4; k++ {
			for range rnd.IntN(9) {
				values[k] += string(letters[rnd.IntN(len(letters))])
			}
		}
		if i%2 == 0 { // no quote needed
			values[2], values[3] = "plain", "more"
		}
		f.values = append(f.values, values)
		var cells []string
		for _, v := range values {
			cells = append(cells, quote(rnd, d, v))
		}
		line := strings.Join(cells, string(d.Delimiter)) + end
		if rnd.IntN(8) == 0 {
			line += end // a blank line
		}
		if d.Comment != 0 && rnd.IntN(8) == 0 {
			line += "# it's a \"comment" + end
		}
		f.records = append(f.records, line)
	}
	if rnd.IntN(3) == 0 {
		f.records[len(f.records)-1] = strings.TrimRight(f.records[len(f.records)-1], "\r\n")
	}
	return f
}

func quote(rnd *rand.Rand, d *pipeline.Dialect, v string) string {
	q := string(d.Quote)
	special := strings.ContainsAny(v, string(d.Delimiter)+q+"\r\n") || strings.HasPrefix(v, " ") ||
		d.Escape != 0 && strings.Contains(v, string(d.Escape)) || d.Comment != 0 && strings.HasPrefix(v, "#")
	if !special && rnd.IntN(4) > 0 {
		return v
	}
	if d.Escape != 0 {
		v = strings.ReplaceAll(v, string(d.Escape), string(d.Escape)+string(d.Escape))
		return q + strings.ReplaceAll(v, q, string(d.Escape)+q) + q
	}
	return q + strings.ReplaceAll(v, q, q+q) + q
}

// encode gives the bytes of a text in the source's encoding.
func encode(t testing.TB, encoding, text string, first bool) []byte {
	t.Helper()
	var out string
	var err error
	switch encoding {
	case "utf-8":
		return []byte(text)
	case "cp949":
		out, err = korean.EUCKR.NewEncoder().String(text)
	case "windows-1252":
		out, err = charmap.Windows1252.NewEncoder().String(text)
	case "latin-1":
		out, err = charmap.ISO8859_1.NewEncoder().String(text)
	default:
		var order binary.AppendByteOrder = binary.LittleEndian
		if encoding == "utf-16be" {
			order = binary.BigEndian
		}
		var b []byte
		if first && encoding == "utf-16" {
			b = order.AppendUint16(b, 0xFEFF)
		}
		for _, u := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// bytes are the file, and where each record begins in it.
func (f *randomFile) bytes(t testing.TB) (data []byte, offsets []int64) {
	data = encode(t, f.src.Encoding, f.header, true)
	for _, r := range f.records {
		offsets = append(offsets, int64(len(data)))
		data = append(data, encode(t, f.src.Encoding, r, false)...)
	}
	return data, offsets
}

func (f *randomFile) want() [][]any {
	var want [][]any
	for _, v := range f.values {
		row := []any{v[0]}
		n := int64(0)
		if _, err := fmt.Sscan(v[1], &n); err != nil {
			panic(err)
		}
		row = append(row, n)
		for _, text := range v[2:] {
			if text == "" {
				row = append(row, nil)
			} else {
				row = append(row, text)
			}
		}
		want = append(want, row)
	}
	return want
}

// got are the staged rows with the account's text in place of its key.
func (f *randomFile) got(res result) [][]any {
	var got [][]any
	keys, n, a, b := columnOf(res, "account_key"), columnOf(res, "n"), columnOf(res, "a"), columnOf(res, "b")
	for i := range res.rows {
		got = append(got, []any{res.accounts[-1-keys[i].(int64)][0], n[i], a[i], b[i]})
	}
	return got
}

// Every well-formed record, in any dialect, encoding, line end and compression,
// is accepted with exactly its values.
func TestWellFormedRecordsAreAccepted(t *testing.T) {
	r := New(Options{})
	for seed := range uint64(600) {
		f := newRandomFile(seed)
		data, _ := f.bytes(t)
		switch seed % 5 {
		case 3:
			data, f.name = []byte(gzipped(string(data[:len(data)/2]), string(data[len(data)/2:]))), "a.csv.gz"
		case 4:
			data, f.name = []byte(zstandard(string(data))), "a.csv.zst"
		}
		res := readWith(t, r, f.src, f.name, data, nil)
		if res.Status != pipeline.Loaded || res.Rejected != 0 {
			t.Fatalf("seed %d, %s, %+v: %s %v", seed, f.src.Encoding, f.src.Dialect, res.Reason, reasonsOf(res))
		}
		if diff := cmp.Diff(f.want(), f.got(res)); diff != "" {
			t.Fatalf("seed %d, %+v: %s", seed, f.src.Dialect, diff)
		}
	}
}

// Whatever is done to the bytes of one record (short of its line end and of
// quotes, which may rightly reach further), every other record is accepted as
// before, and the bad one is named by its place.
func TestOneBadRecordNeverCostsAGoodOne(t *testing.T) {
	r := New(Options{})
	rejected := 0
	for seed := range uint64(600) {
		f := newRandomFile(seed)
		rnd := rand.New(rand.NewPCG(seed, 11))
		i := rnd.IntN(len(f.records))
		body := strings.TrimRight(f.records[i], "\r\n")
		if len(f.values) < 3 || body == "" || strings.ContainsAny(body, "\r\n#") {
			continue
		}
		d := f.src.Dialect
		spoil := []string{"x" + string(d.Delimiter), string(d.Delimiter), "zz", "\x00", "1.5"}[rnd.IntN(5)]
		cells := strings.SplitN(body, string(d.Delimiter), 3)
		f.records[i] = cells[0] + string(d.Delimiter) + spoil + string(d.Delimiter) + cells[2] + f.records[i][len(body):]
		data, offsets := f.bytes(t)
		res := readWith(t, r, f.src, f.name, data, nil)
		if res.Status != pipeline.Loaded || res.Rejected != 1 {
			t.Fatalf("seed %d: %s, rejects %v", seed, res.Reason, reasonsOf(res))
		}
		rejected++
		if res.rejects[0][3] != offsets[i] || res.rejects[0][0] != int64(i+1) {
			t.Fatalf("seed %d, %s: record %v at %v, want %d at %d", seed, f.src.Encoding, res.rejects[0][0], res.rejects[0][3], i+1, offsets[i])
		}
		f.values = slices.Delete(f.values, i, i+1)
		if diff := cmp.Diff(f.want(), f.got(res)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
	if rejected < 300 {
		t.Errorf("only %d files were spoilt", rejected)
	}
}

// A lone quote anywhere in a file without other quotes costs the one line it
// stands in.
func TestLoneQuoteCostsOneLine(t *testing.T) {
	lines := []string{"id,note,mail"}
	for i := range 9 {
		lines = append(lines, fmt.Sprintf("k%d,note,mail", i))
	}
	text := strings.Join(lines, "\n") + "\n"
	for at := len(lines[0]) + 1; at < len(text)-1; at++ {
		res := read(t, plain(), text[:at]+`"`+text[at:])
		mustLoad(t, res)
		line := int64(1 + strings.Count(text[:at], "\n"))
		if res.Accepted != 8 || len(res.rejects) != 1 || res.rejects[0][1] != line {
			t.Fatalf("quote at %d, line %d: %d accepted, %v", at, line, res.Accepted, reasonsOf(res))
		}
	}
}

// How the bytes arrive, and how large the buffers are, changes nothing.
func TestBlocksDoNotMatter(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("id,note,mail\r\n")
	for i := 0; b.Len() < 3<<20; i++ {
		fmt.Fprintf(&b, "k%d,\"%s\"\"가\r\nx\",m%d\r\n", i, strings.Repeat("y", i%700), i)
	}
	whole := read(t, plain(), b.String())
	mustLoad(t, whole)
	for _, pad := range []int{1, 2, 3, 17} { // moves every record against the borders of the blocks
		src := plain()
		src.Dialect.SkipLines = 1
		res := read(t, src, strings.Repeat("p", pad)+"\n"+b.String())
		mustLoad(t, res)
		if diff := cmp.Diff(whole.rows, res.rows); diff != "" {
			t.Fatalf("pad %d: rows differ", pad)
		}
	}
	src := plain()
	src.Encoding = "utf-16"
	res := readAs(t, src, "a.csv", encode(t, "utf-16", b.String(), true))
	mustLoad(t, res)
	if diff := cmp.Diff(whole.rows, res.rows); diff != "" {
		t.Fatal("utf-16: rows differ")
	}
}
