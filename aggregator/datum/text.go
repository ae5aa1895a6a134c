package datum

import (
	"bytes"
	"strings"
)

// CompareText compares texts as COLLATE "C" does: by their bytes.
func CompareText(a, b []byte) int { return bytes.Compare(a, b) }

// errSyntax is what a type's input function says to text that it cannot read.
func errSyntax(t Type, s []byte) *Error {
	return Errorf(CodeInvalidText, "invalid input syntax for type %v: \"%s\"", t, s)
}

// isSpace is the C locale's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

func toLower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func trimSpace(s []byte) []byte {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// equalFold compares with an ASCII word in lower case.
func equalFold(s []byte, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i, c := range s {
		if toLower(c) != word[i] {
			return false
		}
	}
	return true
}

// lowerUnit is how PostgreSQL folds the unit names of date_trunc and extract.
func lowerUnit(unit string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, unit)
}
