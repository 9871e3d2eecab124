// Package casefile reads case.yaml into a validated [pipeline.Case], and
// resolves the globs of its sources in the inbox.
//
// It promises that every mistake is reported at once, each with its line and,
// where the reader can act, a hint; that a case it returns satisfies every rule
// of this package, with all defaults filled in; and that nothing in the file is
// read leniently: unknown and duplicate keys, aliases, tags, several documents
// and values of the wrong shape are refused.
package casefile

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // starter.yaml
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"exhibit/pipeline"
)

// MaxBytes is the largest case.yaml that is read.
const MaxBytes = 1 << 20

// Load reads and validates the case.yaml at path. Mistakes in it come back as
// [Errors]; any other error says that the file cannot be read, and wraps the
// cause ([fs.ErrNotExist] …).
func Load(path string) (*pipeline.Case, error) {
	data, err := readBounded(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Parse(data, path)
}

// readBounded reads one byte more than MaxBytes at most, so that Parse can tell.
func readBounded(path string) (data []byte, err error) {
	// A FIFO would block on open, so its type is asked first.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, MaxBytes+1))
}

// Parse validates the bytes of a case.yaml; path is only used to name it in
// errors and in Case.Path. The error, if any, is [Errors], in the order of the
// file's lines, and the case is nil then.
func Parse(data []byte, path string) (*pipeline.Case, error) {
	r := &reader{path: path}
	root := r.document(data)
	if root == nil {
		return nil, r.err()
	}
	c := r.readCase(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c.Path, c.SHA256 = path, hex.EncodeToString(sum[:])
	return c, nil
}

//go:embed starter.yaml
var starter []byte

// Starter is the case.yaml that a new case begins with: commented, and valid as
// it stands. The caller owns the bytes.
func Starter() []byte { return bytes.Clone(starter) }
