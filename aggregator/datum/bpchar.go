package datum

import (
	"bytes"
	"unicode/utf8"
)

// typmodHeader is what the typmods of varchar(n) and character(n) are above n.
const typmodHeader = 4

// FitVarchar is varchar_input: spaces beyond the typmod's number of characters are
// cut off, anything else there is an error. A typmod below zero is no limit.
func FitVarchar(s []byte, typmod int32) ([]byte, *Error) {
	if typmod < typmodHeader || len(s) <= int(typmod-typmodHeader) {
		return s, nil
	}
	return fitCharacters(s, int(typmod-typmodHeader), "character varying")
}

// fitCharacters cuts spaces behind the first n characters.
func fitCharacters(s []byte, n int, name string) ([]byte, *Error) {
	cut := 0
	for range n {
		if cut == len(s) {
			return s, nil
		}
		_, size := utf8.DecodeRune(s[cut:])
		cut += size
	}
	for _, c := range s[cut:] {
		if c != ' ' {
			return nil, Errorf(CodeStringTooLong, "value too long for type %s(%d)", name, n)
		}
	}
	return s[:cut], nil
}

// AppendBpchar appends a character(n) as bpchar_input makes it of a text: with the
// typmod's number of characters, padded by spaces. A typmod below zero leaves it.
func AppendBpchar(dst, s []byte, typmod int32) ([]byte, *Error) {
	if typmod < typmodHeader {
		return append(dst, s...), nil
	}
	n := int(typmod - typmodHeader)
	s, err := fitCharacters(s, n, "character")
	if err != nil {
		return dst, err
	}
	dst = append(dst, s...)
	for range n - utf8.RuneCount(s) {
		dst = append(dst, ' ')
	}
	return dst, nil
}

// TrimBpchar returns a character(n) without its padding, as it is compared and
// cast to text.
func TrimBpchar(s []byte) []byte { return bytes.TrimRight(s, " ") }

// CompareBpchar compares two as COLLATE "C" does, without their padding.
func CompareBpchar(a, b []byte) int { return bytes.Compare(TrimBpchar(a), TrimBpchar(b)) }
