package pipeline

import (
	"hash/maphash"
	"math/bits"
)

// lookupStep is how many entries are looked up with their memory fetched
// together; their fingerprints stand on the stack.
const lookupStep = 256

// LookupAll puts the key of each name in its place of keys, -1 where it is not
// known: what Lookup gives for each of them, in a fraction of the time. Most of
// a lookup is waiting for memory; here the places of many names are read before
// any of them is compared, so that the waiting overlaps. Nothing is added to
// the registry while it runs. keys is as long as names.
func (r *Registry) LookupAll(scope string, names [][]byte, keys []int32) {
	for i := range r.shards {
		r.shards[i].mu.RLock()
	}
	defer func() {
		for i := range r.shards {
			r.shards[i].mu.RUnlock()
		}
	}()
	scopeHi, scopeLo := maphash.String(r.seed[2], scope), maphash.String(r.seed[3], scope)
	var prints [lookupStep]slot
	for len(names) > 0 {
		n := min(len(names), lookupStep)
		for i, name := range names[:n] {
			hi, lo := maphash.Bytes(r.seed[0], name)+scopeHi, maphash.Bytes(r.seed[1], name)+scopeLo
			prints[i] = slot{hi: hi, lo: uint32(lo)}
		}
		for i := range prints[:n] {
			p := &prints[i]
			if slots := r.shards[byte(p.lo)].slots; len(slots) > 0 {
				at, _ := bits.Mul64(p.hi, uint64(len(slots)))
				p.key1 = slots[at].key1 // fetches the place, without a wait for it
			}
		}
		for i := range prints[:n] {
			keys[i] = -1
			if p := &prints[i]; p.key1 != 0 {
				s := &r.shards[byte(p.lo)]
				keys[i] = int32(s.slots[s.find(p.hi, p.lo)].key1) - 1
			}
		}
		names, keys = names[n:], keys[n:]
	}
}
