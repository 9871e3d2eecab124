package lake

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"exhibit/pipeline"
)

// footerFiles are files with short and long footers: none, one and hundreds of
// row groups.
func footerFiles(t *testing.T, l *Lake) map[string]pipeline.LakeFile {
	t.Helper()
	var many [][]listed
	for i := range 300 {
		many = append(many, run(i*3, 1+i%3))
	}
	files := map[string]pipeline.LakeFile{"no group": listFile(t, l, "none.parquet"),
		"one group": listFile(t, l, "one.parquet", run(0, 1000)), "300 groups": listFile(t, l, "many.parquet", many...)}
	if info, err := os.Stat(l.Path(files["300 groups"])); err != nil || info.Size() < 10*tailBytes {
		t.Fatalf("the footer of 300 groups is short: %v, %v", info, err)
	}
	return files
}

func TestFooterRows(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	for name, f := range footerFiles(t, l) {
		r, err := file.OpenParquetFile(l.Path(f), false)
		if err != nil {
			t.Fatal(err)
		}
		want := r.NumRows()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if n, err := l.FooterRows(f); n != want || n != f.Rows || err != nil {
			t.Errorf("%s: %d rows, %v; arrow-go reads %d of %d", name, n, err, want, f.Rows)
		}
	}
}

// A footer with any byte changed gives a number or an error, and never more:
// no panic, and no memory for what the file does not hold.
func TestDamagedFooters(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	f := footerFiles(t, l)["one group"]
	whole, err := os.ReadFile(l.Path(f))
	if err != nil {
		t.Fatal(err)
	}
	other := 0
	for i := max(0, len(whole)-600); i < len(whole); i++ {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			bad := bytes.Clone(whole)
			bad[i] ^= x
			if n, err := rowsOfBytes(t, bad); err != nil || n != f.Rows {
				other++
			}
		}
	}
	if other == 0 {
		t.Error("no damage was seen")
	}
	for _, n := range []int{0, 1, 7, 8, 11, 12} { // magic and length alone, and less
		if got, err := rowsOfBytes(t, whole[len(whole)-n:]); err == nil {
			t.Errorf("the last %d bytes have %d rows", n, got)
		}
	}
}

func rowsOfBytes(t *testing.T, data []byte) (int64, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return footerRows(path, int64(len(data)))
}
