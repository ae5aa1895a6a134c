package datum

import (
	"math"
	"math/big"
)

// maxWeight is the largest power of 10000 that numeric holds.
const maxWeight = 32767

var (
	decimalOne = Decimal{small: 1}
	minusOne   = Decimal{small: -1}
)

// Pow is power(numeric, numeric), with the digits and the scale of PostgreSQL 15.
func (d Decimal) Pow(e Decimal) (Decimal, *Error) {
	if d.form != finite || e.form != finite {
		return d.powSpecial(e)
	}
	if d.Sign() == 0 && e.Sign() < 0 {
		return Decimal{}, errBadPower(zeroToNegative)
	}
	if e.isInteger() {
		if t := e.Trunc(0); t.big == nil && t.small == int64(int32(t.small)) {
			return d.powInt(t.small)
		}
	}
	if d.Sign() == 0 {
		return Decimal{scale: minSignificantDigits}, nil
	}
	return d.powReal(e)
}

func (d Decimal) isInteger() bool { return d.form == finite && d.Trunc(0).Cmp(d) == 0 }

// isOdd says whether an integer is odd.
func (d Decimal) isOdd() bool {
	if !d.isInteger() {
		return false
	}
	t := d.Trunc(0)
	return t.coefficient().Bit(0) == 1
}

// powSpecial follows POSIX's pow() where an argument is NaN or infinite.
func (d Decimal) powSpecial(e Decimal) (Decimal, *Error) {
	one, zero := decimalOne, Decimal{}
	switch {
	case d.IsNaN() && e.form == finite && e.Sign() == 0, e.IsNaN() && d.form == finite && d.Cmp(one) == 0:
		return one, nil
	case d.IsNaN() || e.IsNaN():
		return DecimalNaN(), nil
	case d.Sign() == 0 && e.Sign() < 0:
		return zero, errBadPower(zeroToNegative)
	case d.Sign() < 0 && e.form == finite && !e.isInteger():
		return zero, errBadPower(complexPower)
	case d.form == finite && d.Cmp(one) == 0, e.form == finite && e.Sign() == 0:
		return one, nil
	case d.form == finite && d.Sign() == 0:
		return zero, nil
	case e.IsInf():
		if d.form == finite && d.Cmp(minusOne) == 0 {
			return one, nil
		}
		if above := d.IsInf() || d.Abs().Cmp(one) > 0; above == (e.Sign() > 0) {
			return DecimalInf(1), nil
		}
		return zero, nil
	case e.Sign() < 0:
		return zero, nil
	case d.Sign() < 0 && e.isOdd():
		return DecimalInf(-1), nil
	}
	return DecimalInf(1), nil
}

// powReal is power_var's e^(exponent × ln(base)).
func (d Decimal) powReal(e Decimal) (Decimal, *Error) {
	negative := false
	if d.Sign() < 0 {
		if !e.isInteger() {
			return Decimal{}, errBadPower(complexPower)
		}
		negative = e.isOdd()
		d = d.Neg()
	}
	lnWeight := d.lnWeight()
	low := max(8-lnWeight, 0)
	f := d.ln(low).times(e, low).approximate()
	if math.Abs(f) > 3.01*maxResultScale {
		if f > 0 {
			return Decimal{}, errNumericOverflow()
		}
		return Decimal{scale: maxDisplayScale}, nil
	}
	f *= log10OfE
	scale := shownScale(minSignificantDigits-int(f), d, e)
	local := max(max(scale+int(f), 0)-lnWeight+8, 0)
	result, err := d.ln(local).times(e, local).exp(scale)
	if negative {
		result = result.Neg()
	}
	return result, err
}

// powInt is power_var_int: repeated multiplication with as many digits as the
// result shows.
func (d Decimal) powInt(n int64) (Decimal, *Error) {
	scale := shownScale(minSignificantDigits, d)
	switch n {
	case 0:
		return decimalOne.roundTo(scale), nil
	case 1:
		return checked(d.roundTo(scale))
	case -1:
		return checked(decimalOne.over(d, scale))
	case 2:
		return checked(d.times(d, scale))
	}
	if d.Sign() == 0 {
		return Decimal{scale: uint16(scale)}, nil // n > 0
	}
	f := float64(n) * d.logOfSize()
	switch {
	case f > 3*maxWeight*4:
		return Decimal{}, errNumericOverflow()
	case f+1 < -float64(scale), f+1 < -maxDisplayScale:
		return Decimal{scale: uint16(scale)}, nil
	}
	digits := 1 + scale + int(f) + int(math.Log(math.Abs(float64(n)))) + 8
	result, ok := d.multiplied(magnitude(n), digits)
	switch {
	case !ok && n > 0:
		return Decimal{}, errNumericOverflow()
	case !ok:
		return Decimal{scale: uint16(scale)}, nil
	case n < 0 && result.n.Sign() == 0:
		return Decimal{}, errDivisionByZero()
	case n < 0:
		return checked(fromBig(divideRounded(bigPow10(scale+result.scale), result.n), scale))
	}
	return checked(fromBig(result.rounded(scale).n, scale))
}

// scaled is n × 10^-scale, beyond numeric's own limits.
type scaled struct {
	n     *big.Int
	scale int
}

// rounded has another scale, rounded half away from zero.
func (s scaled) rounded(scale int) scaled {
	if drop := s.scale - scale; drop > 0 {
		return scaled{divideRounded(s.n, bigPow10(drop)), scale}
	} else if drop < 0 {
		return scaled{new(big.Int).Mul(s.n, bigPow10(-drop)), scale}
	}
	return s
}

func (s scaled) times(t scaled, scale int) scaled {
	return scaled{new(big.Int).Mul(s.n, t.n), s.scale + t.scale}.rounded(scale)
}

// weight is the power of 10000 that the first digit stands for.
func (s scaled) weight() int {
	if s.n.Sign() == 0 {
		return 0
	}
	return (Decimal{big: s.n}.digits() - 1 - s.scale) >> 2
}

// multiplied is d^n with about so many significant digits; ok is false where it
// grows beyond numeric.
func (d Decimal) multiplied(n uint64, digits int) (result scaled, ok bool) {
	product := scaled{d.coefficient(), int(d.scale)}
	result = scaled{big.NewInt(1), 0}
	if n&1 != 0 {
		result = product
	}
	for n >>= 1; n > 0; n >>= 1 {
		local := digits - 8*product.weight()
		local = max(min(local, 2*product.scale), 0)
		product = product.times(product, local)
		if n&1 != 0 {
			local = digits - 4*(product.weight()+result.weight())
			local = max(min(local, product.scale+result.scale), 0)
			result = product.times(result, local)
		}
		if product.weight() > maxWeight || result.weight() > maxWeight {
			return result, false
		}
	}
	return result, true
}

// logOfSize is about log10(|d|), from the first sixteen digits as numeric.c takes them.
func (d Decimal) logOfSize() float64 {
	weight, first := d.leading()
	f, exponent := float64(first), 4*weight
	rest := d.Abs().minus(first, exponent)
	for i := 1; i < 4 && rest.Sign() != 0; i++ {
		exponent -= 4
		f *= 10000
		if w, next := rest.leading(); 4*w == exponent {
			f += float64(next)
			rest = rest.minus(next, exponent)
		}
	}
	return math.Log10(f) + float64(exponent)
}
