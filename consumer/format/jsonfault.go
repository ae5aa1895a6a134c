package format

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

// reason is why a record is not JSON.
type reason int

const (
	faultEnd reason = iota // inside a string
	faultValue
	faultKey
	faultKeyOrBrace
	faultColon
	faultCommaOrBrace
	faultCommaOrBracket
	faultTrailing
	faultToken
	faultControl
	faultEscape
	faultHex
	faultNUL
	faultLowSurrogate
	faultHighSurrogate
	faultEncoding
	faultDeep
)

// fault packs a reason and its place into the negative number that a scanner
// returns, so that scanning carries no error value.
func fault(why reason, at int) int { return ^(at<<5 | int(why)) }

// faultError words a scanner's fault as PostgreSQL does, with the byte offset in
// the record. As in PostgreSQL, bytes that are no UTF-8 go before any other fault.
func faultError(v []byte, packed int) *datum.Error {
	if err := encodingError(v); err != nil {
		return err
	}
	why, at := reason(^packed&31), ^packed>>5
	switch why {
	case faultDeep:
		return datum.Errorf(datum.CodeProgramLimitExceeded,
			"JSON nested more than %d levels deep, at byte offset %d", MaxDepth, at)
	case faultNUL:
		err := datum.Errorf(datum.CodeUntranslatable, "unsupported Unicode escape sequence")
		err.Detail = fmt.Sprintf(`\u0000 cannot be converted to text, at byte offset %d.`, at)
		return err
	}
	err := datum.Errorf(datum.CodeInvalidText, "invalid input syntax for type json")
	err.Detail = faultDetail(v, why, at)
	return err
}

func faultDetail(v []byte, why reason, at int) string {
	switch why {
	case faultControl:
		return fmt.Sprintf("Character with value 0x%02x must be escaped, at byte offset %d.", v[at], at)
	case faultToken:
		return fmt.Sprintf(`Token "%s" is invalid, at byte offset %d.`, token(v, at), at)
	case faultEscape:
		_, n := utf8.DecodeRune(v[at+1:])
		return fmt.Sprintf(`Escape sequence "%s" is invalid, at byte offset %d.`, v[at:at+1+n], at)
	case faultHex:
		return fmt.Sprintf(`"\u" must be followed by four hexadecimal digits, at byte offset %d.`, at)
	case faultLowSurrogate:
		return fmt.Sprintf("Unicode low surrogate must follow a high surrogate, at byte offset %d.", at)
	case faultHighSurrogate:
		return fmt.Sprintf("Unicode high surrogate must not follow a high surrogate, at byte offset %d.", at)
	}
	if at >= len(v) {
		return fmt.Sprintf("The input string ended unexpectedly, at byte offset %d.", len(v))
	}
	found := token(v, at)
	if !startsToken(v[at]) && found != "true" && found != "false" && found != "null" {
		return faultDetail(v, faultToken, at)
	}
	expected := map[reason]string{
		faultValue:          `JSON value`,
		faultKey:            `string`,
		faultKeyOrBrace:     `string or "}"`,
		faultColon:          `":"`,
		faultCommaOrBrace:   `"," or "}"`,
		faultCommaOrBracket: `"," or "]"`,
		faultTrailing:       `end of input`,
	}[why]
	return fmt.Sprintf(`Expected %s, but found "%s" at byte offset %d.`, expected, found, at)
}

// startsToken reports whether a byte begins a JSON token that is not a word.
func startsToken(c byte) bool { return strings.IndexByte(`{}[]:,"-0123456789`, c) >= 0 }

// token returns what PostgreSQL's lexer takes for the token at a place, cut off
// where it is long: a string, a number, a word or one character.
func token(v []byte, at int) string {
	const longest = 64
	end := at + 1
	switch first := v[at]; {
	case first == '"':
		if closing, _ := scanString(v, end); closing >= 0 {
			end = closing + 1
		}
	case first == '-' || isWordByte(first):
		for end < len(v) && (isWordByte(v[end]) || startsNumber(first) && strings.IndexByte("+-.", v[end]) >= 0) {
			end++
		}
	}
	return strings.ToValidUTF8(string(v[at:min(end, at+longest)]), "")
}

func startsNumber(c byte) bool { return c == '-' || c-'0' <= 9 }

// isWordByte is PostgreSQL's JSON_ALPHANUMERIC_CHAR.
func isWordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' <= 9 || c == '_' || c >= utf8.RuneSelf
}

// encodingError is PostgreSQL's error for the first bytes that are not UTF-8 or
// are NUL; nil where there are none.
func encodingError(v []byte) *datum.Error {
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r != 0 && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		var hex []string
		for _, c := range v[i:min(i+sequenceLength(v[i]), len(v))] {
			hex = append(hex, fmt.Sprintf("0x%02x", c))
		}
		err := datum.Errorf(datum.CodeBadEncoding, `invalid byte sequence for encoding "UTF8": %s`, strings.Join(hex, " "))
		err.Detail = fmt.Sprintf("At byte offset %d.", i)
		return err
	}
	return nil
}

// sequenceLength is how long a UTF-8 sequence says it is in its first byte, as
// PostgreSQL's pg_utf_mblen reads it.
func sequenceLength(c byte) int {
	switch {
	case c&0xE0 == 0xC0:
		return 2
	case c&0xF0 == 0xE0:
		return 3
	case c&0xF8 == 0xF0:
		return 4
	}
	return 1
}
