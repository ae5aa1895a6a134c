package datum

import (
	"math"
	"math/big"
)

// SQLSTATEs of arguments outside a function's domain.
const (
	codeBadLogarithm = "2201E" // invalid_argument_for_logarithm
	codeBadPower     = "2201F" // invalid_argument_for_power_function
)

// Limits of numeric.h and numeric.c.
const (
	maxDisplayScale = 1000
	maxResultScale  = 2 * maxDisplayScale
	log10OfE        = 0.434294481903252 // as numeric.c has it
)

func errBadPower(what string) *Error { return Errorf(codeBadPower, "%s", what) }

const (
	zeroToNegative = "zero raised to a negative power is undefined"
	complexPower   = "a negative number raised to a non-integer power yields a complex result"
)

// shownScale bounds a result's scale: not less than those of the arguments.
func shownScale(scale int, args ...Decimal) int {
	for _, d := range args {
		scale = max(scale, int(d.scale))
	}
	return min(max(scale, 0), maxDisplayScale)
}

// weight is the power of 10000 that the first digit in base 10000 stands for.
func (d Decimal) weight() int {
	w, _ := d.leading()
	return w
}

// roundTo rounds to so many digits after the point, like round_var: a result whose
// scale is smaller keeps its digits and gets the scale.
func (d Decimal) roundTo(scale int) Decimal {
	r, err := d.rescale(scale, true)
	if err != nil {
		panic("bug: a rounded intermediate value overflows")
	}
	return r
}

// times is the product rounded to a scale, without a limit of its size.
func (d Decimal) times(e Decimal, scale int) Decimal {
	c := new(big.Int).Mul(d.coefficient(), e.coefficient())
	if drop := int(d.scale) + int(e.scale) - scale; drop > 0 {
		c = divideRounded(c, bigPow10(drop))
	} else if drop < 0 {
		c.Mul(c, bigPow10(-drop))
	}
	return fromBig(c, scale)
}

// over is the quotient rounded to a scale.
func (d Decimal) over(e Decimal, scale int) Decimal {
	a, b := d.coefficient(), e.coefficient()
	if shift := scale + int(e.scale) - int(d.scale); shift >= 0 {
		a = new(big.Int).Mul(a, bigPow10(shift))
	} else {
		b = new(big.Int).Mul(b, bigPow10(-shift))
	}
	return fromBig(divideRounded(a, b), scale)
}

// approximate is the nearest float, ±Inf beyond the range.
func (d Decimal) approximate() float64 {
	f, err := d.Float8()
	if err == nil {
		return f
	}
	if d.digits()-int(d.scale) < 0 {
		return 0
	}
	return math.Inf(d.Sign())
}

// Sqrt is sqrt(numeric), rounded to at least 16 significant digits.
func (d Decimal) Sqrt() (Decimal, *Error) {
	switch {
	case d.form == negInfinity || d.form == finite && d.Sign() < 0:
		return Decimal{}, errBadPower("cannot take square root of a negative number")
	case d.form != finite:
		return d, nil
	}
	scale := shownScale(minSignificantDigits-(2*d.weight()+1), d)
	if d.Sign() == 0 {
		return Decimal{scale: uint16(scale)}, nil
	}
	// One more digit than shown, cut: a half shows itself.
	shift := 2*(scale+1) - int(d.scale)
	c := new(big.Int)
	if shift >= 0 {
		c.Mul(d.coefficient(), bigPow10(shift))
	} else {
		c.Quo(d.coefficient(), bigPow10(-shift))
	}
	return fromBig(c.Sqrt(c), scale+1).roundTo(scale), nil
}

// Exp is exp(numeric).
func (d Decimal) Exp() (Decimal, *Error) {
	switch d.form {
	case negInfinity:
		return Decimal{}, nil
	case finite:
	default:
		return d, nil
	}
	weight := min(max(d.approximate()*log10OfE, -maxResultScale), maxResultScale)
	return d.exp(shownScale(minSignificantDigits-int(weight), d))
}

