package pipeline

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
)

// Accounts is the registry of account identifiers: it gives every account of
// every sender one dense key, from 0, in the order in which they are added.
//
// It holds no identifier, only 96 bits of a keyed hash of each (of hash/maphash,
// with seeds of this process), in 16 bytes a slot: 40 million
// accounts take about 0.9 GB. Two identifiers share a fingerprint with a chance
// of 1 in 10^13 at that size, and nobody can prepare a pair that does, because
// the seeds are drawn anew for each process. Safe for concurrent use.
type Accounts struct {
	seed   [4]maphash.Seed
	shards [256]accountShard
	mu     sync.Mutex // serialises Add
	n      int32
}

type accountShard struct {
	mu    sync.RWMutex
	slots []accountSlot
	used  int
}

// accountSlot is free while key1 is 0; otherwise the key is key1 - 1.
type accountSlot struct {
	hi   uint64
	lo   uint32
	key1 uint32
}

// NewAccounts gives an empty registry.
func NewAccounts() *Accounts {
	return &Accounts{seed: [4]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}}
}

// Len is the number of accounts, and the next key.
func (a *Accounts) Len() int32 { a.mu.Lock(); defer a.mu.Unlock(); return a.n }

// fingerprint adds up hashes of sender and identifier, each with a seed of its
// own, which is faster than hashing them one after the other.
func (a *Accounts) fingerprint(sender string, id []byte) (uint64, uint32) {
	hi := maphash.Bytes(a.seed[0], id) + maphash.String(a.seed[2], sender)
	lo := maphash.Bytes(a.seed[1], id) + maphash.String(a.seed[3], sender)
	return hi, uint32(lo)
}

// Lookup gives the key of an account, or false when it is not known.
func (a *Accounts) Lookup(sender string, id []byte) (int32, bool) {
	hi, lo := a.fingerprint(sender, id)
	s := &a.shards[byte(lo)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.slots) == 0 {
		return 0, false
	}
	slot := &s.slots[s.find(hi, lo)]
	return int32(slot.key1) - 1, slot.key1 != 0
}

// Add gives the key of an account, a new one where it was not known. ok is
// false when the 2^31-2 keys of an INTEGER are used up.
func (a *Accounts) Add(sender string, id []byte) (key int32, added, ok bool) {
	hi, lo := a.fingerprint(sender, id)
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &a.shards[byte(lo)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used*8 >= len(s.slots)*7 {
		s.grow()
	}
	slot := &s.slots[s.find(hi, lo)]
	if slot.key1 != 0 {
		return int32(slot.key1) - 1, false, true
	}
	if a.n == math.MaxInt32-1 {
		return 0, false, false
	}
	key = a.n
	*slot = accountSlot{hi, lo, uint32(key) + 1}
	s.used++
	a.n++
	return key, true, true
}

// find gives the slot of a fingerprint, or the free one where it belongs. The
// table's length is no power of two, so that it can grow by a quarter: the
// place is hi scaled down to the length.
func (s *accountShard) find(hi uint64, lo uint32) int {
	at, _ := bits.Mul64(hi, uint64(len(s.slots)))
	i := int(at)
	for s.slots[i].key1 != 0 && (s.slots[i].hi != hi || s.slots[i].lo != lo) {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	return i
}

func (s *accountShard) grow() {
	old := s.slots
	s.slots = make([]accountSlot, len(old)+len(old)/4+64)
	for _, slot := range old {
		if slot.key1 != 0 {
			s.slots[s.find(slot.hi, slot.lo)] = slot
		}
	}
}
