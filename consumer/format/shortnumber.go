package format

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

// smallPowers are those of ten with at most eight zeros.
var smallPowers = [9]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// leadingDigits reads the n digits, at most 8, that a word begins with, whose
// bytes are digits less '0'; without a branch on n.
func leadingDigits(w uint64, n int) uint64 {
	w <<= 64 - 8*uint(n) // as if padded with zeros on the left
	// Neighbours are put together: pairs, then fours, then all eight.
	w = w*10 + w>>8
	const pairs = 0x000000FF000000FF
	return ((w&pairs)*(100+1_000_000<<32) + (w>>16&pairs)*(1+10_000<<32)) >> 32
}

// appendDigits reads the digits from v[i] on behind those of x, which wraps
// around where they are too many, and returns the place behind them.
func appendDigits(x uint64, v []byte, i int) (uint64, int) {
	for {
		w := word(v, i) ^ '0'*swar
		n := digitCount(w)
		x = x*smallPowers[n] + leadingDigits(w, n)
		if i += n; n < 8 {
			return x, i
		}
	}
}

// shortInt reads the number at v[i] if it is an integer of at most 18 digits;
// else, and if it is no JSON, end is 0.
func shortInt(v []byte, i int) (x int64, end int) {
	negative := v[i] == '-'
	if negative {
		i++
	}
	digits, end := appendDigits(0, v, i)
	if n := end - i; n == 0 || n > 18 || n > 1 && v[i] == '0' || end < len(v) && (v[end] == '.' || v[end]|0x20 == 'e') {
		return 0, 0
	}
	if negative {
		return -int64(digits), end
	}
	return int64(digits), end
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

// powers are those of ten for up to 15 digits; a float64 holds them exactly.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15,
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
	first := i
	digits, i := appendDigits(0, v, first)
	n, fraction := i-first, 0
	if n == 0 || n > 1 && v[first] == '0' {
		return 0, 0
	}
	if i < len(v) && v[i] == '.' {
		point := i + 1
		if digits, i = appendDigits(digits, v, point); i == point {
			return 0, 0
		}
		fraction = i - point
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
