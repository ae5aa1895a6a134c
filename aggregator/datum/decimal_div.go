package datum

import (
	"math/big"
	"math/bits"
)

// Limits of the scale that a division selects, from numeric.h.
const (
	minSignificantDigits = 16
	maxDivisionScale     = 1000
)

// Div returns d / e, rounded half away from zero to the scale that PostgreSQL
// selects: at least 16 significant digits and not less than either operand's.
func (d Decimal) Div(e Decimal) (Decimal, *Error) {
	switch {
	case d.IsNaN() || e.IsNaN():
		return DecimalNaN(), nil
	case e.form == finite && e.Sign() == 0:
		return Decimal{}, errDivisionByZero()
	case d.IsInf() && e.IsInf():
		return DecimalNaN(), nil
	case d.IsInf():
		return DecimalInf(d.Sign() * e.Sign()), nil
	case e.IsInf():
		return Decimal{}, nil
	}
	scale := divisionScale(d, e)
	shift := scale + int(e.scale) - int(d.scale)
	if q, ok := divideSmall(d, e, shift, scale); ok {
		return q, nil
	}
	a, b := d.coefficient(), e.coefficient()
	if shift >= 0 {
		a = new(big.Int).Mul(a, bigPow10(shift))
	} else {
		b = new(big.Int).Mul(b, bigPow10(-shift))
	}
	return checked(fromBig(divideRounded(a, b), scale))
}

// divideSmall divides where everything fits 64 by 64 bits into 128.
func divideSmall(d, e Decimal, shift, scale int) (Decimal, bool) {
	if d.big != nil || e.big != nil || shift < 0 || shift >= len(pow10) {
		return Decimal{}, false
	}
	divisor := magnitude(e.small)
	hi, lo := bits.Mul64(magnitude(d.small), pow10[shift])
	if hi >= divisor {
		return Decimal{}, false
	}
	q, r := bits.Div64(hi, lo, divisor)
	if r >= divisor-r {
		q++
		if q == 0 {
			return Decimal{}, false
		}
	}
	return DecimalFromParts((d.small < 0) != (e.small < 0), 0, q, scale), true
}

// divideRounded returns a / b rounded half away from zero, in a new integer.
func divideRounded(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Lsh(r, 1).CmpAbs(b) >= 0 {
		if a.Sign()*b.Sign() < 0 {
			q.Sub(q, big.NewInt(1))
		} else {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}

// divisionScale is numeric.c's select_div_scale. It works on the leading digits
// in base 10000, because that is how PostgreSQL holds numerics.
func divisionScale(d, e Decimal) int {
	weight1, first1 := d.leading()
	weight2, first2 := e.leading()
	weight := weight1 - weight2
	if first1 <= first2 {
		weight--
	}
	scale := minSignificantDigits - 4*weight
	scale = max(scale, int(d.scale), int(e.scale), 0)
	return min(scale, maxDivisionScale)
}

// leading returns the first digit in base 10000 and its weight, the power of
// 10000 that it stands for; 0 and 0 for zero.
func (d Decimal) leading() (weight int, first uint64) {
	n := d.digits()
	if n == 0 {
		return 0, 0
	}
	exponent := n - 1 - int(d.scale) // of the first decimal digit
	weight = exponent >> 2
	k := exponent - 4*weight + 1 // decimal digits in the first digit
	switch {
	case d.big != nil:
		q := new(big.Int).Quo(d.big, bigPow10(n-k))
		return weight, q.Abs(q).Uint64()
	case n >= k:
		return weight, magnitude(d.small) / pow10[n-k]
	}
	return weight, magnitude(d.small) * pow10[k-n]
}
