package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"exhibit/pipeline"
)

func openLake(t *testing.T, root string) *Lake {
	t.Helper()
	l, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func stage(t *testing.T, l *Lake, content string) string {
	t.Helper()
	dir, err := l.Staging()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func commit(t *testing.T, l *Lake, content, place string) pipeline.LakeFile {
	t.Helper()
	f, err := l.Commit(stage(t, l, content), place, 1)
	if err != nil {
		t.Fatal(err)
	}
	if l.Present(f) {
		t.Errorf("%s is in its place before it is on disk", place)
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCommittedFileIsInItsPlace(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	f := commit(t, l, "abc", "a/b=1/c.parquet")
	// The SHA-256 of "abc" (FIPS 180-4, example 1).
	if f.SHA256 != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || f.Bytes != 3 {
		t.Errorf("committed as %+v", f)
	}
	if data, err := os.ReadFile(filepath.Join(l.Root(), "a", "b=1", "c.parquet")); string(data) != "abc" || err != nil {
		t.Errorf("in its place: %q, %v", data, err)
	}
	if !l.Present(f) {
		t.Error("not present")
	}
}

// A file that rots is found by the next process, although its size is right.
func TestRotIsFound(t *testing.T) {
	root := filepath.Join(t.TempDir(), "lake")
	f := commit(t, openLake(t, root), "abc", "a.parquet")
	l := openLake(t, root)
	if err := l.Verify(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a.parquet"), []byte("abd"), 0o644); err != nil {
		t.Fatal(err)
	}
	l = openLake(t, root)
	if !l.Present(f) {
		t.Error("a file of the right size is not present")
	}
	if err := l.Verify(t.Context(), f); !errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("a changed file verifies: %v", err)
	}
}

func TestStagingIsEmptiedAtStartAndEnd(t *testing.T) {
	root := filepath.Join(t.TempDir(), "lake")
	l := openLake(t, root)
	left := stage(t, l, "half")
	info, err := os.Stat(filepath.Dir(left))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("staging is %v, %v", info.Mode(), err)
	}
	l = openLake(t, root)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left after opening: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, stagingName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("staging left after closing: %v", err)
	}
}

func TestMemoOutlivesTheProcessAndForgets(t *testing.T) {
	root := filepath.Join(t.TempDir(), "lake")
	l := openLake(t, root)
	a, b := commit(t, l, "a", "r/a.parquet"), commit(t, l, "b", "r/b.parquet")
	err := l.Remember(map[string]pipeline.Rollup{"ka": {Files: []pipeline.LakeFile{a}, Family: "f", Parts: map[string]string{"d": "h"}},
		"kb": {Files: []pipeline.LakeFile{a, b}, Family: "f"}, "none": {}})
	if err != nil {
		t.Fatal(err)
	}
	if files, ok := l.Rollup("kb"); !ok || len(files) != 2 {
		t.Errorf("kb before it is on disk: %v %v", files, ok)
	}
	if r := openLake(t, root); len(r.Family("f")) != 0 {
		t.Error("the memo is on disk before the files that it names")
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	l = openLake(t, root)
	if f := l.Family("f"); len(f) != 2 || f[0].Parts["d"] != "h" || len(f[1].Files) != 2 {
		t.Errorf("the family is %+v", f)
	}
	if files, ok := l.Rollup("kb"); !ok || len(files) != 2 {
		t.Errorf("kb: %v %v", files, ok)
	}
	if files, ok := l.Rollup("none"); !ok || len(files) != 0 {
		t.Errorf("a rollup without files: %v %v", files, ok)
	}
	if err := l.Forget(map[string]bool{"ka": true}); err != nil {
		t.Fatal(err)
	}
	if !l.Present(a) || l.Present(b) {
		t.Error("kept and dropped files are not as they should be")
	}
	if _, ok := l.Rollup("kb"); ok {
		t.Error("kb is still known")
	}
	if err := os.Remove(l.Path(a)); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Rollup("ka"); ok || len(l.Family("f")) != 0 {
		t.Error("a rollup whose file is gone is found")
	}
}

func TestSeenUntilTouched(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.Watch(path)("sum")
	if err := l.SaveSeen(); err != nil {
		t.Fatal(err)
	}
	l = openLake(t, l.Root())
	if sum, ok := l.Seen(path); sum != "sum" || !ok {
		t.Errorf("%q %v", sum, ok)
	}
	t.Chdir(filepath.Dir(path))
	if sum, ok := l.Seen("in.csv"); sum != "sum" || !ok {
		t.Errorf("from its own folder: %q %v", sum, ok)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// Other bytes of the same length, with the old modification time put back.
	if err := errors.Join(os.WriteFile(path, []byte("two"), 0o644), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Seen(path); ok {
		t.Error("a changed file counts as seen")
	}
}

// A file that changes while it is read is read again.
func TestChangedWhileRead(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	saw := l.Watch(path)
	if err := os.WriteFile(path, []byte("one and more"), 0o644); err != nil {
		t.Fatal(err)
	}
	saw("sum of one")
	if sum, ok := l.Seen(path); ok {
		t.Errorf("seen as %q", sum)
	}
}

// What was remembered and has to be on disk before the memo names it: where one
// of its files cannot be put there, the memo is not written.
func TestFlushPutsWhatWasRememberedOnDisk(t *testing.T) {
	root := filepath.Join(t.TempDir(), "lake")
	l := openLake(t, root)
	a, err := l.Commit(stage(t, l, "a"), "r/a.parquet", 1)
	if err != nil {
		t.Fatal(err)
	}
	err = l.Remember(map[string]pipeline.Rollup{"ka": {Files: []pipeline.LakeFile{a}, Family: "f"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(l.Path(a)); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(); err == nil {
		t.Error("a file that is gone was put on disk")
	}
	if _, err := os.Stat(filepath.Join(root, memoName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the memo is on disk: %v", err)
	}
}

// Whoever interrupts the work does not wait until a large file is hashed, and is
// not told that it changed.
func TestVerifyEndsWithItsContext(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "lake"))
	f := commit(t, l, "abc", "a.parquet")
	again := openLake(t, l.Root()) // has verified nothing yet
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := again.Verify(ctx, f); !errors.Is(err, context.Canceled) || errors.Is(err, pipeline.ErrVerify) {
		t.Errorf("interrupted: %v", err)
	}
	if err := again.Verify(t.Context(), f); err != nil {
		t.Error(err)
	}
}
