package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"

	"exhibit/pipeline"
)

// typical is a transfers file of 8 fields with a 64-digit account.
func typical(records int) (*pipeline.Source, []byte) {
	src := source(
		field("SEND_DT", "date", pipeline.RoleDate, func(f *pipeline.Field) { f.Format = "%Y%m%d" }),
		field("USER_ID", "string", pipeline.RoleAccount, req, func(f *pipeline.Field) { f.Pattern = "[0-9a-f]{64}" }),
		field("HP_NO", "string", pipeline.RoleIdentifier), field("EMAIL", "string", pipeline.RoleIdentifier), field("USER_NM", "string", pipeline.RoleIdentifier),
		field("BALANCE", "integer", pipeline.RoleAttribute), field("TXN_CNT", "integer", pipeline.RoleAttribute), field("GRADE", "string", pipeline.RoleIgnore))
	src.Date = pipeline.DateRule{FromField: true}
	var b bytes.Buffer
	b.WriteString("SEND_DT,USER_ID,HP_NO,EMAIL,USER_NM,BALANCE,TXN_CNT,GRADE\n")
	for i := range records {
		fmt.Fprintf(&b, "20180401,%x,010-%04d-%04d,user%d@example.com,Kim Invented,%d,%d,A\n",
			sha256.Sum256(fmt.Append(nil, i)), i%10000, i%9973, i, i*37, i%19)
	}
	return src, b.Bytes()
}

// BenchmarkRead is the whole path: hash, count, split, check, account lookup,
// Parquet. Half of the accounts are known.
func BenchmarkRead(b *testing.B) {
	src, text := typical(400_000)
	known := pipeline.NewRegistry()
	for i := range 200_000 {
		known.Add("bank", fmt.Appendf(nil, "%x", sha256.Sum256(fmt.Append(nil, i))))
	}
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
	dir := b.TempDir()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		st, err := r.Read(context.Background(), src, "a.csv", dir, ready(known))
		if err != nil || st.Accepted != 400_000 {
			b.Fatal(err, st)
		}
	}
}

// BenchmarkReadSmall is what a file costs beside its records: 1,000 of them.
func BenchmarkReadSmall(b *testing.B) {
	src, text := typical(1000)
	r := New(Options{Open: func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
	known := pipeline.NewRegistry()
	dir := b.TempDir()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		st, err := r.Read(context.Background(), src, "a.csv", dir, ready(known))
		if err != nil || st.Accepted != 1000 {
			b.Fatal(err, st)
		}
	}
}
