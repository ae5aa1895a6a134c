package datum

import (
	"math/big"
	"strconv"
)

// ParseDecimal reads a numeric as numeric_in does: surrounding white space, a
// sign, digits with a point, an exponent; NaN, [±]Infinity and [±]inf in any case.
// It refuses the hexadecimal, octal, binary and underscored forms that
// PostgreSQL 16 and later accept.
func ParseDecimal(s []byte) (Decimal, *Error) {
	t := trimSpace(s)
	d, state := parseFinite(t)
	switch state {
	case parsed:
		return d, nil
	case overflowed:
		return Decimal{}, errNumericOverflow()
	}
	if d, ok := parseSpecialDecimal(t); ok {
		return d, nil
	}
	return Decimal{}, errSyntax(Numeric, s)
}

func parseSpecialDecimal(t []byte) (Decimal, bool) {
	if equalFold(t, "nan") {
		return DecimalNaN(), true
	}
	sign := 1
	if len(t) > 0 && (t[0] == '+' || t[0] == '-') {
		if t[0] == '-' {
			sign = -1
		}
		t = t[1:]
	}
	if equalFold(t, "infinity") || equalFold(t, "inf") {
		return DecimalInf(sign), true
	}
	return Decimal{}, false
}

type parseState uint8

const (
	malformed parseState = iota
	parsed
	overflowed
)

// parseFinite reads a number without white space around it.
func parseFinite(t []byte) (Decimal, parseState) {
	neg := false
	if len(t) > 0 && (t[0] == '+' || t[0] == '-') {
		neg = t[0] == '-'
		t = t[1:]
	}
	var (
		c        uint64
		fits     = true // c holds every digit so far
		digits   int    // without leading zeros
		fraction int    // digits after the point
		point    bool
		i        int
	)
	if len(t) == 0 || !isDigit(t[0]) && (t[0] != '.' || len(t) == 1 || !isDigit(t[1])) {
		return Decimal{}, malformed
	}
	for ; i < len(t); i++ {
		if t[i] == '.' && !point {
			point = true
			continue
		}
		if !isDigit(t[i]) {
			break
		}
		if digits > 0 || t[i] != '0' {
			digits++
		}
		if point {
			fraction++
		}
		if digits <= 18 {
			c = 10*c + uint64(t[i]-'0')
		} else {
			fits = false
		}
	}
	mantissa := t[:i]
	exponent, state := parseExponent(t[i:])
	if state != parsed {
		return Decimal{}, state
	}
	scale := fraction - exponent
	if scale > maxScale || digits > 0 && digits-scale > maxIntegerDigits {
		return Decimal{}, overflowed
	}
	if fits && scale >= 0 {
		if neg {
			return Decimal{small: -int64(c), scale: uint16(scale)}, parsed
		}
		return Decimal{small: int64(c), scale: uint16(scale)}, parsed
	}
	if digits == 0 {
		return Decimal{}, parsed // 0e5: no digits to shift
	}
	if fits { // and scale < 0
		if v, ok := shiftLeft(int64(c), -scale); ok {
			if neg {
				v = -v
			}
			return Decimal{small: v}, parsed
		}
	}
	return bigFromDigits(neg, mantissa, scale), parsed
}

// bigFromDigits reads digits with at most one point among them.
func bigFromDigits(neg bool, mantissa []byte, scale int) Decimal {
	text := make([]byte, 0, len(mantissa))
	for _, ch := range mantissa {
		if ch != '.' {
			text = append(text, ch)
		}
	}
	c, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		panic("bug: digits of a numeric")
	}
	if scale < 0 {
		c.Mul(c, bigPow10(-scale))
		scale = 0
	}
	if neg {
		c.Neg(c)
	}
	return fromBig(c, scale)
}

// parseExponent reads "", or e and a number. PostgreSQL 15 refuses a magnitude
// from INT_MAX/2 on as an overflow whatever the mantissa.
func parseExponent(t []byte) (int, parseState) {
	if len(t) == 0 {
		return 0, parsed
	}
	if t[0] != 'e' && t[0] != 'E' || len(t) == 1 {
		return 0, malformed
	}
	t = t[1:]
	neg := false
	if t[0] == '+' || t[0] == '-' {
		neg = t[0] == '-'
		t = t[1:]
	}
	if len(t) == 0 {
		return 0, malformed
	}
	const limit = (1<<31 - 1) / 2
	e := 0
	for _, ch := range t {
		if !isDigit(ch) {
			return 0, malformed
		}
		e = min(10*e+int(ch-'0'), limit)
	}
	if e >= limit {
		return 0, overflowed
	}
	if neg {
		e = -e
	}
	return e, parsed
}

// DecimalFromFloat is the cast of a float of 32 or 64 bits: PostgreSQL rounds to
// 6 or 15 significant digits. It never fails today; the error is for symmetry
// with the other casts.
func DecimalFromFloat(f float64, bits int) (Decimal, *Error) {
	switch {
	case f != f:
		return DecimalNaN(), nil
	case f-f != 0:
		if f < 0 {
			return DecimalInf(-1), nil
		}
		return DecimalInf(1), nil
	}
	precision := 15
	if bits == 32 {
		precision = 6
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', precision-1, 64)
	// d.ddddde±x: strip the mantissa's trailing zeros as %g does.
	e := len(text) - 1
	for text[e] != 'e' {
		e--
	}
	end := e
	for end > 0 && text[end-1] == '0' {
		end--
	}
	if end > 0 && text[end-1] == '.' {
		end--
	}
	end = max(end, 1)
	if text[0] == '-' {
		end = max(end, 2)
	}
	text = append(text[:end], text[e:]...)
	d, state := parseFinite(text)
	if state != parsed {
		return Decimal{}, errNumericOverflow()
	}
	return d, nil
}

// String returns the number as numeric_out prints it.
func (d Decimal) String() string { return string(d.AppendText(nil)) }

// AppendText appends what String returns.
func (d Decimal) AppendText(dst []byte) []byte {
	switch d.form {
	case notANumber:
		return append(dst, "NaN"...)
	case posInfinity:
		return append(dst, "Infinity"...)
	case negInfinity:
		return append(dst, "-Infinity"...)
	}
	if d.Sign() < 0 {
		dst = append(dst, '-')
	}
	start := len(dst)
	if d.big == nil {
		dst = strconv.AppendUint(dst, magnitude(d.small), 10)
	} else {
		dst = new(big.Int).Abs(d.big).Append(dst, 10)
	}
	return insertPoint(dst, start, int(d.scale))
}

// insertPoint puts a point before the last scale digits of dst[start:], with
// zeros before them where there are too few.
func insertPoint(dst []byte, start, scale int) []byte {
	if scale == 0 {
		return dst
	}
	if missing := scale + 1 - (len(dst) - start); missing > 0 {
		end := len(dst)
		for range missing {
			dst = append(dst, '0')
		}
		copy(dst[start+missing:], dst[start:end])
		for i := range missing {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}
