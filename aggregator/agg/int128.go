package agg

import "math/bits"

// int128 is a signed 128-bit integer in two's complement.
type int128 struct {
	lo uint64
	hi int64
}

func widen(x int64) int128 { return int128{uint64(x), x >> 63} }

// fromMagnitude returns ±(hi, lo); ok is false where 127 bits do not hold it.
func fromMagnitude(neg bool, hi, lo uint64) (x int128, ok bool) {
	x = int128{lo, int64(hi)}
	if neg {
		x = x.negated()
	}
	return x, hi>>63 == 0
}

// magnitude returns the sign and the absolute value.
func (x int128) magnitude() (neg bool, hi, lo uint64) {
	if x.hi < 0 {
		x, neg = x.negated(), true
	}
	return neg, uint64(x.hi), x.lo
}

func (x int128) negated() int128 {
	lo, borrow := bits.Sub64(0, x.lo, 0)
	hi, _ := bits.Sub64(0, uint64(x.hi), borrow)
	return int128{lo, int64(hi)}
}

// plus returns x + y; ok is false where it overflows.
func (x int128) plus(y int128) (sum int128, ok bool) {
	lo, carry := bits.Add64(x.lo, y.lo, 0)
	hi, _ := bits.Add64(uint64(x.hi), uint64(y.hi), carry)
	sum = int128{lo, int64(hi)}
	return sum, (x.hi^sum.hi)&(y.hi^sum.hi) >= 0
}

// shifted returns x · 10^digits; ok is false where it overflows.
func (x int128) shifted(digits int) (y int128, ok bool) {
	if x == (int128{}) {
		return x, true
	}
	if digits > 38 {
		return x, false
	}
	neg, hi, lo := x.magnitude()
	for digits > 0 {
		step := min(digits, len(powersOf10)-1)
		digits -= step
		p := powersOf10[step]
		over, top := bits.Mul64(hi, p)
		carry, low := bits.Mul64(lo, p)
		top, c := bits.Add64(top, carry, 0)
		if over|c != 0 {
			return x, false
		}
		hi, lo = top, low
	}
	return fromMagnitude(neg, hi, lo)
}

// powersOf10 are those that a uint64 holds.
var powersOf10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()
