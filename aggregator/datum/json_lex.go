package datum

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonLexer cuts JSON into tokens as PostgreSQL's json_lex does, faults included.
type jsonLexer struct {
	s       []byte
	start   int // of the token
	end     int // behind it
	kind    byte
	escapes bool // the token is a string that has some
	// decode checks what escapes stand for, as readers of values need it.
	decode bool
}

// The kinds of tokens besides the punctuation characters themselves.
const (
	jsonEnd    = 0
	jsonString = '"'
	jsonNumber = '0'
	jsonTrue   = 't'
	jsonFalse  = 'f'
	jsonNull   = 'n'
)

// next reads the token behind the last one.
func (l *jsonLexer) next() *Error {
	i := l.end
	for i < len(l.s) && isJSONSpace(l.s[i]) {
		i++
	}
	l.start, l.end = i, i
	if i == len(l.s) {
		l.kind = jsonEnd
		return nil
	}
	switch c := l.s[i]; {
	case c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':':
		l.kind, l.end = c, i+1
		return nil
	case c == '"':
		l.kind = jsonString
		return l.lexString()
	case c == '-' || isDigit(c):
		l.kind = jsonNumber
		return l.lexNumber()
	}
	l.end = l.wordEnd(i)
	switch string(l.s[i:l.end]) {
	case "true":
		l.kind = jsonTrue
	case "false":
		l.kind = jsonFalse
	case "null":
		l.kind = jsonNull
	default:
		l.end = max(l.end, i+1)
		return l.invalid()
	}
	return nil
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// wordEnd returns the place behind the letters, digits and the like from i on.
func (l *jsonLexer) wordEnd(i int) int {
	for i < len(l.s) && (isAlnum(l.s[i]) || l.s[i] == '_' || l.s[i] >= 0x80) {
		i++
	}
	return i
}

func (l *jsonLexer) lexNumber() *Error {
	i := l.start
	if l.s[i] == '-' {
		i++
	}
	ok := true
	digits := func() {
		from := i
		for i < len(l.s) && isDigit(l.s[i]) {
			i++
		}
		ok = ok && i > from
	}
	if i < len(l.s) && l.s[i] == '0' {
		i++
	} else {
		digits()
	}
	if i < len(l.s) && l.s[i] == '.' {
		i++
		digits()
	}
	if i < len(l.s) && l.s[i]|0x20 == 'e' {
		if i++; i < len(l.s) && (l.s[i] == '+' || l.s[i] == '-') {
			i++
		}
		digits()
	}
	l.end = l.wordEnd(i)
	if !ok || l.end > i {
		return l.invalid()
	}
	return nil
}

func (l *jsonLexer) lexString() *Error {
	l.escapes = false
	high := false // the last escape was a high surrogate
	for i := l.start + 1; i < len(l.s); {
		c := l.s[i]
		if high && (c != '\\' || i+1 < len(l.s) && l.s[i+1] != 'u') {
			return errJSON("Unicode low surrogate must follow a high surrogate.")
		}
		switch {
		case c == '"':
			l.end = i + 1
			return nil
		case c < ' ':
			return errJSON("Character with value 0x%02x must be escaped.", c)
		case c != '\\':
			i++
			continue
		}
		l.escapes = true
		if i+1 == len(l.s) {
			break
		}
		switch l.s[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if i+6 > len(l.s) && allHex(l.s[i+2:]) {
				i = len(l.s)
				break
			}
			r := jsonHex4(l.s[i+2:])
			if r < 0 {
				return errJSON(`"\u" must be followed by four hexadecimal digits.`)
			}
			var err *Error
			if high, err = l.surrogate(r, high); err != nil {
				return err
			}
			i += 6
		default:
			_, n := utf8.DecodeRune(l.s[i+1:])
			return errJSON(`Escape sequence "\%s" is invalid.`, l.s[i+1:i+1+n])
		}
	}
	l.end = len(l.s)
	return l.invalid()
}

// surrogate checks what an escape stands for.
func (l *jsonLexer) surrogate(r rune, high bool) (nowHigh bool, _ *Error) {
	isHigh, isLow := r >= 0xD800 && r < 0xDC00, r >= 0xDC00 && r < 0xE000
	switch {
	case !l.decode:
	case r == 0:
		err := Errorf(CodeUntranslatable, "unsupported Unicode escape sequence")
		err.Detail = `\u0000 cannot be converted to text.`
		return false, err
	case high && isHigh:
		return false, errJSON("Unicode high surrogate must not follow a high surrogate.")
	case high != isLow:
		return false, errJSON("Unicode low surrogate must follow a high surrogate.")
	default:
		return isHigh, nil
	}
	return false, nil
}

func allHex(s []byte) bool {
	for _, c := range s {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// jsonHex4 reads four hexadecimal digits; -1 where there are not so many.
func jsonHex4(s []byte) rune {
	if len(s) < 4 {
		return -1
	}
	var r rune
	for _, c := range s[:4] {
		v, ok := hexDigit(c)
		if !ok {
			return -1
		}
		r = r<<4 | rune(v)
	}
	return r
}

func (l *jsonLexer) invalid() *Error {
	return errJSON("Token \"%s\" is invalid.", l.s[l.start:l.end])
}

// expected is the fault of a token that does not belong where it stands.
func (l *jsonLexer) expected(what string) *Error {
	if l.kind == jsonEnd {
		return errJSON("The input string ended unexpectedly.")
	}
	return errJSON("Expected %s, but found \"%s\".", what, l.s[l.start:l.end])
}

func errJSON(detail string, args ...any) *Error {
	err := Errorf(CodeInvalidText, "invalid input syntax for type json")
	err.Detail = Errorf("", detail, args...).Message
	return err
}

// AppendJSONUnescaped appends what the inside of a checked string stands for. Bytes
// of lone surrogates, which json alone lets pass, become replacement characters.
func AppendJSONUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := jsonHex4(s)
			s = s[4:]
			if utf16.IsSurrogate(r) && len(s) >= 6 {
				r = utf16.DecodeRune(r, jsonHex4(s[2:]))
				s = s[6:]
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
}

// AppendJSONString appends a text as a JSON string, as escape_json does.
func AppendJSONString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
