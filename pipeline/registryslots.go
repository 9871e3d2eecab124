package pipeline

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// slot is the fingerprint of an entry and its key: key1 - 1, or none while
// key1 is 0.
type slot struct {
	hi   uint64
	lo   uint32
	key1 uint32
}

// compare puts slots in the order of their fingerprints.
func (s *slot) compare(o *slot) int { return cmp.Or(cmp.Compare(s.hi, o.hi), cmp.Compare(s.lo, o.lo)) }

// before says the same as compare, in the time that loading tens of millions has.
func (s *slot) before(o *slot) bool { return s.hi < o.hi || s.hi == o.hi && s.lo < o.lo }

func (s *slot) same(o *slot) bool { return s.hi == o.hi && s.lo == o.lo }

// fingerprint gives what makes the slots, without keys, of the entries of a
// scope.
type fingerprint func(scope string) func(name []byte) slot

// processPrint is a fingerprint that ends with this process: sums of hashes of
// scope and name, each with a seed of its own.
func processPrint() fingerprint {
	seed := [4]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed(), maphash.MakeSeed()}
	return func(scope string) func([]byte) slot {
		hi, lo := maphash.String(seed[2], scope), maphash.String(seed[3], scope)
		return func(name []byte) slot {
			return slot{hi: maphash.Bytes(seed[0], name) + hi, lo: uint32(maphash.Bytes(seed[1], name) + lo)}
		}
	}
}

// keptPrint is a fingerprint that can be kept on disk: the first 96 bits of
// SipHash-2-4-128 under secret, of the length of scope in eight bytes, scope
// filled up with zeros to a multiple of eight, and name.
func keptPrint(secret []byte) fingerprint {
	return func(scope string) func([]byte) slot {
		begun, before := newSip(secret), 8
		begun.word(uint64(len(scope)))
		for rest := scope; len(rest) > 0; before += 8 {
			var word [8]byte
			rest = rest[copy(word[:], rest):]
			begun.word(binary.LittleEndian.Uint64(word[:]))
		}
		return func(name []byte) slot {
			hi, lo := begun.sum(before, name)
			return slot{hi: hi, lo: uint32(lo)}
		}
	}
}

// slotTable is a hash table of slots. The place of a slot in its shard, and the
// shard itself, grow with its fingerprint, so that the table is in order but for
// neighbours.
type slotTable struct {
	shards [256]slotShard
	n      int
}

type slotShard struct {
	slots []slot
	used  int
}

// tail is room at the end of a shard for slots whose place is taken, which saves
// going round to its beginning.
const tail = 128

func (t *slotTable) shard(s *slot) *slotShard { return &t.shards[s.hi>>56] }

// place is where the search for a fingerprint begins.
func (s *slotShard) place(hi uint64) int {
	at, _ := bits.Mul64(hi<<8, uint64(len(s.slots)-tail))
	return int(at)
}

// find gives slots, registryStep at most, the keys that the table has for them.
func (t *slotTable) find(slots []slot) {
	var taken [registryStep]bool
	for i := range slots {
		p := &slots[i]
		if s := t.shard(p); p.key1 == 0 && s.used > 0 {
			taken[i] = s.slots[s.place(p.hi)].key1 != 0
		}
	}
	for i := range slots {
		if !taken[i] {
			continue
		}
		p := &slots[i]
		s := t.shard(p)
		for at := s.place(p.hi); at < len(s.slots) && s.slots[at].key1 != 0; at++ {
			if s.slots[at].same(p) {
				p.key1 = s.slots[at].key1
				break
			}
		}
	}
}

// add puts a slot into the table and says so, or gives it the key that is there.
func (t *slotTable) add(p *slot) bool {
	s := t.shard(p)
	for {
		if s.used*8 >= (len(s.slots)-tail)*7 {
			s.grow()
		}
		at := s.place(p.hi)
		for at < len(s.slots) && s.slots[at].key1 != 0 {
			if s.slots[at].same(p) {
				p.key1 = s.slots[at].key1
				return false
			}
			at++
		}
		if at < len(s.slots) {
			s.slots[at] = *p
			s.used++
			t.n++
			return true
		}
		s.grow()
	}
}

func (s *slotShard) grow() {
	sorted := s.inOrder()
	room := max(len(s.slots)-tail, 0)
	for {
		room += room/4 + 64
		s.slots = make([]slot, room+tail)
		if s.fill(sorted) {
			return
		}
	}
}

// fill puts slots into an empty shard, and says whether there was room.
func (s *slotShard) fill(slots []slot) bool {
	for i := range slots {
		at := s.place(slots[i].hi)
		for at < len(s.slots) && s.slots[at].key1 != 0 {
			at++
		}
		if at == len(s.slots) {
			return false
		}
		s.slots[at] = slots[i]
	}
	return true
}

// inOrder brings the slots of a shard to its front, in order. They are so near
// to it that inserting each among its neighbours is the shortest way.
func (s *slotShard) inOrder() []slot {
	n := 0
	for i := range s.slots {
		if s.slots[i].key1 == 0 {
			continue
		}
		p, at := s.slots[i], n
		for at > 0 && p.compare(&s.slots[at-1]) < 0 {
			s.slots[at] = s.slots[at-1]
			at--
		}
		s.slots[at] = p
		n++
	}
	return s.slots[:n]
}

// empty makes the shard empty, with the room that it has.
func (s *slotShard) empty() {
	clear(s.slots)
	s.used = 0
}
