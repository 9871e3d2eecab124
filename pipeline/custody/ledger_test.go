package custody

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exhibit/pipeline"
)

func entry(n int) pipeline.Entry {
	return pipeline.Entry{Decision: &pipeline.Decision{FileID: fmt.Sprint(n), Source: "s", Action: pipeline.Accept, Reason: "r"}}
}

// ledgerOf makes a case with n entries and closes it.
func ledgerOf(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "custody")
	l, err := Open(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// reopen opens a ledger, closes it again, and gives how many entries it has.
func reopen(dir string) (int, int, error) {
	l, err := Open(dir, "c")
	if err != nil {
		return 0, 0, err
	}
	return len(l.Entries()), l.Torn, l.Close()
}

func TestAppendedEntriesAreReadBack(t *testing.T) {
	dir := ledgerOf(t, 3)
	r, err := Read(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range r.Entries() {
		if e.Seq != int64(i) || e.Decision.FileID != fmt.Sprint(i) {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	if n, torn, err := reopen(dir); n != 3 || torn != 0 || err != nil {
		t.Errorf("%d entries, %d torn bytes, %v", n, torn, err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "custody")
	l, err := Open(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "c"); !errors.Is(err, pipeline.ErrInUse) {
		t.Errorf("a second opening gives %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := reopen(dir); err != nil {
		t.Errorf("after closing: %v", err)
	}
}

// Every byte of a ledger and of its checkpoint is flipped in turn.
func TestEveryFlippedByteIsFound(t *testing.T) {
	for _, name := range []string{ledgerName, checkpointName} {
		dir := ledgerOf(t, 3)
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range whole {
			bad := bytes.Clone(whole)
			bad[i] ^= 1
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			// The last line end is an exception by design: without it the line
			// is the torn tail, but the checkpoint knows that it was whole.
			if _, _, err := reopen(dir); !errors.Is(err, pipeline.ErrVerify) {
				t.Fatalf("%s: byte %d (%q) flipped: %v", name, i, whole[i], err)
			}
			if _, err := Read(dir, "c"); !errors.Is(err, pipeline.ErrVerify) {
				t.Fatalf("%s: byte %d (%q) flipped, and only read: %v", name, i, whole[i], err)
			}
		}
	}
}

func TestRemovedSwappedAndRepeatedLinesAreFound(t *testing.T) {
	change := map[string]func(lines []string) []string{
		"last line removed": func(l []string) []string { return l[:2] },
		"first removed":     func(l []string) []string { return l[1:] },
		"swapped":           func(l []string) []string { return []string{l[1], l[0], l[2]} },
		"repeated":          func(l []string) []string { return append(l, l[2]) },
		"emptied":           func(l []string) []string { return nil },
		"blank line":        func(l []string) []string { return append(l, "\n") },
	}
	for name, do := range change {
		dir := ledgerOf(t, 3)
		path := filepath.Join(dir, ledgerName)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
		lines[2] += "\n"
		if err := os.WriteFile(path, []byte(strings.Join(do(lines), "")), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := reopen(dir); !errors.Is(err, pipeline.ErrVerify) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A write that was interrupted at any byte is cut off; all that was
// acknowledged stays.
func TestTornTailIsCutOff(t *testing.T) {
	dir := ledgerOf(t, 2)
	path := filepath.Join(dir, ledgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	next := []byte(`{"v":1,"seq":2,"time":"2024-01-01T00:00:00Z","decision":{"file_id":"2"`)
	for n := 1; n <= len(next); n++ {
		if err := os.WriteFile(path, append(bytes.Clone(whole), next[:n]...), 0o644); err != nil {
			t.Fatal(err)
		}
		if r, err := Read(dir, "c"); err != nil || len(r.Entries()) != 2 {
			t.Fatalf("reading with %d torn bytes: %v", n, err)
		}
		if got, torn, err := reopen(dir); got != 2 || torn != n || err != nil {
			t.Fatalf("%d torn bytes: %d entries, %d cut off, %v", n, got, torn, err)
		}
	}
}

// Who reads alone shares the lock with others who do, not with a writer, and
// makes nothing.
func TestReadAlone(t *testing.T) {
	dir := ledgerOf(t, 2)
	one, err := ReadAlone(dir, "c")
	if err != nil || len(one.Entries()) != 2 {
		t.Fatalf("reading alone: %v", err)
	}
	other, err := ReadAlone(dir, "c")
	if err != nil {
		t.Fatalf("a second reader: %v", err)
	}
	if _, err := Open(dir, "c"); !errors.Is(err, pipeline.ErrInUse) {
		t.Errorf("a writer beside readers: %v", err)
	}
	if err := errors.Join(one.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := Open(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAlone(dir, "c"); !errors.Is(err, pipeline.ErrInUse) {
		t.Errorf("a reader beside a writer: %v", err)
	}
	if _, err := Read(dir, "c"); err != nil {
		t.Errorf("who reads all the same: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(t.TempDir(), "custody")
	if l, err := ReadAlone(absent, "c"); err != nil || len(l.Entries()) != 0 {
		t.Errorf("no ledger: %v", err)
	}
	if _, err := os.Stat(absent); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading made a folder: %v", err)
	}
}

// Who reads meets the ledger at any moment of another's writing: it is never
// behind the checkpoint that was read before it.
func TestReadBesideAWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "custody")
	l, err := Open(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; n < 60 && err == nil; n++ {
			err = l.Append(entry(n), entry(n))
		}
		done <- errors.Join(err, l.Close())
	}()
	for {
		if _, err := Read(dir, "c"); err != nil {
			t.Errorf("beside a writer: %v", err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

// The process may end after the ledger's line and before the checkpoint.
func TestCheckpointMayLagBehind(t *testing.T) {
	dir := ledgerOf(t, 2)
	old, err := os.ReadFile(filepath.Join(dir, checkpointName))
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(dir, "c")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append(entry(2)), l.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, checkpointName), old, 0o644); err != nil {
		t.Fatal(err)
	}
	if n, _, err := reopen(dir); n != 3 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestAnotherCaseIsRefused(t *testing.T) {
	dir := ledgerOf(t, 1)
	if _, err := Open(dir, "other"); !errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("opened under another name: %v", err)
	}
}
