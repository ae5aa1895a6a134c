package format

import (
	"math/bits"
	"unicode/utf8"
)

// The scanners walk over one JSON token or value from v[i] and return the place
// behind it, or a negative fault (see [fault]); they check everything and
// allocate nothing.

// skipSpace returns the first place from i on that is not JSON's white space.
func skipSpace(v []byte, i int) int {
	for i < len(v) && v[i] <= ' ' && (v[i] == ' ' || v[i] == '\n' || v[i] == '\t' || v[i] == '\r') {
		i++
	}
	return i
}

// scanString finds the closing quote of the string whose first byte is v[i].
// The string is plain if its bytes are its value: it has no escapes.
func scanString(v []byte, i int) (end int, plain bool) {
	for i <= len(v)-16 {
		m, m2 := stops(load(v, i)), stops(load(v, i+8))
		if m|m2 == 0 {
			i += 16
			continue
		}
		if m == 0 {
			i, m = i+8, m2
		}
		i += bits.TrailingZeros64(m) >> 3
		if v[i] == '"' {
			return i, true
		}
		return scanRareString(v, i)
	}
	m := stops(word(v, i))
	for m == 0 {
		i += 8
		m = stops(word(v, i))
	}
	if i += bits.TrailingZeros64(m) >> 3; i < len(v) && v[i] == '"' {
		return i, true
	}
	return scanRareString(v, i)
}

// scanStringRest walks from v[i], inside of a string, to behind its closing quote.
func scanStringRest(v []byte, i int) int {
	end, _ := scanString(v, i)
	if end < 0 {
		return end
	}
	return end + 1
}

// scanRareString is scanString from the first byte on that is not plain ASCII.
// It looks for the same bytes but those that are not ASCII, and checks these at
// the end all at once.
func scanRareString(v []byte, i int) (end int, plain bool) {
	start, seen := i, uint64(0)
	plain = true
	for i < len(v) {
		if i+8 <= len(v) {
			w := load(v, i)
			seen |= w
			quote, escape := w^'"'*swar, w^'\\'*swar
			m := ((quote-swar)&^quote | (escape-swar)&^escape | (w-' '*swar)&^w) & (0x80 * swar)
			if i += bits.TrailingZeros64(m) >> 3; m == 0 {
				continue
			}
		}
		switch c := v[i]; {
		case c == '"':
			if seen&(0x80*swar) != 0 && !utf8.Valid(v[start:i]) {
				return fault(faultEncoding, start), false
			}
			return i, plain
		case c == '\\':
			plain = false
			if i = scanEscape(v, i); i < 0 {
				return i, false
			}
		case c < ' ':
			return fault(faultControl, i), false
		default:
			seen |= uint64(c)
			i++
		}
	}
	return fault(faultEnd, i), false
}

// scanEscape walks over the escape at v[i], both halves of a surrogate pair.
func scanEscape(v []byte, i int) int {
	if i+1 >= len(v) {
		return fault(faultEnd, len(v))
	}
	switch v[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return fault(faultEscape, i)
	}
	r := hex4(v, i+2)
	switch {
	case r < 0:
		return fault(faultHex, i)
	case r == 0:
		return fault(faultNUL, i)
	case r < 0xD800 || r > 0xDFFF:
		return i + 6
	case r >= 0xDC00:
		return fault(faultLowSurrogate, i)
	}
	if i+8 > len(v) || v[i+6] != '\\' || v[i+7] != 'u' {
		return fault(faultLowSurrogate, i)
	}
	switch low := hex4(v, i+8); {
	case low < 0:
		return fault(faultHex, i+6)
	case low >= 0xD800 && low < 0xDC00:
		return fault(faultHighSurrogate, i)
	case low < 0xDC00 || low > 0xDFFF:
		return fault(faultLowSurrogate, i)
	}
	return i + 12
}

// hex4 reads four hexadecimal digits; -1 if there are not so many.
func hex4(v []byte, i int) rune {
	if i+4 > len(v) {
		return -1
	}
	var r rune
	for _, c := range v[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// scanDigits returns the place behind the digits from v[i] on.
func scanDigits(v []byte, i int) int {
	for {
		n := digitCount(word(v, i) ^ '0'*swar)
		if i += n; n < 8 {
			return i
		}
	}
}

// scanNumber walks over the number at v[i].
func scanNumber(v []byte, i int) int {
	start := i
	if v[i] == '-' {
		i++
	}
	whole := i
	i = scanDigits(v, i)
	if i == whole || v[whole] == '0' && i > whole+1 {
		return fault(faultToken, start)
	}
	if i < len(v) && v[i] == '.' {
		digits := i + 1
		if i = scanDigits(v, digits); i == digits {
			return fault(faultToken, start)
		}
	}
	if i < len(v) && v[i]|0x20 == 'e' {
		digits := i + 1
		if digits < len(v) && (v[digits] == '+' || v[digits] == '-') {
			digits++
		}
		if i = scanDigits(v, digits); i == digits {
			return fault(faultToken, start)
		}
	}
	return i
}

// scanLiteral walks over true, false or null at v[i], whose first letter is right.
func scanLiteral(v []byte, i int) int {
	l := &literals[v[i]>>3&3]
	if word(v, i)&l.mask != l.word {
		return fault(faultToken, i)
	}
	return i + l.n
}

// scanScalar walks over a string, a number, a boolean or null.
func scanScalar(v []byte, i int) int {
	if i >= len(v) {
		return fault(faultValue, i)
	}
	switch c := v[i]; {
	case c == '"':
		return scanStringRest(v, i+1)
	case c-'0' <= 9 || c == '-':
		return scanNumber(v, i)
	case c == 't' || c == 'f' || c == 'n':
		return scanLiteral(v, i)
	}
	return fault(faultValue, i)
}

// scanShort walks over a string or a number of less than eight bytes, or a
// literal, at v[i], all of it in one word; 0 where it takes more. It is most of
// what is nested, for one call instead of three.
func scanShort(v []byte, i int) int {
	if i > len(v)-8 {
		return 0
	}
	w := load(v, i)
	switch c := byte(w); {
	case c == '"':
		w >>= 8
		if n := bits.TrailingZeros64(stops(w)) &^ 7; byte(w>>(n&63)) == '"' {
			return i + n>>3 + 2
		}
		return 0
	case c == '-':
		w >>= 8
		i++
	case c-'0' > 9:
		if l := &literals[c>>3&3]; w&l.mask == l.word {
			return i + l.n
		}
		return 0
	}
	n := digitCount(w ^ '0'*swar)
	if n == 0 || n == 8 || n > 1 && byte(w) == '0' {
		return 0
	}
	i += n
	if w >>= 8 * n & 63; byte(w) == '.' {
		w >>= 8
		if n = digitCount(w ^ '0'*swar); n == 0 {
			return 0
		}
		i += 1 + n
		w >>= 8 * n & 63
	}
	if c := byte(w); c == 0 || c|0x20 == 'e' { // 0: behind the word
		return 0
	}
	return i
}
