package datum

import (
	"encoding/hex"
	"unicode/utf8"
)

// AppendBytea appends the bytes that a text means to byteain: \x and hexadecimal
// digits, or the older form with backslashes.
func AppendBytea(dst, s []byte) ([]byte, *Error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		return appendHex(dst, s[2:])
	}
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			dst = append(dst, s[i])
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			dst = append(dst, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		case i+1 < len(s) && s[i+1] == '\\':
			dst = append(dst, '\\')
			i += 2
		default:
			return dst, Errorf(CodeInvalidText, "invalid input syntax for type bytea")
		}
	}
	return dst, nil
}

// appendHex is hex_decode: white space may stand between the pairs of digits.
func appendHex(dst, s []byte) ([]byte, *Error) {
	for i := 0; i < len(s); i += 2 {
		if s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r' {
			i--
			continue
		}
		high, ok := hexDigit(s[i])
		if !ok {
			return dst, errHexDigit(s[i:])
		}
		if i+1 == len(s) {
			return dst, Errorf(CodeInvalidParameter, "invalid hexadecimal data: odd number of digits")
		}
		low, ok := hexDigit(s[i+1])
		if !ok {
			return dst, errHexDigit(s[i+1:])
		}
		dst = append(dst, high<<4|low)
	}
	return dst, nil
}

func errHexDigit(s []byte) *Error {
	_, n := utf8.DecodeRune(s)
	return Errorf(CodeInvalidParameter, "invalid hexadecimal digit: \"%s\"", s[:n])
}

// AppendByteaText appends bytes as byteaout prints them with bytea_output hex.
func AppendByteaText(dst, b []byte) []byte {
	return hex.AppendEncode(append(dst, '\\', 'x'), b)
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func hexDigit(c byte) (v byte, ok bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
