package statement

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// Lexer reads the tokens of an SQL text, one after the other.
type Lexer struct {
	sql string
	off int // next byte
	pos int // 1-based character position of off
}

// NewLexer returns a lexer of sql.
func NewLexer(sql string) *Lexer { return &Lexer{sql: sql, pos: 1} }

// Tokens reads every token of sql. After an error the tokens before it are
// returned too.
func Tokens(sql string) ([]Token, *datum.Error) {
	lexer := NewLexer(sql)
	var tokens []Token
	for {
		token, err := lexer.Next()
		if err != nil {
			return tokens, err
		}
		if token.Kind == End {
			return tokens, nil
		}
		tokens = append(tokens, token)
	}
}

// Next returns the next token; at the end of the text one of kind [End].
func (l *Lexer) Next() (Token, *datum.Error) {
	if err := l.skipBlank(); err != nil {
		return Token{}, err
	}
	if l.off >= len(l.sql) {
		return Token{Kind: End, Pos: l.pos, Start: l.off, End: l.off}, nil
	}
	rest, c := l.sql[l.off:], l.sql[l.off]
	switch {
	case c == '\'':
		return l.quotedString(0, plainString)
	case c == '"':
		return l.quotedIdent(0)
	case len(rest) > 1 && rest[1] == '\'' && strings.IndexByte("eEnNbBxX", c) >= 0:
		return l.quotedString(1, stringStyle(c))
	case len(rest) > 2 && (c == 'u' || c == 'U') && rest[1] == '&' && rest[2] == '\'':
		return l.unicodeLiteral(l.quotedString(2, plainString))
	case len(rest) > 2 && (c == 'u' || c == 'U') && rest[1] == '&' && rest[2] == '"':
		return l.unicodeLiteral(l.quotedIdent(2))
	case identStart(c):
		n := identLen(rest)
		return l.take(Ident, n, foldASCII(rest[:n])), nil
	case digit(c) || c == '.' && len(rest) > 1 && digit(rest[1]):
		return l.number()
	case c == '$':
		return l.dollar()
	case strings.HasPrefix(rest, "::"), strings.HasPrefix(rest, ":="), strings.HasPrefix(rest, ".."):
		return l.take(Operator, 2, rest[:2]), nil
	case operatorChar(c):
		n := operatorLen(rest)
		return l.take(Operator, n, rest[:n]), nil
	}
	return l.take(Punct, 1, rest[:1]), nil
}

// take makes a token of the next n bytes.
func (l *Lexer) take(kind Kind, n int, value string) Token {
	text := l.sql[l.off : l.off+n]
	token := Token{Kind: kind, Text: text, Value: value, Pos: l.pos, Start: l.off, End: l.off + n}
	l.off += n
	l.pos += characters(text)
	return token
}

// skipBlank goes behind white space and comments.
func (l *Lexer) skipBlank() *datum.Error {
	for l.off < len(l.sql) {
		rest := l.sql[l.off:]
		var n int
		switch {
		case blank(rest[0]):
			n = 1
		case strings.HasPrefix(rest, "--"):
			n = lineLen(rest)
		case strings.HasPrefix(rest, "/*"):
			if n = commentLen(rest); n == 0 {
				return l.unterminated("unterminated /* comment")
			}
		default:
			return nil
		}
		l.pos += characters(rest[:n])
		l.off += n
	}
	return nil
}

// unterminated is the error of a token that the text's end cuts off.
func (l *Lexer) unterminated(message string) *datum.Error {
	err := datum.Errorf(datum.CodeSyntaxError, "%s at or near \"%s\"", message, l.sql[l.off:])
	err.Position = l.pos
	return err
}

func lineLen(rest string) int {
	if n := strings.IndexAny(rest, "\n\r"); n >= 0 {
		return n
	}
	return len(rest)
}

// commentLen returns the length of the nested comment that rest starts with, 0
// where it has no end.
func commentLen(rest string) int {
	depth := 0
	for i := 0; i+1 < len(rest); i++ {
		switch rest[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func blank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func identStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func identLen(s string) int {
	n := 0
	for n < len(s) && (identStart(s[n]) || n > 0 && (digit(s[n]) || s[n] == '$')) {
		n++
	}
	return n
}

// foldASCII lowers A to Z and nothing else, as PostgreSQL does in UTF-8.
func foldASCII(s string) string {
	folded := []byte(s)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}
