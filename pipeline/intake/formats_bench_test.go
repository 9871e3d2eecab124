package intake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

// BenchmarkFormats reads the same 100,000 records in each format of transfers.
func BenchmarkFormats(b *testing.B) {
	src := plain()
	src.Schema = fixedPlain().Schema
	var csv, jsonl, fixed, rows bytes.Buffer
	csv.WriteString("id,note,mail\n")
	for i := range 100_000 {
		id := fmt.Sprintf("%04d", i%10000)
		fmt.Fprintf(&csv, "%s,note %d,abc\n", id, i%10)
		fmt.Fprintf(&jsonl, `{"id": "%s", "note": "note %d", "mail": "abc"}`+"\n", id, i%10)
		fmt.Fprintf(&fixed, "%snote %d abc\n", id, i%10)
		fmt.Fprintf(&rows, `,{"id":"%s","note":"note %d","mail":"abc"}`, id, i%10)
	}
	s := arrow.BinaryTypes.String
	for format, data := range map[string][]byte{"csv": csv.Bytes(), formatJSONL: jsonl.Bytes(), formatFixed: fixed.Bytes(),
		formatParquet: parquetFile(b, []arrow.Field{column1("id", s), column1("note", s), column1("mail", s)}, 50_000, "["+strings.TrimPrefix(rows.String(), ",")+"]")} {
		b.Run(format, func(b *testing.B) {
			src := *src
			src.Format, src.Dialect.Header = format, format != formatFixed
			r := New(Options{Open: func(string) (io.ReadCloser, error) { return seekable(data), nil }})
			dir := b.TempDir()
			b.ReportAllocs()
			for b.Loop() {
				st, err := r.Read(context.Background(), &src, "a", dir, nil)
				if err != nil || st.Accepted != 100_000 {
					b.Fatal(err, st)
				}
			}
			b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
