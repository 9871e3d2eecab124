package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"testing"

	"exhibit/pipeline"
)

func countRecords(text []byte, d *pipeline.Dialect, cut int) int64 {
	c := newRecordCounter(d, findLineEnds(d, text))
	for len(text) > cut {
		c.add(text[:cut])
		text = text[cut:]
	}
	c.add(text)
	return c.total()
}

// FuzzRecordCounter holds the record counter to encoding/csv on whatever that
// reader finds well-formed, and to the tokenizer on whatever that reads without
// cutting a record, in blocks of any size.
func FuzzRecordCounter(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "a,\"b\nc\",d\r\n\r\ne", "\"\"\n\"a\"\"b\"\n", "\n\n", "a\rb\rc", "\"a\r\n\",b\r\n", "x\r", "\r\n", "\"", "a,b\n#c\"\nd",
		"\"0E\"\"\"\r\"\""} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		cut := int(size)%16 + 1
		d := &pipeline.Dialect{Delimiter: ',', Quote: '"', DoubleQuote: true}
		n := countRecords(text, d, len(text)+1)
		if m := countRecords(text, d, cut); m != n {
			t.Fatalf("%d records in one block, %d in blocks of %d", n, m, cut)
		}
		// encoding/csv takes a CR that ends the text as a line end.
		if findLineEnds(d, text) == lfOrCRLF && !bytes.HasSuffix(text, []byte{'\r'}) {
			if want, ok := csvRecords(text); ok && want != n {
				t.Fatalf("encoding/csv reads %d records, counted %d", want, n)
			}
		}
		for _, d := range []*pipeline.Dialect{d, {Delimiter: ';', Quote: '\'', Escape: '\\', Comment: '#', SkipInitialSpace: true},
			{Delimiter: ',', Quote: '"', DoubleQuote: true, LineTerminator: "\r\n", SkipLines: 1}, {Delimiter: ',', Escape: '\\'},
			{Delimiter: ',', Quote: '"', DoubleQuote: true, LineTerminator: "\r"}} {
			got, cuts := tokenized(t, text, d, int(size))
			if want := countRecords(text, d, cut); cuts == 0 && got != want {
				t.Fatalf("%+v: %d records read, %d counted", d, got, want)
			}
		}
	})
}

func csvRecords(text []byte) (n int64, ok bool) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		_, err := r.Read()
		if errors.Is(err, io.EOF) {
			return n, true
		}
		if err != nil {
			return 0, false
		}
		n++
	}
}

// tokenized counts the records that the tokenizer reads, and holds it to its
// accounts of lines and bytes.
func tokenized(t *testing.T, text []byte, d *pipeline.Dialect, chunk int) (records, cut int64) {
	t.Helper()
	ends := findLineEnds(d, text)
	tok := newTokenizer(bytes.NewReader(text), *d, ends, 1<<20, 4)
	tok.chunk = chunk + 8
	rec, err := tok.skipLines(d.SkipLines)
	size, lines := rec.bytes, rec.lines
	for err == nil {
		var kind piece
		if kind, err = tok.next(&rec); err != nil {
			break
		}
		if rec.bytes < 1 || rec.lines < 1 || rec.offset != size || rec.line != lines+1 {
			t.Fatalf("a piece of %d bytes and %d lines at %d, line %d", rec.bytes, rec.lines, rec.offset, rec.line)
		}
		size += rec.bytes
		lines += rec.lines
		if kind == recordPiece {
			records++
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	c := lineCounter{ends: ends}
	c.add(text)
	if size != int64(len(text)) || lines != c.lines() {
		t.Fatalf("%+v: pieces of %d bytes and %d lines, text of %d and %d", d, size, lines, len(text), c.lines())
	}
	return records, tok.cut
}
