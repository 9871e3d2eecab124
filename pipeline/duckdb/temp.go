package duckdb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// tempDir is a private folder for spill files, which hold delivered values in
// clear text. A killed process leaves its folder behind; the next engine in the
// same place takes it away, as nobody holds its lock any more.
type tempDir struct {
	path string
	lock *flock.Flock
}

const tempPrefix = "exhibit-engine-"

func newTempDir(in string) (*tempDir, error) {
	if in == "" {
		in = os.TempDir()
	}
	in, err := filepath.Abs(in)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(in, 0o700); err != nil {
		return nil, err
	}
	// The gate keeps a sweep from taking a folder whose lock is yet to come.
	gate := flock.New(filepath.Join(in, tempPrefix+"gate"))
	if err := gate.Lock(); err != nil {
		return nil, err
	}
	t, err := makeTempDir(in)
	return t, errors.Join(err, gate.Unlock())
}

func makeTempDir(in string) (*tempDir, error) {
	if err := sweep(in); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(in, tempPrefix)
	if err != nil {
		return nil, err
	}
	t := &tempDir{path: path, lock: flock.New(path + ".lock")}
	if err := t.lock.Lock(); err != nil {
		return nil, errors.Join(err, t.remove())
	}
	return t, nil
}

// sweep removes the folders of engines that are no more.
func sweep(in string) error {
	locks, err := filepath.Glob(filepath.Join(in, tempPrefix+"*.lock"))
	if err != nil {
		return err
	}
	for _, path := range locks {
		lock := flock.New(path)
		free, err := lock.TryLock()
		if err != nil || !free {
			continue // in use, or another user's
		}
		dead := &tempDir{path: strings.TrimSuffix(path, ".lock"), lock: lock}
		if err := dead.remove(); err != nil {
			return err
		}
	}
	return nil
}

func (t *tempDir) remove() error {
	return errors.Join(os.RemoveAll(t.path), os.Remove(t.lock.Path()), t.lock.Close())
}
