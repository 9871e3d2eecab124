package pipeline

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// A registry on disk is a header of indexHeader bytes, which is indexMagic, the
// key of the hash, and the number of entries (8 bytes), and the slots in the
// order of their fingerprints, each hi (8 bytes), lo and key1 (4 each), all
// little-endian.
const (
	indexMagic  = "exhibit accounts"
	secretBytes = 16
	indexHeader = len(indexMagic) + secretBytes + 8
)

// KeepRegistry gives an empty registry that can be saved. Entries that are too
// many for memory lie in a file in dir, a private folder.
func KeepRegistry(dir string) *Registry {
	secret := make([]byte, secretBytes)
	rand.Read(secret) // never fails: crypto/rand ends the program instead
	return &Registry{print: keptPrint(secret), secret: secret, dir: dir, bounds: defaultBounds, sorted: &slotIndex{}}
}

// LoadRegistry reads a registry that Save wrote. A file that is none is an
// error wrapping ErrVerify; whether it is the one that was written, its hash
// has to tell before.
func LoadRegistry(path, dir string) (*Registry, error) { return loadRegistry(path, dir, defaultBounds) }

func loadRegistry(path, dir string, bounds registryBounds) (_ *Registry, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Registry{dir: dir, bounds: bounds, sorted: &slotIndex{file: f}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	header := make([]byte, indexHeader)
	if _, err := io.ReadFull(f, header); err != nil || !bytes.HasPrefix(header, []byte(indexMagic)) {
		return nil, fmt.Errorf("%s: no registry: %w", path, ErrVerify)
	}
	r.secret = header[len(indexMagic):][:secretBytes]
	r.print = keptPrint(r.secret)
	n := binary.LittleEndian.Uint64(header[len(indexMagic)+secretBytes:])
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if size := uint64(info.Size()) - uint64(indexHeader); size%slotBytes != 0 || n != size/slotBytes || n > maxEntries {
		return nil, fmt.Errorf("%s: %d entries in %d bytes: %w", path, n, info.Size(), ErrVerify)
	}
	r.n, r.sorted.n = int32(n), int(n)
	if err := r.sorted.load(int(n) <= bounds.memory); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// load takes the slots of a file into memory, or finds where its buckets begin.
func (x *slotIndex) load(inMemory bool) error {
	if inMemory {
		return x.loadMemory()
	}
	d, last := newDirectory(x.n, bucketOnDisk), slot{}
	err := x.each(func(s *slot) error {
		if d.n > 0 && last.compare(s) >= 0 || !x.hasKey(s) {
			return errOutOfPlace
		}
		last = *s
		d.add(s.hi)
		return nil
	})
	x.shift, x.starts = d.shift, d.done()
	return err
}

var errOutOfPlace = fmt.Errorf("an entry is out of place: %w", ErrVerify)

// hasKey says whether the key of a slot can be one of the list's.
func (x *slotIndex) hasKey(s *slot) bool { return s.key1 > 0 && s.key1 <= uint32(x.n) }

// loadMemory takes the slots into memory, several chunks at a time, and closes
// the file.
func (x *slotIndex) loadMemory() error {
	x.chunks = make([][]slot, (x.n+chunkSlots-1)>>chunkBits)
	errs := make([]error, len(x.chunks))
	inParts(len(x.chunks), func(from, to int) {
		room := make([]byte, chunkSlots*slotBytes)
		for k := from; k < to; k++ {
			x.chunks[k] = make([]slot, chunkSlots)
			errs[k] = x.loadChunk(k, room)
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	d := newDirectory(x.n, bucketInMemory)
	for i := range x.n {
		if i > 0 && i%chunkSlots == 0 && x.at(i-1).compare(x.at(i)) >= 0 {
			return errOutOfPlace
		}
		d.add(x.at(i).hi)
	}
	x.shift, x.starts = d.shift, d.done()
	f := x.file
	x.file = nil
	return f.Close()
}

func (x *slotIndex) loadChunk(k int, room []byte) error {
	into := x.chunks[k][:min(x.n-k<<chunkBits, chunkSlots)]
	room = room[:len(into)*slotBytes]
	if _, err := x.file.ReadAt(room, int64(indexHeader)+int64(k)<<chunkBits*slotBytes); err != nil {
		return err
	}
	var last slot
	inPlace := true
	for i := range into {
		s := decodeSlot(room[i*slotBytes : (i+1)*slotBytes])
		inPlace = inPlace && (i == 0 || last.before(&s)) && x.hasKey(&s)
		into[i], last = s, s
	}
	if !inPlace {
		return errOutOfPlace
	}
	return nil
}

// Save writes the registry to a file that is not there yet; it can be used on.
func (r *Registry) Save(path string) (err error) {
	r.adding.Lock()
	defer r.adding.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.sort(); err != nil {
		return err
	}
	if r.sorted.ours {
		r.sorted.ours = false
		return os.Rename(r.sorted.file.Name(), path)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := newSlotWriter(f, r.secret, r.sorted.n, bucketOnDisk)
	return errors.Join(r.sorted.each(w.write), w.flush(), f.Close())
}

// slotWriter writes a registry's file, and finds where its buckets begin.
type slotWriter struct {
	to        *bufio.Writer
	directory *directory
	room      []byte
}

func newSlotWriter(to io.Writer, secret []byte, n, bucket int) *slotWriter {
	w := &slotWriter{to: bufio.NewWriterSize(to, 1<<20), directory: newDirectory(n, bucket)}
	w.room = append(append(w.room, indexMagic...), secret...)
	w.room = binary.LittleEndian.AppendUint64(w.room, uint64(n))
	w.to.Write(w.room) // flush tells whether it went wrong
	return w
}

// write writes a slot; an error of it stays until flush.
func (w *slotWriter) write(s *slot) error {
	w.directory.add(s.hi)
	w.room = binary.LittleEndian.AppendUint64(w.room[:0], s.hi)
	w.room = binary.LittleEndian.AppendUint32(w.room, s.lo)
	w.room = binary.LittleEndian.AppendUint32(w.room, s.key1)
	_, err := w.to.Write(w.room)
	return err
}

func (w *slotWriter) flush() error { return w.to.Flush() }
