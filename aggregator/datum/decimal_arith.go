package datum

import (
	"math/big"
	"math/bits"
)

// Add returns d + e with the larger scale.
func (d Decimal) Add(e Decimal) (Decimal, *Error) {
	if d.form != finite || e.form != finite {
		return addSpecial(d, e), nil
	}
	if a, b, scale, ok := alignSmall(d, e); ok {
		if sum := a + b; (a^sum)&(b^sum) >= 0 {
			return Decimal{small: sum, scale: scale}, nil
		}
	}
	a, b, scale := alignBig(d, e)
	return checked(fromBig(new(big.Int).Add(a, b), scale))
}

// Sub returns d - e with the larger scale.
func (d Decimal) Sub(e Decimal) (Decimal, *Error) { return d.Add(e.Neg()) }

func addSpecial(d, e Decimal) Decimal {
	switch {
	case d.IsNaN() || e.IsNaN():
		return DecimalNaN()
	case d.IsInf() && e.IsInf() && d.form != e.form:
		return DecimalNaN()
	case d.IsInf():
		return d
	}
	return e
}

// alignSmall brings two small coefficients to one scale; ok is false where one
// is large or becomes so.
func alignSmall(d, e Decimal) (a, b int64, scale uint16, ok bool) {
	if d.big != nil || e.big != nil {
		return 0, 0, 0, false
	}
	a, b, scale, ok = d.small, e.small, d.scale, true
	switch {
	case d.scale < e.scale:
		scale = e.scale
		a, ok = shiftLeft(a, int(e.scale-d.scale))
	case d.scale > e.scale:
		b, ok = shiftLeft(b, int(d.scale-e.scale))
	}
	return a, b, scale, ok
}

// shiftLeft returns v × 10^n; ok is false where an int64 does not hold it.
func shiftLeft(v int64, n int) (shifted int64, ok bool) {
	if v == 0 || n == 0 {
		return v, true
	}
	if n > 18 {
		return 0, false
	}
	hi, lo := bits.Mul64(magnitude(v), pow10[n])
	if hi != 0 || lo >= 1<<63 {
		return 0, false
	}
	if v < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

// alignBig brings two coefficients to the larger scale. The results may be the
// operands' own and must not be changed.
func alignBig(d, e Decimal) (a, b *big.Int, scale int) {
	a, b, scale = d.coefficient(), e.coefficient(), int(max(d.scale, e.scale))
	if n := scale - int(d.scale); n > 0 {
		a = new(big.Int).Mul(a, bigPow10(n))
	}
	if n := scale - int(e.scale); n > 0 {
		b = new(big.Int).Mul(b, bigPow10(n))
	}
	return a, b, scale
}

// Mul returns d × e. Its scale is the sum of both, rounded to 16383 where that is exceeded.
func (d Decimal) Mul(e Decimal) (Decimal, *Error) {
	if d.form != finite || e.form != finite {
		return mulSpecial(d, e), nil
	}
	scale := int(d.scale) + int(e.scale)
	if d.big == nil && e.big == nil && scale <= maxScale {
		hi, lo := bits.Mul64(magnitude(d.small), magnitude(e.small))
		return DecimalFromParts((d.small < 0) != (e.small < 0), hi, lo, scale), nil
	}
	c := new(big.Int).Mul(d.coefficient(), e.coefficient())
	if scale > maxScale {
		c = divideRounded(c, bigPow10(scale-maxScale))
		scale = maxScale
	}
	return checked(fromBig(c, scale))
}

func mulSpecial(d, e Decimal) Decimal {
	if d.IsNaN() || e.IsNaN() || d.Sign() == 0 || e.Sign() == 0 {
		return DecimalNaN()
	}
	return DecimalInf(d.Sign() * e.Sign())
}

// Mod returns the remainder of the division truncated towards zero: it has the
// sign of d and the larger scale.
func (d Decimal) Mod(e Decimal) (Decimal, *Error) {
	switch {
	case d.IsNaN() || e.IsNaN():
		return DecimalNaN(), nil
	case e.form == finite && e.Sign() == 0:
		return Decimal{}, errDivisionByZero()
	case d.IsInf():
		return DecimalNaN(), nil
	case e.IsInf():
		return d, nil
	}
	if a, b, scale, ok := alignSmall(d, e); ok {
		if b == -1 {
			return Decimal{scale: scale}, nil
		}
		return Decimal{small: a % b, scale: scale}, nil
	}
	a, b, scale := alignBig(d, e)
	return fromBig(new(big.Int).Rem(a, b), scale), nil
}

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	switch {
	case d.form == posInfinity:
		d.form = negInfinity
	case d.form == negInfinity:
		d.form = posInfinity
	case d.form != finite:
	case d.big != nil:
		return fromBig(new(big.Int).Neg(d.big), int(d.scale))
	case d.small == -1<<63:
		return DecimalFromParts(false, 0, 1<<63, int(d.scale))
	default:
		d.small = -d.small
	}
	return d
}

// Abs returns the magnitude of d.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// Cmp compares by value as PostgreSQL orders numerics: -1, 0 or 1; NaN equals
// itself and is above Infinity.
func (d Decimal) Cmp(e Decimal) int {
	if d.form != finite || e.form != finite {
		return compareInt(d.rank(), e.rank())
	}
	if d.scale == e.scale && d.big == nil && e.big == nil {
		return compareInt(d.small, e.small)
	}
	if x, y := d.Sign(), e.Sign(); x != y || x == 0 {
		return compareInt(int64(x), int64(y))
	}
	if a, b, _, ok := alignSmall(d, e); ok {
		return compareInt(a, b)
	}
	a, b, _ := alignBig(d, e)
	return a.Cmp(b)
}

// rank orders the forms.
func (d Decimal) rank() int64 {
	switch d.form {
	case negInfinity:
		return -1
	case posInfinity:
		return 1
	case notANumber:
		return 2
	}
	return 0
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
