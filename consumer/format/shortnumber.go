package format

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

// shortInt reads the number at v[i] if it is an integer of at most 18 digits;
// else, and if it is no JSON, end is 0.
func shortInt(v []byte, i int) (x int64, end int) {
	negative := v[i] == '-'
	if negative {
		i++
	}
	first := i
	for i < len(v) && v[i]-'0' <= 9 {
		x = x*10 + int64(v[i]-'0')
		i++
	}
	if n := i - first; n == 0 || n > 18 || n > 1 && v[first] == '0' || i < len(v) && (v[i] == '.' || v[i]|0x20 == 'e') {
		return 0, 0
	}
	if negative {
		return -x, i
	}
	return x, i
}

// fits reports whether a value is in an integer type's range.
func fits(x int64, t datum.Type) bool {
	switch t {
	case datum.Int4:
		return x == int64(int32(x))
	case datum.Int2:
		return x == int64(int16(x))
	}
	return true
}

// powers are those of ten that a float64 holds exactly.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// shortFloat reads the number at v[i] if it has at most 15 digits and no
// exponent: both its digits and the power of ten are then exact, so that one
// division rounds correctly (Clinger 1990, fast path). Else, and if it is no
// JSON, end is 0.
func shortFloat(v []byte, i int) (f float64, end int) {
	const maxExact = 15
	negative := v[i] == '-'
	if negative {
		i++
	}
	first, digits := i, uint64(0)
	for i < len(v) && v[i]-'0' <= 9 {
		digits = digits*10 + uint64(v[i]-'0')
		i++
	}
	n, fraction := i-first, 0
	if n == 0 || n > 1 && v[first] == '0' {
		return 0, 0
	}
	if i < len(v) && v[i] == '.' {
		i++
		for point := i; i < len(v) && v[i]-'0' <= 9; fraction = i - point {
			digits = digits*10 + uint64(v[i]-'0')
			i++
		}
		if fraction == 0 {
			return 0, 0
		}
	}
	if n+fraction > maxExact || i < len(v) && v[i]|0x20 == 'e' {
		return 0, 0
	}
	f = float64(digits) / powers[fraction]
	if negative {
		f = -f
	}
	return f, i
}

// narrows reports whether rounding a number that was rounded to a float64 once
// more, to a float32, is the same as rounding it once: the float64 is not halfway
// between two float32s. Good for what [shortFloat] returns, which is not subnormal.
func narrows(f float64) bool {
	const dropped = 52 - 23
	return math.Float64bits(f)&(1<<dropped-1) != 1<<(dropped-1)
}
