package statement

import (
	"errors"
	"fmt"
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// Parse tells what statement sql is. A semicolon at its end is ignored; a second
// statement is an error. Errors are *datum.Error.
//
// The only errors about statements that are PostgreSQL's own are those that keep
// them from being read: a missing quote, say.
func Parse(sql string) (Statement, error) {
	tokens, bad := Tokens(sql)
	if bad != nil {
		return nil, bad
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].IsOp(";") {
		tokens = tokens[:len(tokens)-1]
	}
	p := &parser{sql: sql, tokens: tokens}
	if second := secondStatement(tokens); second != nil {
		return nil, p.failAt(*second, datum.CodeSyntaxError, "cannot carry out several statements at once")
	}
	found, err := p.parse()
	var failed *datum.Error
	if errors.As(err, &failed) {
		if failed.Code == datum.CodeFeatureNotSupported && found == nil {
			return &NotBuilt{Construct: failed.Message, Err: failed}, failed
		}
		return found, failed
	}
	return found, nil
}

func secondStatement(tokens []Token) *Token {
	depth := 0
	for i, token := range tokens {
		switch {
		case token.IsOp("("):
			depth++
		case token.IsOp(")"):
			depth--
		case token.IsOp(";") && depth <= 0 && i+1 < len(tokens):
			return &tokens[i+1]
		}
	}
	return nil
}

// parser walks the tokens of one statement.
type parser struct {
	sql    string
	tokens []Token
	at     int
}

func (p *parser) parse() (Statement, error) {
	switch {
	case p.accept("create"):
		return p.create()
	case p.accept("drop"):
		return p.drop()
	case p.accept("alter", "stream"):
		return p.alterStream()
	case p.accept("alter", "foreign", "table"):
		return p.alterForeignTable()
	case p.accept("explain", "continuous", "view"):
		return p.explainView()
	case p.words("explain", "create", "continuous", "view"):
		return p.explainCreate()
	case p.words("select", "pipelinedb", ".", "flush", "(", ")") && len(p.tokens) == 6:
		return &FlushCall{}, nil
	}
	begin := p.at
	if found, ok := p.insert(); ok {
		return found, nil
	}
	p.at = begin
	if found, ok := p.copy(); ok {
		return found, nil
	}
	p.at = begin
	for _, planned := range [][]string{
		{"alter", "continuous", "view"},
		{"alter", "continuous", "transform"},
		{"truncate", "continuous", "view"},
		{"activate"},
		{"deactivate"},
	} {
		if p.words(planned...) {
			return nil, p.notBuilt(planned)
		}
	}
	return &Postgres{}, nil
}

// notBuilt is the refusal of a planned statement that starts with words.
func (p *parser) notBuilt(words []string) *datum.Error {
	name := ""
	for _, word := range words {
		name += " " + upper(word)
	}
	err := p.failAt(p.tokens[0], datum.CodeFeatureNotSupported, "%s is not built yet", name[1:])
	if words[0] == "alter" || words[0] == "truncate" || slices.Contains(words, "replace") {
		err.Hint = "Drop it and create it anew."
	}
	return err
}

func upper(word string) string {
	text := []byte(word)
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			text[i] = c - 'a' + 'A'
		}
	}
	return string(text)
}

// peek returns the next token, End behind the last.
func (p *parser) peek() Token { return p.peekAt(0) }

func (p *parser) peekAt(n int) Token {
	if p.at+n < len(p.tokens) {
		return p.tokens[p.at+n]
	}
	return Token{Kind: End, Pos: characters(p.sql) + 1, Start: len(p.sql), End: len(p.sql)}
}

func (p *parser) next() Token {
	token := p.peek()
	if token.Kind != End {
		p.at++
	}
	return token
}

// words reports whether these words and punctuation come next.
func (p *parser) words(words ...string) bool {
	for i, word := range words {
		if token := p.peekAt(i); !token.Is(word) && !token.IsOp(word) {
			return false
		}
	}
	return true
}

// accept goes behind these words if they come next.
func (p *parser) accept(words ...string) bool {
	if !p.words(words...) {
		return false
	}
	p.at += len(words)
	return true
}

// expect goes behind these words or fails as PostgreSQL does.
func (p *parser) expect(words ...string) error {
	for _, word := range words {
		if !p.accept(word) {
			return p.unexpected("")
		}
	}
	return nil
}

// unexpected is the syntax error at the next token.
func (p *parser) unexpected(hint string) *datum.Error {
	token := p.peek()
	var err *datum.Error
	if token.Kind == End {
		err = p.failAt(token, datum.CodeSyntaxError, "syntax error at end of input")
	} else {
		err = p.failAt(token, datum.CodeSyntaxError, "syntax error at or near \"%s\"", token.Text)
	}
	err.Hint = hint
	return err
}

func (p *parser) failAt(token Token, code, format string, args ...any) *datum.Error {
	err := datum.Errorf(code, format, args...)
	err.Position = token.Pos
	return err
}

// maxName is PostgreSQL's longest identifier, in bytes.
const maxName = 63

// name reads an unqualified name of at most most bytes; what is its noun.
func (p *parser) name(what string, most int) (Token, error) {
	token := p.peek()
	if !token.IsName() {
		return token, p.unexpected("")
	}
	p.next()
	if p.peek().IsOp(".") {
		return token, schemaRefused(what, token.Pos)
	}
	if len(token.Value) > most {
		err := p.failAt(token, "42622", "the name of a %s is too long", what)
		err.Detail = fmt.Sprintf("It has %d bytes, %d are possible.", len(token.Value), most)
		return token, err
	}
	return token, nil
}

// ifNotExists reads IF NOT EXISTS if it comes next.
func (p *parser) ifNotExists() bool { return p.accept("if", "not", "exists") }

// end fails unless the statement ends here.
func (p *parser) end() error {
	if p.peek().Kind != End {
		return p.unexpected("")
	}
	return nil
}
