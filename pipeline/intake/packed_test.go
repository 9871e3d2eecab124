package intake

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// However far apart numbers are, they come back as they were, from memory and
// from the file that they wait in.
func TestPackedNumbers(t *testing.T) {
	for _, c := range []struct {
		numbers []int64
		width   int
	}{
		{[]int64{7, 7, 7}, 0},
		{[]int64{math.MinInt64}, 0},
		{[]int64{-1, 254, 0}, 1},
		{[]int64{-1, 255, 0}, 2},
		{[]int64{math.MaxInt64, math.MaxInt64 - 1<<16 + 1}, 2},
		{[]int64{0, 1 << 16}, 4},
		{[]int64{math.MinInt32, math.MaxInt32}, 4},
		{[]int64{math.MinInt32 - 1, math.MaxInt32}, 8},
		{[]int64{math.MinInt64, 0, math.MaxInt64}, 8},
	} {
		b := buffer{as: storeInt64}
		b.null()
		for _, v := range c.numbers {
			b.number(v)
		}
		if least := slices.Min(c.numbers); least > 0 || slices.Max(c.numbers) < 0 {
			b.i64[0] = least // what stands for NULL is none of the numbers' business here
		}
		order := make([]uint64, b.rows) // backwards
		for i := range order {
			order[i] = uint64(b.rows - 1 - i)
		}
		p := part{keys: buffer{as: storeInt32, i32: make([]int32, b.rows), rows: b.rows}, cols: []packedColumn{pack(&b, order)}}
		if p.cols[0].width != c.width {
			t.Errorf("%v: %d bytes, want %d", c.numbers, p.cols[0].width, c.width)
		}
		want := slices.Clone(c.numbers)
		slices.Reverse(want)
		aside := asideFile{path: filepath.Join(t.TempDir(), "aside")}
		for range 2 {
			got, err := p.rows(0, len(want), []stagedColumn{{as: storeInt64}})
			if err != nil || !slices.Equal(got[0].i64, want) || got[0].isNull(0) {
				t.Errorf("%v: %v, %v", want, got[0].i64, err)
			}
			got, err = p.rows(len(want)-1, b.rows, []stagedColumn{{as: storeInt64}})
			if err != nil || got[0].rows != 2 || got[0].i64[0] != want[len(want)-1] || !got[0].isNull(1) {
				t.Errorf("%v: %v, %v", want, got[0].i64, err)
			}
			if err := aside.put(&p); err != nil {
				t.Fatal(err)
			}
		}
		if info, err := os.Stat(aside.path); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
		if err := aside.remove(); err != nil {
			t.Error(err)
		}
	}
}
