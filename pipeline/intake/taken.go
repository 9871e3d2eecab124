package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"slices"
)

// print is 96 bits of a keyed hash of a value, with seeds of this delivery: two
// of 40 million values share one with a chance of 1 in 10^13.
type print [12]byte

// taken are the values of a unique field that accepted records have. It holds
// prints of them, at most limit in memory; the others lie sorted in files without
// a name, with a filter of 12 bits for each in memory.
type taken struct {
	dir   string // of the files; "" that of the system
	limit int
	seeds [2]maphash.Seed
	fresh map[print]struct{}
	runs  []run
	block []byte
}

// run is a file of sorted prints.
type run struct {
	file   *os.File
	prints int
	first  []print  // of each block
	filter []uint64 // of no print in the file are all bits unset
}

const (
	blockPrints  = 340 // a block is some 4 KB
	filterHashes = 4
	filterBits   = 12 // for each print
)

func newTaken(dir string, limit int) *taken {
	return &taken{dir: dir, limit: limit, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, fresh: map[print]struct{}{}}
}

func (t *taken) print(value []byte) (p print) {
	binary.BigEndian.PutUint64(p[:8], maphash.Bytes(t.seeds[0], value))
	binary.BigEndian.PutUint32(p[8:], uint32(maphash.Bytes(t.seeds[1], value)))
	return p
}

// has says whether a value was added.
func (t *taken) has(value []byte) (bool, error) {
	p := t.print(value)
	if _, ok := t.fresh[p]; ok {
		return true, nil
	}
	for i := range t.runs {
		if found, err := t.runs[i].has(p, t.block); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func (t *taken) add(value []byte) error {
	t.fresh[t.print(value)] = struct{}{}
	if len(t.fresh) < t.limit {
		return nil
	}
	return t.spill()
}

// spill moves what is in memory to a file.
func (t *taken) spill() error {
	prints := make([]print, 0, len(t.fresh))
	for p := range t.fresh {
		prints = append(prints, p)
	}
	slices.SortFunc(prints, func(a, b print) int { return bytes.Compare(a[:], b[:]) })
	clear(t.fresh)
	if t.block == nil {
		t.block = make([]byte, blockPrints*len(print{}))
	}
	file, err := nameless(t.dir)
	if err != nil {
		return err
	}
	r := run{file: file, prints: len(prints), filter: make([]uint64, len(prints)*filterBits/64+1)}
	t.runs = append(t.runs, r)
	return t.runs[len(t.runs)-1].write(prints, t.block)
}

// nameless gives a private file that nothing leaves behind.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "taken")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (r *run) write(prints []print, block []byte) error {
	for len(prints) > 0 {
		n := min(len(prints), blockPrints)
		r.first = append(r.first, prints[0])
		for i, p := range prints[:n] {
			copy(block[i*len(p):], p[:])
			for k := range filterHashes {
				bit := r.bit(p, k)
				r.filter[bit/64] |= 1 << (bit % 64)
			}
		}
		if _, err := r.file.Write(block[:n*len(print{})]); err != nil {
			return fmt.Errorf("values of a unique field: %w", err)
		}
		prints = prints[n:]
	}
	return nil
}

// bit is the k-th bit of a print in the filter.
func (r *run) bit(p print, k int) uint64 {
	a, b := binary.BigEndian.Uint64(p[:8]), binary.BigEndian.Uint64(p[4:])|1
	return (a + uint64(k)*b) % uint64(len(r.filter)*64)
}

func (r *run) has(p print, block []byte) (bool, error) {
	for k := range filterHashes {
		if bit := r.bit(p, k); r.filter[bit/64]&(1<<(bit%64)) == 0 {
			return false, nil
		}
	}
	at, found := slices.BinarySearchFunc(r.first, p, func(a, b print) int { return bytes.Compare(a[:], b[:]) })
	if found || at == 0 {
		return found, nil
	}
	n := min(blockPrints, r.prints-(at-1)*blockPrints)
	block = block[:n*len(p)]
	if _, err := r.file.ReadAt(block, int64((at-1)*blockPrints*len(p))); err != nil {
		return false, fmt.Errorf("values of a unique field: %w", err)
	}
	for low, high := 0, n; low < high; {
		mid := (low + high) / 2
		switch c := bytes.Compare(block[mid*len(p):(mid+1)*len(p)], p[:]); {
		case c == 0:
			return true, nil
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return false, nil
}

// close gives the disk back.
func (t *taken) close() error {
	var errs []error
	for i := range t.runs {
		errs = append(errs, t.runs[i].file.Close())
	}
	t.runs, t.fresh = nil, nil
	return errors.Join(errs...)
}
