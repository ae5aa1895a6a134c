package datum

import (
	"math"
	"strconv"
)

// appendG appends a float as %g with a precision does in PostgreSQL's messages.
func appendG(dst []byte, f float64, precision int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	text := strconv.AppendFloat(nil, f, 'e', precision-1, 64)
	exponent := floatExponent(text)
	if exponent >= -4 && exponent < precision {
		return append(dst, withoutZeros(strconv.AppendFloat(nil, f, 'f', precision-1-exponent, 64))...)
	}
	at := len(text) - 1
	for text[at] != 'e' {
		at--
	}
	dst = append(dst, withoutZeros(text[:at:at])...)
	return append(dst, text[at:]...)
}

// withoutZeros takes the zeros at a fraction's end away.
func withoutZeros(text []byte) []byte {
	end, point := len(text), false
	for _, c := range text {
		point = point || c == '.'
	}
	for point && text[end-1] == '0' {
		end--
	}
	if text[end-1] == '.' {
		end--
	}
	return text[:end]
}
