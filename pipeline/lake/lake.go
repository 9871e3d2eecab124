// Package lake keeps the Parquet files of a case. A file is whole and on disk,
// or it is not there at all: it is written in a staging folder, synced, hashed,
// and renamed to its place. Nothing under lake/ is evidence; all of it can be
// made again from the delivered files.
package lake

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"exhibit/pipeline"
)

const stagingName = "staging"

// Lake is the lake of one case.
type Lake struct {
	root     string
	staging  int
	verified map[string]string // place → SHA-256 that was seen by this process
	noted    []noted           // committed and not yet flushed
	memo     memo
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
	l := &Lake{root: abs, verified: map[string]string{}}
	return l, errors.Join(l.loadMemo(), l.loadSeen())
}

// Root is the absolute path of the lake.
func (l *Lake) Root() string { return l.root }

// Staging makes a new private folder (0700) below the staging folder.
func (l *Lake) Staging() (string, error) {
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
	sum, size, err := pipeline.FileSHA256(staged)
	if err != nil {
		return pipeline.LakeFile{}, err
	}
	f := pipeline.LakeFile{Path: place, SHA256: sum, Bytes: size, Rows: rows}
	l.noted = append(l.noted, noted{staged, l.Path(f)})
	l.verified[place] = sum
	return f, nil
}

// noted is a file on its way from staging to its place.
type noted struct{ from, to string }

// atOnce is how many files are synced at a time: a disk's journal commits
// many for the price of one.
const atOnce = 32

// Flush puts every noted file on disk and in its place. A file that already
// stands there is replaced: what the ledger names is only ever written with
// the same bytes.
func (l *Lake) Flush() error {
	files := l.noted
	l.noted = nil
	folders := map[string]bool{}
	for _, f := range files {
		if err := l.makeFolder(filepath.Dir(f.to), folders); err != nil {
			return err
		}
	}
	if err := together(files, func(f noted) error { return pipeline.SyncPath(f.from) }); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Rename(f.from, f.to); err != nil {
			return err
		}
	}
	return together(slices.Collect(maps.Keys(folders)), pipeline.SyncPath)
}

// together does something with each of a list, atOnce at a time.
func together[T any](list []T, do func(T) error) error {
	errs := make([]error, len(list))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, x := range list {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = do(x)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
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
// error wrapping pipeline.ErrVerify.
func (l *Lake) Verify(f pipeline.LakeFile) error {
	if l.verified[f.Path] == f.SHA256 {
		return nil
	}
	sum, _, err := pipeline.FileSHA256(l.Path(f))
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
	l.verified[f.Path] = f.SHA256
	return nil
}
