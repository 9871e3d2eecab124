package pipeline

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A slot is found however fingerprints are spread: evenly, which is what the
// search counts on, in few places, or with the same first half.
func TestSlotsAreFoundHoweverTheyAreSpread(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 1))
	for name, hi := range map[string]func() uint64{
		"evenly":          rnd.Uint64,
		"at one end":      func() uint64 { return rnd.Uint64() >> 40 },
		"at both ends":    func() uint64 { return rnd.Uint64N(4) - 2 },
		"few halves":      func() uint64 { return rnd.Uint64N(5) << 61 },
		"the same half":   func() uint64 { return 1 << 63 },
		"near each other": func() uint64 { return 1<<63 + rnd.Uint64N(40) },
	} {
		for _, n := range []int{1, 2, 7, 8, 300, 2000} {
			var sorted []slot
			for range n {
				sorted = append(sorted, slot{hi: hi(), lo: 2 * rnd.Uint32N(1<<20)})
			}
			slices.SortFunc(sorted, func(a, b slot) int { return a.compare(&b) })
			sorted = slices.CompactFunc(sorted, func(a, b slot) bool { return a.same(&b) })
			x := indexOf(sorted)
			var asked []slot
			var want []uint32
			for i := range sorted {
				s := slot{hi: sorted[i].hi, lo: sorted[i].lo}
				asked = append(asked, s, slot{hi: s.hi, lo: s.lo + 1}) // no lo is odd
				want = append(want, sorted[i].key1, 0)
			}
			if err := x.find(asked); err != nil {
				t.Fatal(err)
			}
			for i, s := range asked {
				if s.key1 != want[i] {
					t.Fatalf("%s, %d slots: %+v, want key %d", name, n, s, want[i])
				}
			}
		}
	}
}

// indexOf gives a list in memory of slots that are in order, and gives them keys.
func indexOf(sorted []slot) *slotIndex {
	x := &slotIndex{n: len(sorted), chunks: [][]slot{sorted}}
	d := newDirectory(x.n, bucketInMemory)
	for i := range sorted {
		sorted[i].key1 = uint32(i*7919%len(sorted)) + 1
		d.add(sorted[i].hi)
	}
	x.shift, x.starts = d.shift, d.done()
	return x
}
