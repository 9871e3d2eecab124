package tally

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Parts cover every account once, are no wider than they may be, and end
// where a row group begins wherever one begins within them.
func TestParts(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var file source
		begins := map[int64]bool{}
		for at := int64(r.IntN(5)); len(file.groups) < r.IntN(12)+1; at += int64(1 + r.IntN(20)) {
			file.groups = append(file.groups, group{from: at})
			begins[at] = true
		}
		from, width := int64(r.IntN(10)), int64(r.IntN(40))
		end := from + int64(r.IntN(120))
		got := parts([]source{file}, from, end, width)
		if got[0] != from || got[len(got)-1] != end || !slices.IsSorted(got) {
			t.Fatalf("seed %d: parts %v of %d to %d", seed, got, from, end)
		}
		for i, to := range got[1:] {
			if wide := to - got[i]; wide < 1 || wide > max(width, 1) {
				t.Fatalf("seed %d: part %d to %d is not of 1 to %d accounts", seed, got[i], to, width)
			}
			for at := to + 1; to < end && at <= got[i]+max(width, 1); at++ {
				if begins[at] {
					t.Fatalf("seed %d: part %d to %d ends before the row group at %d", seed, got[i], to, at)
				}
			}
			inside := slices.ContainsFunc(file.groups, func(g group) bool { return got[i] < g.from && g.from <= to })
			if to < end && inside && !begins[to] {
				t.Fatalf("seed %d: part %d to %d cuts a row group", seed, got[i], to)
			}
		}
	}
}

// However many workers add up accounts, the parts of all are at most as many as
// may be added up at a time.
func TestWidthOf(t *testing.T) {
	for _, c := range []struct {
		accounts, atOnce int64
		workers          int
		want             int64
	}{{10, 100, 2, 5}, {11, 100, 2, 6}, {1000, 100, 2, 50}, {1, 100, 8, 1}} {
		if got := widthOf(c.accounts, c.atOnce, c.workers); got != c.want {
			t.Errorf("%v: width %d", c, got)
		}
	}
}
