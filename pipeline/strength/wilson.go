package strength

import "math/big"

// Rate is a share as two integers, with its 95 % Wilson score interval in
// parts per million, rounded outwards.
type Rate struct {
	Recovered      int `json:"recovered"`
	Tested         int `json:"tested"`
	LowPerMillion  int `json:"wilson95_low_per_million"`
	HighPerMillion int `json:"wilson95_high_per_million"`
}

// zMillionths is the 97.5 % point of the normal distribution, 1.959964.
const zMillionths = 1_959_964

// rateOf gives x of n with the Wilson score interval
//
//	(2x + z² ± z √(z² + 4x(n−x)/n)) / (2(n + z²))
//
// of E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", Journal of the American Statistical Association 22 (1927),
// 209–212; recommended for its coverage by L. D. Brown, T. T. Cai and
// A. DasGupta, "Interval estimation for a binomial proportion", Statistical
// Science 16 (2001), 101–133. The arithmetic is exact (integers and an integer
// root), so every machine prints the same digits.
func rateOf(x, n int) Rate {
	if n == 0 {
		return Rate{HighPerMillion: 1_000_000}
	}
	// With z = Z/M, numerator and denominator are multiplied by n·M²:
	//	(n(2xM² + Z²) ± √(Z² n T)) / (2n(nM² + Z²)),  T = 4M²x(n−x) + nZ²
	const million = 1_000_000
	num := func(v int64) *big.Int { return big.NewInt(v) }
	mul := func(f ...*big.Int) *big.Int {
		p := num(1)
		for _, v := range f {
			p.Mul(p, v)
		}
		return p
	}
	add := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
	bx, bn, rest := num(int64(x)), num(int64(n)), num(int64(n-x))
	mm, zz := num(million*million), num(zMillionths*zMillionths)
	t := add(mul(num(4), mm, bx, rest), mul(bn, zz))
	center := mul(num(million), bn, add(mul(num(2), bx, mm), zz))
	half := ceilSqrt(mul(mm, zz, bn, t))
	den := mul(num(2), bn, add(mul(bn, mm), zz))
	low := new(big.Int).Div(new(big.Int).Sub(center, half), den)
	high := add(center, half)
	high.Add(high, den).Sub(high, num(1)).Div(high, den) // rounded up
	return Rate{x, n, max(0, int(low.Int64())), min(million, int(high.Int64()))}
}

func ceilSqrt(v *big.Int) *big.Int {
	root := new(big.Int).Sqrt(v)
	if new(big.Int).Mul(root, root).Cmp(v) < 0 {
		root.Add(root, big.NewInt(1))
	}
	return root
}
