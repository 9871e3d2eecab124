package strength

import (
	"crypto/sha256"
	"fmt"
	"math"
	"testing"
)

func TestWilsonInterval(t *testing.T) {
	for _, c := range []struct{ x, n, low, high int }{
		// Method 3 of R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872,
		// table I: 0.2553 to 0.3662, 0.0624 to 0.1605, 0 to 0.1611, 0.0061 to 0.1718.
		{81, 263, 255_288, 366_210},
		{15, 148, 62_386, 160_488},
		{0, 20, 0, 161_126},
		{1, 29, 6_113, 171_756},
		{0, 10, 0, 277_533},
		{5, 10, 236_593, 763_407},
		{10, 10, 722_467, 1_000_000},
		{0, 100_000, 0, 39},
		{100_000, 100_000, 999_961, 1_000_000},
	} {
		r := rateOf(c.x, c.n)
		if r.LowPerMillion != c.low || r.HighPerMillion != c.high {
			t.Errorf("%d of %d: %d to %d, want %d to %d", c.x, c.n, r.LowPerMillion, r.HighPerMillion, c.low, c.high)
		}
	}
}

func TestWilsonAgreesWithFloatingPoint(t *testing.T) {
	const z = 1.959964
	for _, n := range []int{10, 11, 99, 1000, 31_415, 100_000, MaxSample} {
		for _, x := range []int{0, 1, 2, n / 7, n / 2, n - 2, n - 1, n} {
			r, fx, fn := rateOf(x, n), float64(x), float64(n)
			center, half := 2*fx+z*z, z*math.Sqrt(z*z+4*fx*(fn-fx)/fn)
			low, high := (center-half)/(2*(fn+z*z))*1e6, (center+half)/(2*(fn+z*z))*1e6
			if d := low - float64(r.LowPerMillion); d < -1e-3 || d > 1.001 {
				t.Errorf("%d of %d: low %d, want %f rounded down", x, n, r.LowPerMillion, low)
			}
			if d := float64(r.HighPerMillion) - high; d < -1e-3 || d > 1.001 {
				t.Errorf("%d of %d: high %d, want %f rounded up", x, n, r.HighPerMillion, high)
			}
			if share := fx / fn * 1e6; float64(r.LowPerMillion) > share || float64(r.HighPerMillion) < share {
				t.Errorf("%d of %d lies outside of its interval", x, n)
			}
		}
	}
}

// Over 1,000 seeds the interval of the sample holds the true rate of all
// values in about 95 of 100.
func TestIntervalCoversTheTrueRate(t *testing.T) {
	const values, size, seeds = 3000, 100, 1000
	for _, reversible := range []int{150, 900, 1500} {
		covered := 0
		for i := range seeds {
			s := newSampler(t, size, sha256.Sum256(fmt.Append(nil, reversible, i)))
			for v := range values {
				s.Add([]byte{byte(v >> 8), byte(v)})
			}
			x := 0
			for _, e := range s.kept().entries {
				if int(e.token[0])<<8|int(e.token[1]) < reversible {
					x++
				}
			}
			r := rateOf(x, size)
			if share := reversible * 1_000_000 / values; r.LowPerMillion <= share && share <= r.HighPerMillion {
				covered++
			}
		}
		if covered < 940 || covered > 990 {
			t.Errorf("rate %d of %d: covered by %d of %d intervals", reversible, values, covered, seeds)
		}
		t.Logf("rate %d of %d: covered by %d of %d", reversible, values, covered, seeds)
	}
}
