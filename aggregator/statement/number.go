package statement

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// number reads an integer (0x, 0o and 0b among them), a decimal or a number
// with an exponent; _ may part digits. All but the plain ones are PostgreSQL 16's.
func (l *Lexer) number() (Token, *datum.Error) {
	rest := l.sql[l.off:]
	n := numberLen(rest)
	if n < len(rest) && identStart(rest[n]) {
		n += identLen(rest[n:])
		err := datum.Errorf(datum.CodeSyntaxError, "trailing junk after numeric literal at or near \"%s\"", rest[:n])
		err.Position = l.pos
		return Token{}, err
	}
	return l.take(Number, n, rest[:n]), nil
}

func numberLen(s string) int {
	if len(s) > 2 && s[0] == '0' && strings.IndexByte("xXoObB", s[1]) >= 0 && hexLen(s[2:], 1) == 1 {
		return 2 + digitsLen(s[2:], "0123456789abcdefABCDEF")
	}
	n := digitsLen(s, "0123456789")
	// "1..2" is a range of PL/pgSQL: the first dot is not the number's.
	if n < len(s) && s[n] == '.' && !strings.HasPrefix(s[n:], "..") {
		n++
		n += digitsLen(s[n:], "0123456789")
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if d := digitsLen(s[m:], "0123456789"); d > 0 {
			n = m + d
		}
	}
	return n
}

// digitsLen returns the length of a run of digits with single _ between them.
func digitsLen(s, digits string) int {
	n := 0
	for n < len(s) {
		switch {
		case strings.IndexByte(digits, s[n]) >= 0:
			n++
		case s[n] == '_' && n > 0 && n+1 < len(s) && strings.IndexByte(digits, s[n+1]) >= 0:
			n += 2
		default:
			return n
		}
	}
	return n
}

func operatorChar(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }

// operatorLen follows scan.l: an operator ends before a comment, and ends in +
// or - only where it has a character that SQL's own operators lack.
func operatorLen(s string) int {
	n := 0
	for n < len(s) && operatorChar(s[n]) {
		if n > 0 && (strings.HasPrefix(s[n:], "--") || strings.HasPrefix(s[n:], "/*")) {
			break
		}
		n++
	}
	if !strings.ContainsAny(s[:n], "~!@#%^&|`?") {
		for n > 1 && (s[n-1] == '+' || s[n-1] == '-') {
			n--
		}
	}
	return n
}
