package statement

import "unicode/utf8"

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	// End is after the last token.
	End Kind = iota
	// Ident is an unquoted identifier or a keyword; Value is folded to lower case.
	Ident
	// Quoted is a "quoted" or U&"…" identifier; Value is unescaped.
	Quoted
	// String is a string literal of any spelling; Value is unescaped.
	String
	// Bits is a B'…' or X'…' literal.
	Bits
	// Number is a numeric literal.
	Number
	// Param is $1.
	Param
	// Operator is an operator, among them :: and =>.
	Operator
	// Punct is one of , ( ) [ ] . ; : and any character that starts no token.
	Punct
)

// Token is a lexical element of a statement.
type Token struct {
	Kind  Kind
	Text  string // as written
	Value string // folded or unescaped for identifiers and strings, else Text
	Pos   int    // 1-based, in characters
	Start int    // byte offset
	End   int    // byte offset behind it
}

// Is reports whether the token is an unquoted word, given in lower case.
func (t Token) Is(word string) bool { return t.Kind == Ident && t.Value == word }

// IsOp reports whether the token is that operator or punctuation.
func (t Token) IsOp(op string) bool {
	return (t.Kind == Operator || t.Kind == Punct) && t.Value == op
}

// IsName reports whether the token can be a name: an identifier, quoted or not.
func (t Token) IsName() bool { return t.Kind == Ident || t.Kind == Quoted }

// characters counts the characters of text as PostgreSQL does for valid UTF-8;
// an invalid byte is one character.
func characters(text string) int { return utf8.RuneCountInString(text) }
