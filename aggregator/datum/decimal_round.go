package datum

import (
	"fmt"
	"math/big"
)

// Round rounds half away from zero to scale digits after the point; a negative
// scale rounds before the point. The result's scale is scale, 0 if negative.
func (d Decimal) Round(scale int) (Decimal, *Error) { return d.rescale(scale, true) }

// Trunc is Round towards zero.
func (d Decimal) Trunc(scale int) Decimal {
	// Only a round up can overflow, or an extension, which adds no integer digits.
	t, err := d.rescale(scale, false)
	if err != nil {
		panic("bug: trunc overflows")
	}
	return t
}

// Ceil returns the smallest integer that is not below d, with scale 0.
func (d Decimal) Ceil() (Decimal, *Error) {
	t := d.Trunc(0)
	if d.form == finite && d.Sign() > 0 && t.Cmp(d) != 0 {
		return t.Add(DecimalFromInt(1))
	}
	return t, nil
}

// Floor returns the largest integer that is not above d, with scale 0.
func (d Decimal) Floor() (Decimal, *Error) {
	t := d.Trunc(0)
	if d.form == finite && d.Sign() < 0 && t.Cmp(d) != 0 {
		return t.Add(DecimalFromInt(-1))
	}
	return t, nil
}

func (d Decimal) rescale(scale int, round bool) (Decimal, *Error) {
	if d.form != finite {
		return d, nil
	}
	scale = min(max(scale, -maxIntegerDigits-1), maxScale)
	drop := int(d.scale) - scale
	if drop <= 0 {
		if c, ok := shiftLeft(d.small, -drop); ok && d.big == nil {
			return Decimal{small: c, scale: uint16(scale)}, nil
		}
		return fromBig(new(big.Int).Mul(d.coefficient(), bigPow10(-drop)), scale), nil
	}
	if d.big == nil {
		return rescaleSmall(d.small, drop, scale, round), nil
	}
	if drop > d.digits() { // what remains is below one half
		return Decimal{scale: uint16(max(scale, 0))}, nil
	}
	var c *big.Int
	if unit := bigPow10(drop); round {
		c = divideRounded(d.big, unit)
	} else {
		c = new(big.Int).Quo(d.big, unit)
	}
	if scale < 0 {
		c.Mul(c, bigPow10(-scale))
		scale = 0
	}
	return checked(fromBig(c, scale))
}

func rescaleSmall(v int64, drop, scale int, round bool) Decimal {
	if drop > 19 {
		return Decimal{scale: uint16(max(scale, 0))}
	}
	u, unit := magnitude(v), pow10[drop]
	q, r := u/unit, u%unit
	if round && r >= unit-r {
		q++
	}
	d := DecimalFromParts(v < 0, 0, q, max(scale, 0))
	if scale >= 0 {
		return d
	}
	if c, ok := shiftLeft(d.small, -scale); ok {
		return Decimal{small: c}
	}
	return fromBig(new(big.Int).Mul(d.coefficient(), bigPow10(-scale)), 0)
}

// ApplyTypmod rounds to numeric(precision, scale) and refuses what has too many
// digits before the point.
func (d Decimal) ApplyTypmod(precision, scale int) (Decimal, *Error) {
	if d.IsNaN() {
		return d, nil
	}
	if d.IsInf() {
		err := Errorf(CodeOutOfRange, "numeric field overflow")
		err.Detail = fmt.Sprintf("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
		return Decimal{}, err
	}
	r, err := d.Round(scale)
	if err != nil {
		return Decimal{}, err
	}
	digits := precision - scale // allowed before the point, may be negative
	if r.Sign() == 0 || r.digits()-int(r.scale) <= digits {
		return r, nil
	}
	err = Errorf(CodeOutOfRange, "numeric field overflow")
	limit := "1"
	if digits != 0 {
		limit = fmt.Sprintf("10^%d", digits)
	}
	err.Detail = fmt.Sprintf("A field with precision %d, scale %d must round to an absolute value less than %s.",
		precision, scale, limit)
	return Decimal{}, err
}
