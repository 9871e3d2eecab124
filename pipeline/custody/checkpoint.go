package custody

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"exhibit/pipeline"

	"golang.org/x/mod/sumdb/tlog"
)

// hashes are the stored hashes of a Merkle tree over the lines of a ledger
// (RFC 6962, section 2.1), kept in memory and made anew each time: a million
// lines take about a second.
type hashes struct {
	stored []tlog.Hash
	size   int64
}

func (h *hashes) add(line []byte) error {
	more, err := tlog.StoredHashes(h.size, line, h)
	if err != nil {
		return fmt.Errorf("ledger entry %d: %w", h.size, err)
	}
	h.stored = append(h.stored, more...)
	h.size++
	return nil
}

// ReadHashes implements tlog.HashReader.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(h.stored)) {
			return nil, fmt.Errorf("hash %d of %d", x, len(h.stored))
		}
		out[i] = h.stored[x]
	}
	return out, nil
}

// checkpoint gives the text of a checkpoint: origin, size and root, a line
// each (the body of a C2SP tlog-checkpoint).
func (l *Ledger) checkpoint(size int64) (string, error) {
	root, err := tlog.TreeHash(size, &l.hashes)
	if err != nil {
		return "", fmt.Errorf("root of %d entries: %w", size, err)
	}
	return fmt.Sprintf("%s\n%d\n%s\n", l.origin, size, root), nil
}

// readCheckpoint gives the text of the checkpoint, nil where there is none.
func (l *Ledger) readCheckpoint() ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(l.dir, checkpointName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// checkAgainst compares the ledger with the checkpoint that was written when it
// was last appended to. The ledger may be longer (the process ended between the
// two writes, or has written more since the checkpoint was read), never shorter
// and never different.
func (l *Ledger) checkAgainst(data []byte) error {
	path := filepath.Join(l.dir, checkpointName)
	if data == nil {
		if l.hashes.size > 1 {
			return fmt.Errorf("%s: missing beside a ledger of %d entries: %w", path, l.hashes.size, pipeline.ErrVerify)
		}
		return nil
	}
	lines := strings.Split(string(data), "\n")
	if len(lines) != 4 || lines[3] != "" {
		return fmt.Errorf("%s: no checkpoint: %w", path, pipeline.ErrVerify)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return fmt.Errorf("%s: no checkpoint: %w", path, pipeline.ErrVerify)
	}
	if lines[0] != l.origin {
		return pipeline.WithHint(fmt.Errorf("%s: belongs to %q, not to %q: %w", path, lines[0], l.origin, pipeline.ErrVerify),
			"the name in case.yaml must stay what it was when the first file was received")
	}
	if size > l.hashes.size {
		return fmt.Errorf("%s: the ledger has %d entries, and had %d: lines were removed: %w", path, l.hashes.size, size, pipeline.ErrVerify)
	}
	want, err := l.checkpoint(size)
	if err != nil {
		return err
	}
	if want != string(data) {
		return fmt.Errorf("%s: the first %d entries of the ledger are not those that were written: %w", path, size, pipeline.ErrVerify)
	}
	return nil
}

func (l *Ledger) writeCheckpoint() error {
	text, err := l.checkpoint(l.hashes.size)
	if err != nil {
		return err
	}
	return pipeline.ReplaceFile(filepath.Join(l.dir, checkpointName), []byte(text))
}
