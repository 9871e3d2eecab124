package pipeline

import (
	"hash/maphash"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// Registry gives every entry of a list (every account of every sender, every
// recipient of every country) one dense key, from 0, in the order in which they
// are added.
//
// It holds no name, only 96 bits of a keyed hash of each (of hash/maphash,
// with seeds of this process), in 16 bytes a slot: 40 million accounts take
// about 0.9 GB. Two entries share a fingerprint with a chance
// of 1 in 10^13 at that size, and nobody can prepare a pair that does, because
// the seeds are drawn anew for each process. Safe for concurrent use.
type Registry struct {
	seed   [4]maphash.Seed
	shards [256]shard
	mu     sync.Mutex // serialises Add
	n      int32
}

type shard struct {
	mu    sync.RWMutex
	slots []slot
	used  int
}

// slot is free while key1 is 0; otherwise the key is key1 - 1.
type slot struct {
	hi   uint64
	lo   uint32
	key1 uint32
}

// NewRegistry gives an empty registry.
func NewRegistry() *Registry {
	return &Registry{seed: [4]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}}
}

// Len is the number of entries, and the next key.
func (r *Registry) Len() int32 { r.mu.Lock(); defer r.mu.Unlock(); return r.n }

// fingerprint adds up hashes of scope and name, each with a seed of its
// own, which is faster than hashing them one after the other.
func (r *Registry) fingerprint(scope string, name []byte) (uint64, uint32) {
	hi := maphash.Bytes(r.seed[0], name) + maphash.String(r.seed[2], scope)
	lo := maphash.Bytes(r.seed[1], name) + maphash.String(r.seed[3], scope)
	return hi, uint32(lo)
}

// Lookup gives the key of an entry, or false when it is not known.
func (r *Registry) Lookup(scope string, name []byte) (int32, bool) {
	hi, lo := r.fingerprint(scope, name)
	s := &r.shards[byte(lo)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.slots) == 0 {
		return 0, false
	}
	slot := &s.slots[s.find(hi, lo)]
	return int32(slot.key1) - 1, slot.key1 != 0
}

// Add gives the key of an entry, a new one where it was not known. ok is
// false when the 2^31-2 keys of an INTEGER are used up.
func (r *Registry) Add(scope string, name []byte) (key int32, added, ok bool) {
	hi, lo := r.fingerprint(scope, name)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.shards[byte(lo)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used*8 >= len(s.slots)*7 {
		s.grow()
	}
	free := &s.slots[s.find(hi, lo)]
	if free.key1 != 0 {
		return int32(free.key1) - 1, false, true
	}
	if r.n == math.MaxInt32-1 {
		return 0, false, false
	}
	key = r.n
	*free = slot{hi, lo, uint32(key) + 1}
	s.used++
	r.n++
	return key, true, true
}

// find gives the slot of a fingerprint, or the free one where it belongs. The
// table's length is no power of two, so that it can grow by a quarter: the
// place is hi scaled down to the length.
func (s *shard) find(hi uint64, lo uint32) int {
	at, _ := bits.Mul64(hi, uint64(len(s.slots)))
	i := int(at)
	for s.slots[i].key1 != 0 && (s.slots[i].hi != hi || s.slots[i].lo != lo) {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	return i
}

// Fill adds entries that are all new, with the next keys in their order, and
// says whether they were. entry gives the i-th of n; it is called from several
// goroutines at a time. They are put in place shard by shard, which is several
// times faster than adding one after the other: a shard fits a processor's cache.
func (r *Registry) Fill(n int, entry func(i int) (scope string, name []byte)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if int64(r.n)+int64(n) > math.MaxInt32-1 {
		return false
	}
	prints := make([]slot, n)
	inParts(n, func(from, to int) {
		for i := from; i < to; i++ {
			hi, lo := r.fingerprint(entry(i))
			prints[i] = slot{hi, lo, uint32(r.n) + uint32(i) + 1}
		}
	})
	var order [256][]int32
	for i := range prints {
		order[byte(prints[i].lo)] = append(order[byte(prints[i].lo)], int32(i))
	}
	var known atomic.Bool
	inParts(len(r.shards), func(from, to int) {
		for k := from; k < to; k++ {
			if !r.shards[k].fill(prints, order[k]) {
				known.Store(true)
			}
		}
	})
	r.n += int32(n)
	return !known.Load()
}

// fill puts some of the slots in their places.
func (s *shard) fill(slots []slot, some []int32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range some {
		if s.used*8 >= len(s.slots)*7 {
			s.grow()
		}
		free := &s.slots[s.find(slots[i].hi, slots[i].lo)]
		if free.key1 != 0 {
			return false
		}
		*free = slots[i]
		s.used++
	}
	return true
}

// inParts does n pieces of work in as many parts as there are processors.
func inParts(n int, do func(from, to int)) {
	parts := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { do(p*n/parts, (p+1)*n/parts) })
	}
	wg.Wait()
}

// Reserve makes room for so many entries, so that adding them moves none.
func (r *Registry) Reserve(entries int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		// The shards are not quite alike: a spare part of 1/32, and the few slots
		// that matter where there are few.
		n := s.used + int(entries/int64(len(r.shards)))
		if n += n/32 + 64; n*8 > len(s.slots)*7 {
			s.resize(n*8/7 + 1)
		}
		s.mu.Unlock()
	}
}

func (s *shard) grow() { s.resize(len(s.slots) + len(s.slots)/4 + 64) }

func (s *shard) resize(n int) {
	old := s.slots
	s.slots = make([]slot, n)
	for _, slot := range old {
		if slot.key1 != 0 {
			s.slots[s.find(slot.hi, slot.lo)] = slot
		}
	}
}