// exp is exp_var.
func (d Decimal) exp(scale int) (Decimal, *Error) {
	f := d.approximate()
	if math.Abs(f) >= 3*maxResultScale {
		if f > 0 {
			return Decimal{}, errNumericOverflow()
		}
		return Decimal{scale: uint16(scale)}, nil
	}
	return expFixed(d, scale+int(math.Abs(f*log10OfE))+2).decimal(scale), nil
}

// Ln is ln(numeric).
func (d Decimal) Ln() (Decimal, *Error) {
	if err := d.loggable(); err != nil || d.form != finite {
		return d, err
	}
	return d.ln(shownScale(minSignificantDigits-d.lnWeight(), d)), nil
}

func (d Decimal) loggable() *Error {
	switch {
	case d.IsNaN():
		return nil
	case d.Sign() < 0:
		return Errorf(codeBadLogarithm, "cannot take logarithm of a negative number")
	case d.Sign() == 0:
		return Errorf(codeBadLogarithm, "cannot take logarithm of zero")
	}
	return nil
}

func (d Decimal) ln(scale int) Decimal { return lnFixed(d, scale+2).decimal(scale) }

// lnWeight is estimate_ln_dweight: about the power of ten of ln(d)'s first digit.
func (d Decimal) lnWeight() int {
	if d.Sign() <= 0 {
		return 0
	}
	if d.Cmp(Decimal{small: 9, scale: 1}) >= 0 && d.Cmp(Decimal{small: 11, scale: 1}) <= 0 {
		x, err := d.Sub(Decimal{small: 1})
		if err != nil || x.Sign() == 0 {
			return 0
		}
		weight, first := x.leading()
		return 4*weight + int(math.Log10(float64(first)))
	}
	digits, weight := d.leadingTwo()
	return int(math.Log10(math.Abs(math.Log(float64(digits)) + float64(float64(weight)*2.302585092994046))))
}

// leadingTwo returns the first two digits in base 10000, or the first where
// there is one, and the power of ten that the last of them stands for.
func (d Decimal) leadingTwo() (digits uint64, exponent int) {
	weight, first := d.leading()
	digits, exponent = first, 4*weight
	if rest := d.Abs().minus(first, exponent); rest.Sign() != 0 {
		exponent -= 4
		digits = 10000 * digits
		if w, second := rest.leading(); 4*w == exponent {
			digits += second
		}
	}
	return digits, exponent
}

// minus is d less digits × 10^exponent.
func (d Decimal) minus(digits uint64, exponent int) Decimal {
	c := new(big.Int).SetUint64(digits)
	e := fromBig(c.Mul(c, bigPow10(max(exponent, 0))), max(-exponent, 0))
	a, b, scale := alignBig(d, e)
	return fromBig(new(big.Int).Sub(a, b), scale)
}

// Log is log(base, d) for d and base numeric.
func Log(base, d Decimal) (Decimal, *Error) {
	if base.IsNaN() || d.IsNaN() {
		return DecimalNaN(), nil
	}
	if base.form != finite || d.form != finite {
		return logSpecial(base, d)
	}
	if err := base.loggable(); err != nil {
		// ln(base) comes first.
		return Decimal{}, err
	}
	if err := d.loggable(); err != nil {
		return Decimal{}, err
	}
	baseWeight, weight := base.lnWeight(), d.lnWeight()
	result := weight - baseWeight
	scale := shownScale(minSignificantDigits-result, base, d)
	lnBase := base.ln(max(scale+result-baseWeight+8, 0))
	if lnBase.Sign() == 0 {
		return Decimal{}, errDivisionByZero()
	}
	ln := d.ln(max(scale+result-weight+8, 0))
	return checked(ln.over(lnBase, scale))
}

func logSpecial(base, d Decimal) (Decimal, *Error) {
	switch {
	case base.Sign() < 0 || d.Sign() < 0:
		return Decimal{}, Errorf(codeBadLogarithm, "cannot take logarithm of a negative number")
	case base.Sign() == 0 || d.Sign() == 0:
		return Decimal{}, Errorf(codeBadLogarithm, "cannot take logarithm of zero")
	case base.IsInf() && d.IsInf():
		return DecimalNaN(), nil
	case base.IsInf():
		return Decimal{}, nil
	}
	return DecimalInf(1), nil
}
