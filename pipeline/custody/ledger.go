// Package custody keeps the ledger of a case: one line for what became of
// every file, every decision and every run, in the order in which it happened.
//
// It promises that a line that was acknowledged is never lost or changed
// unseen. Each line is one JSON object; the checkpoint beside the ledger holds
// its size and the root of the Merkle tree over its lines (RFC 6962), so that a
// line that was edited, removed or moved is found when the ledger is opened. It
// refuses to repair anything but the torn tail of an interrupted write, which
// nobody was told of.
package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"exhibit/pipeline"

	"github.com/gofrs/flock"
)

const (
	ledgerName     = "ledger.jsonl"
	checkpointName = "checkpoint"
	lockName       = "lock"
	version        = 1
)

// Ledger is the ledger of a case.
type Ledger struct {
	dir     string
	origin  string
	entries []pipeline.Entry
	hashes  hashes
	file    *os.File // nil when opened for reading
	lock    *flock.Flock
	now     func() time.Time
	Torn    int // bytes of an interrupted write that were cut off when it was opened
}

// Open takes the lock of the case and opens its ledger for appending, making
// both where there are none. The lock is held until Close. A second process
// gets an error wrapping pipeline.ErrInUse; a ledger that does not agree with
// its checkpoint one wrapping pipeline.ErrVerify.
func Open(dir, caseName string) (*Ledger, error) {
	l, err := Lock(dir, caseName)
	if err != nil {
		return nil, err
	}
	if err := l.Load(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Lock does the first part of Open: it takes the lock. Load does the rest.
func Lock(dir, caseName string) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, lockName))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lock.Path(), err)
	}
	if !ok {
		return nil, inUse(dir)
	}
	return &Ledger{dir: dir, origin: "exhibit/" + caseName, lock: lock, now: time.Now}, nil
}

// Read opens the ledger of a case for reading, without the lock. A torn tail
// is left where it is and not read. One that does not agree with its checkpoint
// gets an error wrapping pipeline.ErrVerify.
func Read(dir, caseName string) (*Ledger, error) {
	l := &Ledger{dir: dir, origin: "exhibit/" + caseName}
	// The checkpoint is read first: a writer adds to the ledger before it writes
	// the checkpoint, so that the ledger may be ahead of it, never behind.
	checkpoint, err := l.readCheckpoint()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, ledgerName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if _, err := l.parse(data); err != nil {
		return nil, err
	}
	if checkpoint == nil { // or the case is being worked on for the first time
		if late, err := l.readCheckpoint(); err != nil {
			return nil, err
		} else if late != nil {
			return l, nil
		}
	}
	if err := l.checkAgainst(checkpoint); err != nil {
		return nil, err
	}
	return l, nil
}

// ReadAlone is Read while nobody writes: it shares the lock with other readers
// until Close, and makes nothing, so that a case may lie where nothing can be
// written. A case that is worked on gets an error wrapping pipeline.ErrInUse.
func ReadAlone(dir, caseName string) (*Ledger, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetFlag(os.O_RDONLY))
	ok, err := lock.TryRLock()
	switch {
	case errors.Is(err, os.ErrNotExist): // nobody ever wrote
		return Read(dir, caseName)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", lock.Path(), err)
	case !ok:
		return nil, inUse(dir)
	}
	l, err := Read(dir, caseName)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	l.lock = lock
	return l, nil
}

func inUse(dir string) error {
	return pipeline.WithHint(fmt.Errorf("%s: %w", filepath.Dir(dir), pipeline.ErrInUse), "another exhibit works on this case; wait for it to end")
}

// Load opens a ledger whose lock is held for appending.
func (l *Ledger) Load() (err error) {
	path := filepath.Join(l.dir, ledgerName)
	_, statErr := os.Stat(path)
	if l.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if errors.Is(statErr, os.ErrNotExist) {
		if err := pipeline.SyncPath(l.dir); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole, err := l.parse(data)
	if err != nil {
		return err
	}
	if l.Torn = len(data) - whole; l.Torn > 0 {
		if err := l.file.Truncate(int64(whole)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, err := l.file.Seek(int64(whole), io.SeekStart); err != nil {
		return err
	}
	checkpoint, err := l.readCheckpoint()
	if err != nil {
		return err
	}
	if err := l.checkAgainst(checkpoint); err != nil {
		return err
	}
	return l.writeCheckpoint()
}

// parse reads the whole lines of a ledger and returns how many bytes they are.
func (l *Ledger) parse(data []byte) (int, error) {
	var lines [][]byte
	at := 0
	for {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			break
		}
		lines = append(lines, data[at:at+end])
		at += end + 1
	}
	entries, wrong := decodeLines(lines)
	for n, line := range lines {
		if wrong[n] {
			return 0, fmt.Errorf("%s:%d: no entry of a ledger: %w", filepath.Join(l.dir, ledgerName), n+1, pipeline.ErrVerify)
		}
		e := &entries[n]
		if e.Seq != int64(len(l.entries)+n) || e.V != version {
			return 0, fmt.Errorf("%s:%d: entry %d (version %d) stands where %d is due: %w",
				filepath.Join(l.dir, ledgerName), n+1, e.Seq, e.V, len(l.entries)+n, pipeline.ErrVerify)
		}
		if err := l.hashes.add(line); err != nil {
			return 0, err
		}
	}
	l.entries = append(l.entries, entries...)
	return at, nil
}

// decodeLines decodes each line for itself, several parts of the ledger at a
// time, and says which lines are no entry.
func decodeLines(lines [][]byte) (entries []pipeline.Entry, wrong []bool) {
	entries, wrong = make([]pipeline.Entry, len(lines)), make([]bool, len(lines))
	parts := max(1, min(runtime.GOMAXPROCS(0), len(lines)))
	var wg sync.WaitGroup
	for part := range parts {
		wg.Go(func() {
			for n := len(lines) * part / parts; n < len(lines)*(part+1)/parts; n++ {
				d := json.NewDecoder(bytes.NewReader(lines[n]))
				d.DisallowUnknownFields()
				wrong[n] = d.Decode(&entries[n]) != nil || d.More()
			}
		})
	}
	wg.Wait()
	return entries, wrong
}

// Entries are all entries so far, in order. The caller does not change them.
func (l *Ledger) Entries() []pipeline.Entry { return l.entries }

// Append writes entries in one write, in order, and returns when they and the
// new checkpoint are on disk. Seq, V and Time are filled in.
func (l *Ledger) Append(entries ...pipeline.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if l.file == nil {
		return fmt.Errorf("%s: opened for reading", filepath.Join(l.dir, ledgerName))
	}
	var b bytes.Buffer
	lines := make([][]byte, len(entries))
	for i := range entries {
		entries[i].V, entries[i].Seq, entries[i].Time = version, int64(len(l.entries)+i), l.now().UTC()
		line, err := json.Marshal(entries[i])
		if err != nil {
			return fmt.Errorf("entry %d: %w", entries[i].Seq, err)
		}
		lines[i] = line
		b.Write(line)
		b.WriteByte('\n')
	}
	if _, err := l.file.Write(b.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", l.file.Name(), err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("%s: %w", l.file.Name(), err)
	}
	for _, line := range lines {
		if err := l.hashes.add(line); err != nil {
			return err
		}
	}
	l.entries = append(l.entries, entries...)
	return l.writeCheckpoint()
}

// Close gives the lock back.
func (l *Ledger) Close() error {
	var errs []error
	if l.file != nil {
		errs = append(errs, l.file.Close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Unlock())
	}
	return errors.Join(errs...)
}
