package datum

import (
	"math"
	"math/big"
	"strconv"
)

// ParseFloat reads a real or double precision as float4in and float8in do:
// decimal or hexadecimal, NaN and infinities in any case, white space around.
// A magnitude too large, or one that would become zero, is an error.
func ParseFloat(s []byte, t Type) (float64, *Error) {
	text := trimSpace(s)
	if f, ok := parseSpecialFloat(text); ok {
		return f, nil
	}
	nonzero, bareHex, ok := scanFloat(text)
	if !ok {
		return 0, errSyntax(t, s)
	}
	if bareHex { // Go insists on an exponent
		text = append(text[:len(text):len(text)], "p0"...)
	}
	bits := 64
	if t == Float4 {
		bits = 32
	}
	f, err := strconv.ParseFloat(string(text), bits)
	if err != nil || f == 0 && nonzero {
		return 0, Errorf(CodeOutOfRange, "\"%s\" is out of range for type %v", trimSpace(s), t)
	}
	return f, nil
}

func parseSpecialFloat(t []byte) (float64, bool) {
	sign := 1
	if len(t) > 0 && (t[0] == '+' || t[0] == '-') {
		if t[0] == '-' {
			sign = -1
		}
		t = t[1:]
	}
	switch {
	case equalFold(t, "nan"):
		return math.NaN(), true
	case equalFold(t, "infinity"), equalFold(t, "inf"):
		return math.Inf(sign), true
	}
	return 0, false
}

// scanFloat checks for the form that C's strtod reads. nonzero says whether a
// digit of the mantissa is not 0, bareHex that the number is hexadecimal without
// an exponent.
func scanFloat(t []byte) (nonzero, bareHex, ok bool) {
	i := 0
	if i < len(t) && (t[i] == '+' || t[i] == '-') {
		i++
	}
	hex := i+1 < len(t) && t[i] == '0' && t[i+1]|0x20 == 'x'
	mark := byte('e')
	if hex {
		mark = 'p'
		i += 2
	}
	digits, point := 0, false
	for ; i < len(t); i++ {
		c := t[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if !isDigit(c) && (!hex || c|0x20 < 'a' || c|0x20 > 'f') {
			break
		}
		digits++
		nonzero = nonzero || c != '0'
	}
	if digits == 0 {
		return false, false, false
	}
	if i == len(t) {
		return nonzero, hex, true
	}
	if t[i]|0x20 != mark {
		return false, false, false
	}
	i++
	if i < len(t) && (t[i] == '+' || t[i] == '-') {
		i++
	}
	if i == len(t) {
		return false, false, false
	}
	for ; i < len(t); i++ {
		if !isDigit(t[i]) {
			return false, false, false
		}
	}
	return nonzero, false, true
}

// AppendFloat appends a float as float4out and float8out print it with
// extra_float_digits above 0: the fewest digits that lie strictly between the
// neighbouring floats' midpoints, in scientific notation where %g with 6 or 15
// digits would choose it.
func AppendFloat(dst []byte, f float64, t Type) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case f > math.MaxFloat64:
		return append(dst, "Infinity"...)
	case f < -math.MaxFloat64:
		return append(dst, "-Infinity"...)
	}
	// Below integers, every midpoint has a shorter form beside it.
	bits, limit, integers := 64, 15, float64(1<<53)
	if t == Float4 {
		bits, limit, integers = 32, 6, 1<<24
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, bits)
	if math.Abs(f) >= integers && onMidpoint(text, f, bits) {
		// PostgreSQL does not trust readers to round ties to even.
		text = strictFloat(buf[:0], f, bits)
	}
	exponent := floatExponent(text)
	if exponent < -4 || exponent >= limit {
		return append(dst, text...)
	}
	return appendPlain(dst, text, exponent)
}

// splitFloat returns the mantissa's digits and the power of ten of the last one.
func splitFloat(text []byte) (digits []byte, exponent int) {
	for i, c := range text {
		if c == 'e' {
			break
		}
		if isDigit(c) {
			digits = append(digits, text[i])
		}
	}
	return digits, floatExponent(text) - len(digits) + 1
}

func floatExponent(text []byte) int {
	i := len(text) - 1
	e := 0
	for unit := 1; isDigit(text[i]); i-- {
		e += unit * int(text[i]-'0')
		unit *= 10
	}
	if text[i] == '-' {
		return -e
	}
	return e
}

// onMidpoint reports whether the decimal text lies halfway between f and one of
// its neighbours. Only integers of more bits than the mantissa can, for others
// have a shorter form.
func onMidpoint(text []byte, f float64, size int) bool {
	digits, exponent := splitFloat(text)
	if exponent < 0 || exponent > 30 {
		return false
	}
	decimal, _ := new(big.Int).SetString(string(digits), 10)
	decimal.Mul(decimal, bigPow10(exponent)).Lsh(decimal, 1)
	f = math.Abs(f)
	for _, toward := range [2]float64{0, math.Inf(1)} {
		neighbour := math.Nextafter(f, toward)
		if size == 32 {
			neighbour = float64(math.Nextafter32(float32(f), float32(toward)))
		}
		if math.IsInf(neighbour, 0) {
			continue
		}
		a, _ := new(big.Float).SetFloat64(f).Int(nil)
		b, _ := new(big.Float).SetFloat64(neighbour).Int(nil)
		if a.Add(a, b).Cmp(decimal) == 0 {
			return true
		}
	}
	return false
}

// strictFloat returns the shortest digits that are on no midpoint.
func strictFloat(buf []byte, f float64, bits int) []byte {
	shortest := strconv.AppendFloat(buf[:0], f, 'e', -1, bits)
	digits, _ := splitFloat(shortest)
	for precision := len(digits); precision < 17; precision++ {
		text := strconv.AppendFloat(buf[:0], f, 'e', precision, bits)
		back, err := strconv.ParseFloat(string(text), bits)
		if err == nil && back == f && !onMidpoint(text, f, bits) {
			return text
		}
	}
	return strconv.AppendFloat(buf[:0], f, 'e', 16, bits)
}

// appendPlain writes d.ddde±x without an exponent.
func appendPlain(dst, text []byte, exponent int) []byte {
	if text[0] == '-' {
		dst = append(dst, '-')
	}
	if exponent < 0 {
		dst = append(dst, "0.000"[:1-exponent]...)
	}
	n := 0
	for _, c := range text {
		if c == 'e' {
			break
		}
		if !isDigit(c) {
			continue
		}
		if n == exponent+1 && exponent >= 0 {
			dst = append(dst, '.')
		}
		dst = append(dst, c)
		n++
	}
	for ; n <= exponent; n++ {
		dst = append(dst, '0')
	}
	return dst
}

// CompareFloat orders floats as PostgreSQL does: NaN equals itself and is above
// all others, -0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a:
		return -1
	case b == b:
		return 1
	}
	return 0
}

// FloatToInt is the cast of a float to an integer type: rounded half to even.
func FloatToInt(f float64, t Type) (int64, *Error) {
	r := math.RoundToEven(f)
	// -2^63 is a float64, 2^63-1 is not.
	if f != f || r < -1<<63 || r >= 1<<63 {
		return 0, errIntRange(t)
	}
	return CheckInt(int64(r), t)
}
