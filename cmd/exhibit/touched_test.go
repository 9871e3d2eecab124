package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exhibit/fixtures"
	"exhibit/pipeline"
)

// countedReader counts the files that are read as records.
type countedReader struct {
	pipeline.Reader
	read atomic.Int64
}

func (r *countedReader) Read(ctx context.Context, src *pipeline.Source, path, dir string, known pipeline.Known) (*pipeline.Staged, error) {
	r.read.Add(1)
	return r.Reader.Read(ctx, src, path, dir, known)
}

// A case that was copied, or came out of a backup, has files with other times:
// their bytes are hashed, and none of them is read as records again, whether it
// was loaded, refused, held or a duplicate. A file with other bytes is read,
// though its size is the same.
func TestTouchedFilesAreNotReadAgain(t *testing.T) {
	spec := fixtures.Spec{Seed: 5, Persons: 20, Days: 12, Senders: 1, Traps: fixtures.DefaultTraps()}
	dir, _ := generated(t, spec)
	if read, lines := ingested(t, dir); read == 0 || lines == 0 {
		t.Fatalf("%d files read, %d lines", read, lines)
	}
	var transfers string
	err := filepath.WalkDir(filepath.Join(dir, "inbox"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if strings.Contains(path, "/transfers/") && transfers == "" {
			transfers = path
		}
		return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	if read, lines := ingested(t, dir); read != 0 || lines != 0 {
		t.Errorf("only touched: %d files read, %d lines", read, lines)
	}
	data, err := os.ReadFile(transfers)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1 // the checksum of the gzip file, or its length
	if err := os.WriteFile(transfers, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if read, lines := ingested(t, dir); read != 1 || lines != 1 {
		t.Errorf("other bytes: %d files read, %d lines", read, lines)
	}
}

// ingested takes in what there is, and says how many files were read as records,
// and how many lines the ledger got.
func ingested(t *testing.T, dir string) (read int64, lines int) {
	t.Helper()
	a := &app{caseDir: dir, settings: Settings{Memory: "256MiB", Threads: 2}, err: &bytes.Buffer{}}
	o, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	counted := &countedReader{Reader: o.Reader}
	o.Reader = counted
	if lines, err = o.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	return counted.read.Load(), lines
}
