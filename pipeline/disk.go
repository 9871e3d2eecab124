package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// atOnce is how many files are put on disk at a time: a disk's journal commits
// many for the price of one.
const atOnce = 32

// Together does something with each of a list, several at a time, and gives
// the errors in the order of the list.
func Together[T any](list []T, do func(T) error) error {
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

// SyncPath puts a file, or the entries of a folder, on disk.
func SyncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// FileSHA256 gives the SHA-256 of a file in hexadecimal digits, and its size in
// bytes. It reads no further when ctx ends.
func FileSHA256(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.CopyBuffer(h, untilDone{ctx, f}, make([]byte, 1<<18))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// untilDone reads until a context ends.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// WriteSynced writes a new file and puts it on disk.
func WriteSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// ReplaceFile writes a file aside, puts it on disk, and renames it to its
// place: whoever reads there finds the old bytes or the new, whole.
func ReplaceFile(path string, data []byte) error {
	if err := WriteSynced(path+".new", data); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return SyncPath(filepath.Dir(path))
}
