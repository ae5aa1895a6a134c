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
		return fmt.Sprintf("Token %q is invalid, at byte offset %d.", token(v, at), at)
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
	expected := map[reason]string{
		faultValue:          `JSON value`,
		faultKey:            `string`,
		faultKeyOrBrace:     `string or "}"`,
		faultColon:          `":"`,
		faultCommaOrBrace:   `"," or "}"`,
		faultCommaOrBracket: `"," or "]"`,
		faultTrailing:       `end of input`,
	}[why]
	return fmt.Sprintf(`Expected %s, but found %q at byte offset %d.`, expected, token(v, at), at)
}

// token returns the word or the one character at a place, for an error message.
func token(v []byte, at int) string {
	const longest = 32
	end := at
	for end < len(v) && end < at+longest && (v[end]|0x20 >= 'a' && v[end]|0x20 <= 'z' ||
		v[end] >= '0' && v[end] <= '9' || strings.IndexByte("+-._", v[end]) >= 0 || v[end] >= utf8.RuneSelf) {
		end++
	}
	if end == at {
		end++
	}
	return strings.ToValidUTF8(string(v[at:end]), "")
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
