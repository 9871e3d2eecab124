package pipeline

import (
	"errors"
	"math"
	"runtime"
	"sync"
)

// Registry gives every entry of a list (every account of every sender, every
// recipient of every country) one dense key, from 0, in the order in which they
// are added.
//
// It holds no name, only 96 bits of a keyed hash of each: two entries of 40
// million share them with a chance of 1 in 10^13, and whoever does not have the
// key of the hash cannot prepare a pair that does.
//
// Memory is bounded: the last few million entries are in a hash table; all
// others lie sorted by their hash, 16 bytes each, in memory up to
// registryMemory of them and in a file beyond. Safe for concurrent use.
type Registry struct {
	print  fingerprint
	secret []byte // of a registry that is kept
	dir    string // for the file; "": all entries stay in memory
	bounds registryBounds

	adding sync.Mutex // held by the one who adds
	mu     sync.RWMutex
	sorted *slotIndex
	recent slotTable
	n      int32
	failed error // to sort: the recent entries are lost
}

// registryBounds are numbers of entries.
type registryBounds struct{ recent, memory int }

var defaultBounds = registryBounds{recent: registryRecent, memory: registryMemory}

const (
	registryRecent = 8 << 20  // in the hash table: 160 MB
	registryMemory = 44 << 20 // sorted in memory: 740 MB
	// registryStep is how many entries are looked up with their memory fetched
	// together; their fingerprints stand on the stack.
	registryStep = 256
	// registryBatch is how many entries are added at a time.
	registryBatch = 1 << 16
)

// maxEntries are the keys of an INTEGER, of which the registry needs one itself.
const maxEntries = math.MaxInt32 - 1

// ErrKeys says that the 2^31-2 keys of an INTEGER are used up.
var ErrKeys = errors.New("more entries than an INTEGER can number")

// NewRegistry gives an empty registry that lives and ends in memory.
func NewRegistry() *Registry {
	return &Registry{print: processPrint(), bounds: defaultBounds, sorted: &slotIndex{}}
}

// Len is the number of entries, and the next key.
func (r *Registry) Len() int32 { r.mu.RLock(); defer r.mu.RUnlock(); return r.n }

// Close lets go of the registry's file.
func (r *Registry) Close() error { return r.sorted.close() }

// Lookup gives the key of an entry, or false when it is not known. An error
// means that the registry's file cannot be read.
func (r *Registry) Lookup(scope string, name []byte) (key int32, ok bool, err error) {
	keys := [1]int32{}
	err = r.LookupAll(scope, [][]byte{name}, keys[:])
	return keys[0], err == nil && keys[0] >= 0, err
}

// LookupAll puts the key of each name in its place of keys, -1 where it is not
// known. Most of a lookup is waiting for memory; here the places of many names
// are read before any of them is compared, so that the waiting overlaps. keys
// is as long as names.
func (r *Registry) LookupAll(scope string, names [][]byte, keys []int32) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var slots [registryStep]slot
	print := r.print(scope)
	for len(names) > 0 {
		n := min(len(names), registryStep)
		for i, name := range names[:n] {
			slots[i] = print(name)
		}
		if err := r.find(slots[:n]); err != nil {
			return err
		}
		for i := range slots[:n] {
			keys[i] = int32(slots[i].key1) - 1
		}
		names, keys = names[n:], keys[n:]
	}
	return nil
}

// find gives the slots their keys, where they are known.
func (r *Registry) find(slots []slot) error {
	if r.failed != nil {
		return r.failed
	}
	if err := r.sorted.find(slots); err != nil {
		return err
	}
	if r.recent.n > 0 {
		r.recent.find(slots)
	}
	return nil
}

// Add gives the key of an entry, a new one where it was not known.
func (r *Registry) Add(scope string, name []byte) (key int32, added bool, err error) {
	r.adding.Lock()
	defer r.adding.Unlock()
	one, keys := [1]slot{r.print(scope)(name)}, [1]int32{}
	before := r.n
	err = r.add(one[:], keys[:])
	return keys[0], r.n > before, err
}

// AddAll gives each of n entries its key, as Add does for one after the other.
// entry gives the i-th; it is called from several goroutines at a time.
func (r *Registry) AddAll(n int, entry func(i int) (scope string, name []byte), keys []int32) error {
	r.adding.Lock()
	defer r.adding.Unlock()
	slots := make([]slot, min(n, registryBatch))
	for from := 0; from < n; from += registryBatch {
		batch := slots[:min(n-from, registryBatch)]
		inParts(len(batch)/registryStep+1, func(a, b int) {
			last, print := "", r.print("")
			for i := a * registryStep; i < min(b*registryStep, len(batch)); i++ {
				scope, name := entry(from + i)
				if scope != last {
					last, print = scope, r.print(scope)
				}
				batch[i] = print(name)
			}
		})
		if err := r.add(batch, keys[from:from+len(batch)]); err != nil {
			return err
		}
	}
	return nil
}

// add gives slots their keys, new ones where they have none.
func (r *Registry) add(slots []slot, keys []int32) error {
	if r.failed != nil {
		return r.failed
	}
	if err := r.sorted.find(slots); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range slots {
		s := &slots[i]
		if s.key1 == 0 {
			if r.n == maxEntries {
				return ErrKeys
			}
			if s.key1 = uint32(r.n) + 1; r.recent.add(s) {
				r.n++
			}
		}
		keys[i] = int32(s.key1) - 1
	}
	if r.recent.n < r.bounds.recent {
		return nil
	}
	return r.sort()
}

// sort takes the recent entries among the sorted ones.
func (r *Registry) sort() error {
	if r.recent.n == 0 || r.failed != nil {
		return r.failed
	}
	if r.dir == "" || r.sorted.file == nil && r.sorted.n+r.recent.n <= r.bounds.memory {
		r.sorted.mergeInMemory(&r.recent)
		return nil
	}
	merged, err := r.sorted.mergeOnDisk(&r.recent, r.secret, r.dir)
	if err != nil {
		r.failed = err
		return err
	}
	before := r.sorted
	r.sorted = merged
	return before.close()
}

// inParts does n pieces of work in as many parts as there are processors.
func inParts(n int, do func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), max(n, 1))
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { do(p*n/parts, (p+1)*n/parts) })
	}
	wg.Wait()
}
