package datum

import (
	"math/big"
	"math/bits"
)

// Decimal is PostgreSQL's numeric: NaN, ±Infinity, or coefficient × 10^-scale.
// The scale is numeric's display scale, 0 to 16383: 1.0 and 1.00 are equal by
// [Decimal.Cmp] and print differently. There is no negative zero. The zero
// Decimal is 0. Values are immutable; == does not compare them.
//
// A coefficient that fits an int64 is held in place and calculated with without
// an allocation; larger ones live in math/big.
type Decimal struct {
	big   *big.Int // the coefficient where it does not fit small, else nil
	small int64
	scale uint16
	form  form
}

type form uint8

const (
	finite form = iota
	notANumber
	posInfinity
	negInfinity
)

// The limits of numeric's storage format: the digits before and after the point.
const (
	maxIntegerDigits = 131072 // 4 * (NUMERIC_WEIGHT_MAX + 1)
	maxScale         = 16383  // NUMERIC_DSCALE_MAX
)

// pow10 holds the powers of ten that a uint64 represents.
var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

func errNumericOverflow() *Error { return Errorf(CodeOutOfRange, "value overflows numeric format") }

func errDivisionByZero() *Error { return Errorf(CodeDivisionByZero, "division by zero") }

// DecimalFromInt returns v with scale 0.
func DecimalFromInt(v int64) Decimal { return Decimal{small: v} }

// DecimalNaN returns NaN, which equals itself and is above all other values.
func DecimalNaN() Decimal { return Decimal{form: notANumber} }

// DecimalInf returns Infinity, or -Infinity where sign is negative.
func DecimalInf(sign int) Decimal {
	if sign < 0 {
		return Decimal{form: negInfinity}
	}
	return Decimal{form: posInfinity}
}

// DecimalFromParts returns ±(hi × 2^64 + lo) × 10^-scale: what a sum kept in 128
// bits amounts to. The scale must be within 0..16383.
func DecimalFromParts(neg bool, hi, lo uint64, scale int) Decimal {
	if scale < 0 || scale > maxScale {
		panic("bug: scale of a decimal")
	}
	if hi == 0 && lo < 1<<63 {
		if neg {
			return Decimal{small: -int64(lo), scale: uint16(scale)}
		}
		return Decimal{small: int64(lo), scale: uint16(scale)}
	}
	c := new(big.Int).SetUint64(hi)
	c.Lsh(c, 64).Add(c, new(big.Int).SetUint64(lo))
	if neg {
		c.Neg(c)
	}
	return fromBig(c, scale)
}

// fromBig makes a decimal of a coefficient that it takes over.
func fromBig(c *big.Int, scale int) Decimal {
	if c.IsInt64() {
		return Decimal{small: c.Int64(), scale: uint16(scale)}
	}
	return Decimal{big: c, scale: uint16(scale)}
}

// checked refuses what numeric's storage cannot hold.
func checked(d Decimal) (Decimal, *Error) {
	// 10^131072 has 435412 bits, so anything of 435411 bits is below it.
	const safeBits = 435411
	if d.big == nil || d.big.BitLen() <= safeBits {
		return d, nil
	}
	if d.digits()-int(d.scale) > maxIntegerDigits {
		return Decimal{}, errNumericOverflow()
	}
	return d, nil
}

// IsNaN reports whether d is NaN.
func (d Decimal) IsNaN() bool { return d.form == notANumber }

// IsInf reports whether d is Infinity or -Infinity.
func (d Decimal) IsInf() bool { return d.form == posInfinity || d.form == negInfinity }

// Scale returns the number of digits after the point, 0 for NaN and infinities.
func (d Decimal) Scale() int { return int(d.scale) }

// Small returns the coefficient and scale where the coefficient fits an int64;
// ok is false for larger ones, NaN and infinities.
func (d Decimal) Small() (coefficient int64, scale int, ok bool) {
	return d.small, int(d.scale), d.form == finite && d.big == nil
}

// Parts returns d as ±(hi × 2^64 + lo) × 10^-scale; ok is false where the
// coefficient needs more than 128 bits and for NaN and infinities.
func (d Decimal) Parts() (neg bool, hi, lo uint64, scale int, ok bool) {
	if d.form != finite {
		return false, 0, 0, 0, false
	}
	if d.big == nil {
		return d.small < 0, 0, magnitude(d.small), int(d.scale), true
	}
	if d.big.BitLen() > 128 {
		return false, 0, 0, 0, false
	}
	var raw [16]byte
	d.big.FillBytes(raw[:])
	return d.big.Sign() < 0, beUint64(raw[:]), beUint64(raw[8:]), int(d.scale), true
}

// Sign returns -1, 0 or 1. NaN counts as positive, as sign() does not: callers
// that need sign(NaN) test for it.
func (d Decimal) Sign() int {
	switch {
	case d.form == negInfinity:
		return -1
	case d.form != finite:
		return 1
	case d.big != nil:
		return d.big.Sign()
	case d.small < 0:
		return -1
	case d.small > 0:
		return 1
	}
	return 0
}

// coefficient returns the coefficient as a big integer, which the caller must not change.
func (d Decimal) coefficient() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.small)
}

// digits returns how many decimal digits the coefficient has, 0 for zero.
func (d Decimal) digits() int {
	if d.big == nil {
		return digits64(magnitude(d.small))
	}
	// digits-1 = floor(log10(c)); 30103/100000 is just above log10(2), so the
	// estimate is at most one too many for coefficients of numeric's size.
	n := (d.big.BitLen()-1)*30103/100000 + 1
	for d.big.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	for n > 1 && d.big.CmpAbs(bigPow10(n-1)) < 0 {
		n--
	}
	return n
}

// digits64 returns how many decimal digits u has, 0 for zero.
func digits64(u uint64) int {
	n := bits.Len64(u) * 1233 >> 12
	if n < len(pow10) && u >= pow10[n] {
		n++
	}
	return n
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func bigPow10(n int) *big.Int {
	if n < len(pow10) {
		return new(big.Int).SetUint64(pow10[n])
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func beUint64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}
