// Package lake keeps the Parquet files of a case. A file is whole and on disk,
// or it is not there at all: it is written in a staging folder, synced, hashed,
// and renamed to its place. Nothing under lake/ is evidence; all of it can be
// made again from the delivered files.
package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"exhibit/pipeline"
)

const stagingName = "staging"

// Lake is the lake of one case. Staging, Commit, Verify and what is asked of
// rollups may be called several times at once.
type Lake struct {
	root     string
	mu       sync.Mutex // held for what follows, but not while a file is read
	staging  int
	verified map[string]string // place → SHA-256 that was seen by this process
	noted    []noted           // committed and not yet in their place
	placed   []string          // in their place and not yet on disk
	folders  map[string]bool   // that got an entry and are not yet on disk
	memo     memo
	unsaved  bool      // the memo is not yet on disk
	flushed  time.Time // when the last Flush ended, or the lake was opened
	seen     seen
}

var _ pipeline.Store = (*Lake)(nil)

// Open opens the lake in root for writing, removing what an interrupted
// process left in staging. The caller holds the lock of the case.
func Open(root string) (*Lake, error) {
	l, err := Read(root)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(root, stagingName)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, stagingName), 0o700); err != nil {
		return nil, err
	}
	return l, nil
}

// Read opens the lake in root for reading; it need not exist.
func Read(root string) (*Lake, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	l := &Lake{root: abs, verified: map[string]string{}, folders: map[string]bool{}, flushed: time.Now()}
	return l, errors.Join(l.loadMemo(), l.loadSeen())
}

// Root is the absolute path of the lake.
func (l *Lake) Root() string { return l.root }

// Staging makes a new private folder (0700) below the staging folder.
func (l *Lake) Staging() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.staging++
	dir := filepath.Join(l.root, stagingName, fmt.Sprint(l.staging))
	return dir, os.MkdirAll(dir, 0o700)
}

// Close removes the staging folder.
func (l *Lake) Close() error { return os.RemoveAll(filepath.Join(l.root, stagingName)) }

// Path is where a file of the lake lies.
func (l *Lake) Path(f pipeline.LakeFile) string {
	return filepath.Join(l.root, filepath.FromSlash(f.Path))
}

// Commit takes the SHA-256 of a staged file and notes that it belongs in
// place, below the lake. Flush moves it there; until then it stays in staging.
func (l *Lake) Commit(staged, place string, rows int64) (pipeline.LakeFile, error) {
	sum, size, err := pipeline.FileSHA256(context.Background(), staged)
	if err != nil {
		return pipeline.LakeFile{}, err
	}
	f := pipeline.LakeFile{Path: place, SHA256: sum, Bytes: size, Rows: rows}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noted = append(l.noted, noted{staged, l.Path(f)})
	l.verified[place] = sum
	return f, nil
}

// noted is a file on its way from staging to its place.
type noted struct{ from, to string }

// Flush puts every noted file on disk and in its place, and then the memo on
// disk where it changed. A file that already stands there is replaced: what the
// ledger names is only ever written with the same bytes.
func (l *Lake) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

func (l *Lake) flush() error {
	if err := pipeline.Together(l.noted, func(f noted) error { return pipeline.SyncPath(f.from) }); err != nil {
		return err
	}
	if err := l.place(); err != nil {
		return err
	}
	if err := pipeline.Together(l.placed, pipeline.SyncPath); err != nil {
		return err
	}
	if err := pipeline.Together(slices.Collect(maps.Keys(l.folders)), pipeline.SyncPath); err != nil {
		return err
	}
	l.placed = nil
	clear(l.folders)
	l.flushed = time.Now()
	return l.saveMemo()
}

// place moves every noted file to its place, where it can be read from. Only
// Flush puts it on disk.
func (l *Lake) place() error {
	for _, f := range l.noted {
		if err := l.makeFolder(filepath.Dir(f.to), l.folders); err != nil {
			return err
		}
		if err := os.Rename(f.from, f.to); err != nil {
			return err
		}
	}
	l.noted = nil
	return nil
}

// makeFolder makes a folder of the lake, and adds it and each folder that got
// a new entry to those that have to be synced.
func (l *Lake) makeFolder(dir string, touched map[string]bool) error {
	touched[dir] = true
	if _, err := os.Stat(dir); err == nil || len(dir) <= len(l.root) {
		return nil
	}
	if err := l.makeFolder(filepath.Dir(dir), touched); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// Present says, by size alone, whether a file is in its place.
func (l *Lake) Present(f pipeline.LakeFile) bool {
	info, err := os.Stat(l.Path(f))
	return err == nil && info.Mode().IsRegular() && info.Size() == f.Bytes
}

// Verify reads a file and compares its SHA-256 with the recorded one. A file
// that this process wrote or verified is not read again. What differs is an
// error wrapping pipeline.ErrVerify. It reads no further when ctx ends.
func (l *Lake) Verify(ctx context.Context, f pipeline.LakeFile) error {
	l.mu.Lock()
	known := l.verified[f.Path] == f.SHA256
	l.mu.Unlock()
	if known {
		return nil
	}
	sum, _, err := pipeline.FileSHA256(ctx, l.Path(f))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("lake/%s: is gone: %w", f.Path, pipeline.ErrVerify)
	}
	if err != nil {
		return fmt.Errorf("lake/%s: %w", f.Path, err)
	}
	if sum != f.SHA256 {
		return pipeline.WithHint(fmt.Errorf("lake/%s: SHA-256 is %s, and was %s: %w", f.Path, sum, f.SHA256, pipeline.ErrVerify),
			"the file changed after it was written; delete the folder lake and run again to rebuild it from the delivered files")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.verified[f.Path] = f.SHA256
	return nil
}
