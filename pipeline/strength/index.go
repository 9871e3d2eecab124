package strength

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync/atomic"
)

// target is one token as a digest: whose it is and how it was written.
type target struct {
	field    int32 // index of the sampler
	position int32 // in its sample
	encoding encoding
	digest   [maxDigest]byte
}

// index finds the targets of one digest among those of all fields. Most
// candidates cost one bit of the filter; the rest a binary search over 64-bit
// prefixes and then the whole digest.
type index struct {
	size     int // bytes of a digest
	targets  []target
	prefixes []uint64 // of targets, ascending
	filter   []uint64 // a bit for the low bits of each prefix
	mask     uint64
}

// newIndex takes the targets over and sorts them.
func newIndex(size int, targets []target) *index {
	slices.SortFunc(targets, func(a, b target) int { return bytes.Compare(a.digest[:size], b.digest[:size]) })
	// 64 bits a target let through one candidate in 64; 2^14 to 2^27 bits.
	width := min(max(bits.Len(uint(len(targets)))+6, 14), 27)
	x := &index{size: size, targets: targets, mask: 1<<width - 1}
	x.prefixes = make([]uint64, len(targets))
	x.filter = make([]uint64, 1<<(width-6))
	for i := range targets {
		p := binary.BigEndian.Uint64(targets[i].digest[:])
		x.prefixes[i] = p
		x.filter[p&x.mask>>6] |= 1 << (p & 63)
	}
	return x
}

// mark sets the bits of the targets that have the digest.
func (x *index) mark(digest *[maxDigest]byte, hits []uint64) {
	p := binary.BigEndian.Uint64(digest[:])
	i, _ := slices.BinarySearch(x.prefixes, p)
	for ; i < len(x.prefixes) && x.prefixes[i] == p; i++ {
		if bytes.Equal(x.targets[i].digest[:x.size], digest[:x.size]) {
			atomic.OrUint64(&hits[i/64], 1<<(i%64))
		}
	}
}

// find marks the targets of a digest; it is mark behind the filter.
func (x *index) find(digest *[maxDigest]byte, hits []uint64) {
	p := binary.BigEndian.Uint64(digest[:])
	if x.filter[p&x.mask>>6]&(1<<(p&63)) != 0 {
		x.mark(digest, hits)
	}
}

// newHits is an empty set of targets.
func (x *index) newHits() []uint64 { return make([]uint64, (len(x.targets)+63)/64) }

// each calls f for every target that was hit.
func (x *index) each(hits []uint64, f func(*target)) {
	for i := range x.targets {
		if hits[i/64]&(1<<(i%64)) != 0 {
			f(&x.targets[i])
		}
	}
}

func (x *index) close() {
	clear(x.targets)
	clear(x.prefixes)
	clear(x.filter)
}

// ones counts the bits of a set.
func ones(set []uint64) (n int) {
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}
