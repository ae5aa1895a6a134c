package statement

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/datum"
)

// stringStyleKind is how the inside of a string literal is read.
type stringStyleKind uint8

const (
	plainString  stringStyleKind = iota // '' is a quote
	escapeString                        // E'…': backslash escapes too
	bitString                           // B'…' and X'…'
)

func stringStyle(prefix byte) stringStyleKind {
	switch prefix {
	case 'e', 'E':
		return escapeString
	case 'b', 'B', 'x', 'X':
		return bitString
	}
	return plainString
}

// quotedString reads a literal whose quote stands behind prefix bytes. Literals
// that only white space with a line break parts are one, as in the standard.
func (l *Lexer) quotedString(prefix int, style stringStyleKind) (Token, *datum.Error) {
	var value strings.Builder
	rest := l.sql[l.off:]
	for n := prefix + 1; n < len(rest); {
		switch c := rest[n]; {
		case c == '\'' && n+1 < len(rest) && rest[n+1] == '\'':
			value.WriteByte('\'')
			n += 2
		case c == '\'':
			next := continuation(rest[n+1:])
			if next == 0 {
				kind := String
				if style == bitString {
					kind = Bits
				}
				return l.take(kind, n+1, value.String()), nil
			}
			n += 1 + next
		case c == '\\' && style == escapeString && n+1 < len(rest):
			n += 1 + unescape(&value, rest[n+1:])
		default:
			value.WriteByte(c)
			n++
		}
	}
	if style == bitString {
		return Token{}, l.unterminated("unterminated bit string literal")
	}
	return Token{}, l.unterminated("unterminated quoted string")
}

// continuation returns how many bytes lead into the next part of a literal, its
// opening quote included; 0 where the literal ends here.
func continuation(rest string) int {
	newline := false
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\n' || rest[i] == '\r':
			newline = true
		case blank(rest[i]):
		case newline && rest[i] == '\'':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// unescape writes what the escape behind a backslash stands for and returns the
// bytes that it takes. An escape that PostgreSQL refuses is taken as it is.
func unescape(to *strings.Builder, rest string) int {
	switch c := rest[0]; {
	case c >= '0' && c <= '7':
		n := 1
		for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(rest[:n], 8, 16)
		to.WriteByte(byte(v))
		return n
	case c == 'x':
		n := hexLen(rest[1:], 2)
		if n == 0 {
			break
		}
		v, _ := strconv.ParseUint(rest[1:1+n], 16, 8)
		to.WriteByte(byte(v))
		return 1 + n
	case c == 'u' || c == 'U':
		want := map[byte]int{'u': 4, 'U': 8}[c]
		if hexLen(rest[1:], want) != want {
			break
		}
		v, _ := strconv.ParseUint(rest[1:1+want], 16, 32)
		to.WriteRune(rune(v))
		return 1 + want
	default:
		if i := strings.IndexByte("bfnrt", c); i >= 0 {
			to.WriteByte("\b\f\n\r\t"[i])
			return 1
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	to.WriteString(rest[:n])
	return n
}

// hexLen returns how many hexadecimal digits rest starts with, at most most.
func hexLen(rest string, most int) int {
	n := 0
	for n < most && n < len(rest) && strings.IndexByte("0123456789abcdefABCDEF", rest[n]) >= 0 {
		n++
	}
	return n
}

// quotedIdent reads an identifier whose quote stands behind prefix bytes.
func (l *Lexer) quotedIdent(prefix int) (Token, *datum.Error) {
	rest := l.sql[l.off:]
	for n := prefix + 1; n < len(rest); n++ {
		if rest[n] != '"' {
			continue
		}
		if n+1 < len(rest) && rest[n+1] == '"' {
			n++
			continue
		}
		value := strings.ReplaceAll(rest[prefix+1:n], `""`, `"`)
		if value == "" {
			err := datum.Errorf(datum.CodeSyntaxError, "zero-length delimited identifier at or near \"%s\"", rest[:n+1])
			err.Position = l.pos
			return Token{}, err
		}
		return l.take(Quoted, n+1, value), nil
	}
	return Token{}, l.unterminated("unterminated quoted identifier")
}

// unicodeLiteral resolves the \XXXX and \+XXXXXX of a U& literal, with the
// escape character of a UESCAPE behind it, which becomes part of the token.
func (l *Lexer) unicodeLiteral(token Token, err *datum.Error) (Token, *datum.Error) {
	if err != nil {
		return token, err
	}
	escape := byte('\\')
	saved := *l
	if word, err := l.Next(); err == nil && word.Is("uescape") {
		if char, err := l.Next(); err == nil && char.Kind == String && len(char.Value) == 1 {
			escape = char.Value[0]
			token.End, token.Text = char.End, l.sql[token.Start:char.End]
			saved = *l
		}
	}
	*l = saved
	var value strings.Builder
	for s := token.Value; s != ""; {
		n := 1
		switch {
		case s[0] != escape:
			value.WriteByte(s[0])
		case len(s) > 1 && s[1] == escape:
			value.WriteByte(escape)
			n = 2
		case len(s) > 1 && s[1] == '+' && hexLen(s[2:], 6) == 6:
			n = 8
			v, _ := strconv.ParseUint(s[2:8], 16, 32)
			value.WriteRune(rune(v))
		case hexLen(s[1:], 4) == 4:
			n = 5
			v, _ := strconv.ParseUint(s[1:5], 16, 32)
			value.WriteRune(rune(v))
		default:
			bad := datum.Errorf(datum.CodeSyntaxError, "invalid Unicode escape at or near \"%s\"", s)
			bad.Position = token.Pos
			bad.Hint = "Unicode escapes must be \\XXXX or \\+XXXXXX."
			return Token{}, bad
		}
		s = s[n:]
	}
	token.Value = value.String()
	return token, nil
}

// dollar reads $1, $$…$$ or $tag$…$tag$.
func (l *Lexer) dollar() (Token, *datum.Error) {
	rest := l.sql[l.off:]
	n := 1
	for n < len(rest) && digit(rest[n]) {
		n++
	}
	if n > 1 {
		return l.take(Param, n, rest[:n]), nil
	}
	for n < len(rest) && (identStart(rest[n]) || n > 1 && digit(rest[n])) {
		n++
	}
	if n >= len(rest) || rest[n] != '$' {
		return l.take(Punct, 1, rest[:1]), nil
	}
	tag := rest[:n+1]
	end := strings.Index(rest[len(tag):], tag)
	if end < 0 {
		return Token{}, l.unterminated("unterminated dollar-quoted string")
	}
	return l.take(String, len(tag)+end+len(tag), rest[len(tag):len(tag)+end]), nil
}
