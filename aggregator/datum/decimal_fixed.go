package datum

import (
	"math/big"
	"math/bits"
)

// fixed is a real number as an integer × 2^-bits. Logarithms and exponentials of
// numerics are computed in it, with so many bits that the rounding to decimal
// digits afterwards is that of the exact value.
type fixed struct {
	n    *big.Int
	bits uint
}

// guardBits are computed beyond the digits that are asked for.
const guardBits = 64

// bitsFor is how many bits so many decimal digits take, guardBits among them.
func bitsFor(digits int) uint { return uint(max(digits, 0)*3322/1000 + 1 + guardBits) }

// fixedOf is a finite decimal, cut to so many bits after the point.
func fixedOf(d Decimal, bits uint) fixed {
	n := new(big.Int).Lsh(d.coefficient(), bits)
	if d.scale > 0 {
		n.Quo(n, bigPow10(int(d.scale)))
	}
	return fixed{n, bits}
}

// decimal rounds half away from zero to so many digits after the point.
func (f fixed) decimal(scale int) Decimal {
	n := new(big.Int).Mul(f.n, bigPow10(scale))
	return fromBig(divideRounded(n, new(big.Int).Lsh(big.NewInt(1), f.bits)), scale)
}

func (f fixed) times(g *big.Int) *big.Int {
	p := new(big.Int).Mul(f.n, g)
	return p.Rsh(p, f.bits)
}

// artanh is the inverse hyperbolic tangent of |y| < 1/2 by its series.
func artanh(y fixed) *big.Int {
	square := fixed{y.times(y.n), y.bits}
	sum, power, term := new(big.Int).Set(y.n), new(big.Int).Set(y.n), new(big.Int)
	for k := int64(3); ; k += 2 {
		power = square.times(power)
		if term.Quo(power, big.NewInt(k)).Sign() == 0 {
			return sum
		}
		sum.Add(sum, term)
	}
}

// ln2Bits is how many bits of ln 2 are at hand; more are computed.
const ln2Bits = 640

var ln2Stored = computeLn2(ln2Bits)

func computeLn2(bits uint) *big.Int {
	third := new(big.Int).Lsh(big.NewInt(1), bits+8)
	third.Quo(third, big.NewInt(3))
	sum := artanh(fixed{third, bits + 8})
	return sum.Rsh(sum, 7)
}

func ln2(bits uint) *big.Int {
	if bits > ln2Bits {
		return computeLn2(bits)
	}
	return new(big.Int).Rsh(ln2Stored, ln2Bits-bits)
}

// lnFixed is ln(d) for d > 0: d is m × 2^e with m in [3/4, 3/2), and ln(m) is
// 2 artanh((m-1)/(m+1)).
func lnFixed(d Decimal, digits int) fixed {
	p := bitsFor(digits) + uint(bits.Len(uint(d.digits())+uint(d.scale))) + 8
	c, unit := d.coefficient(), bigPow10(int(d.scale))
	e := c.BitLen() - unit.BitLen()
	m := new(big.Int)
	if shift := int(p) - e; shift >= 0 {
		m.Quo(m.Lsh(c, uint(shift)), unit)
	} else {
		m.Quo(c, new(big.Int).Lsh(unit, uint(-shift)))
	}
	one := new(big.Int).Lsh(big.NewInt(1), p)
	half := new(big.Int).Rsh(one, 1)
	if m.Cmp(new(big.Int).Add(one, half)) >= 0 { // m is in (1/2, 2)
		m.Rsh(m, 1)
		e++
	} else if m.Cmp(new(big.Int).Add(half, new(big.Int).Rsh(half, 1))) < 0 {
		m.Lsh(m, 1)
		e--
	}
	y := new(big.Int).Sub(m, one)
	y.Lsh(y, p).Quo(y, m.Add(m, one))
	sum := artanh(fixed{y, p})
	sum.Lsh(sum, 1)
	if e == 0 { // where very many digits may be asked for
		return fixed{sum, p}
	}
	return fixed{sum.Add(sum, new(big.Int).Mul(ln2(p), big.NewInt(int64(e)))), p}
}

// expFixed is e^d, exact to so many digits in all: d is k ln 2 + r, and e^r is
// (e^(r/256))^256.
func expFixed(d Decimal, digits int) fixed {
	const halvings = 8
	p := bitsFor(digits) + 32
	x := fixedOf(d, p)
	log := ln2(p)
	k := divideRounded(x.n, log)
	r := new(big.Int).Sub(x.n, new(big.Int).Mul(k, log))
	small := fixed{r.Rsh(r, halvings), p}
	one := new(big.Int).Lsh(big.NewInt(1), p)
	sum, term := new(big.Int).Set(one), new(big.Int).Set(one)
	for n := int64(1); ; n++ {
		term = small.times(term)
		// Towards zero, so that a negative term ends there too.
		if term.Quo(term, big.NewInt(n)).Sign() == 0 {
			break
		}
		sum.Add(sum, term)
	}
	for range halvings {
		sum = fixed{sum, p}.times(sum)
	}
	if shift := k.Int64(); shift >= 0 {
		return fixed{sum.Lsh(sum, uint(shift)), p}
	}
	return fixed{sum, p + uint(-k.Int64())}
}
