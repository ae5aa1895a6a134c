package datum

import "math"

// Int2 is the cast to smallint: rounded half away from zero, with PostgreSQL's errors.
func (d Decimal) Int2() (int64, *Error) { return d.toInt(Int2) }

// Int4 is the cast to integer.
func (d Decimal) Int4() (int64, *Error) { return d.toInt(Int4) }

// Int8 is the cast to bigint.
func (d Decimal) Int8() (int64, *Error) { return d.toInt(Int8) }

func (d Decimal) toInt(t Type) (int64, *Error) {
	switch {
	case d.IsNaN():
		return 0, Errorf(CodeFeatureNotSupported, "cannot convert NaN to %v", t)
	case d.IsInf():
		return 0, Errorf(CodeFeatureNotSupported, "cannot convert infinity to %v", t)
	}
	r, err := d.Round(0)
	lo, hi := intRange(t)
	if err != nil || r.big != nil || r.small < lo || r.small > hi {
		return 0, errIntRange(t)
	}
	return r.small, nil
}

// Float8 is the cast to double precision: the nearest float. What is too large
// or, without being zero, too small is an error, as float8in's is.
func (d Decimal) Float8() (float64, *Error) {
	switch d.form {
	case notANumber:
		return math.NaN(), nil
	case posInfinity:
		return math.Inf(1), nil
	case negInfinity:
		return math.Inf(-1), nil
	}
	// Both are exact, so that the division rounds once.
	if d.big == nil && magnitude(d.small) <= 1<<53 && d.scale <= 22 {
		return float64(d.small) / floatPow10[d.scale], nil
	}
	var buf [48]byte
	return ParseFloat(d.AppendText(buf[:0]), Float8)
}

// Float4 is the cast to real, as a float64 that a float32 represents.
func (d Decimal) Float4() (float64, *Error) {
	if d.form != finite {
		return d.Float8()
	}
	var buf [48]byte
	return ParseFloat(d.AppendText(buf[:0]), Float4)
}

// floatPow10 holds the powers of ten that a float64 represents exactly.
var floatPow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}
