package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// clauses are the places of a SELECT's parts in its text. They only say where
// an error is: what the SELECT means comes from the tree. The tree has places of
// its own up to PostgreSQL 16 and none from 17 on, so they are never used: a
// statement's errors stand at the same place on every version.
type clauses struct {
	tokens []statement.Token
	offset int // characters of the statement before the SELECT
	items  []span
	list   span // all of items
	from   span
	where  span
	group  span
	having span
	rest   span // ORDER BY, LIMIT, UNION and whatever else follows
}

// span is a half-open range of tokens.
type span struct{ from, to int }

// newClauses cuts a SELECT's tokens at the words that stand outside parentheses.
func newClauses(sql string, offset int) *clauses {
	tokens, _ := statement.Tokens(sql)
	c := &clauses{tokens: tokens, offset: offset}
	current := &c.list
	depth := 0
	begin := c.mainSelect()
	c.list = span{begin, begin}
	for i := begin; i < len(tokens); i++ {
		next := c.start(i, depth, current)
		switch {
		case tokens[i].IsOp("("), tokens[i].IsOp("["):
			depth++
		case tokens[i].IsOp(")"), tokens[i].IsOp("]"):
			depth--
		}
		if next != current {
			current = next
			*current = span{i, i}
		}
		current.to = i + 1
	}
	c.items = c.splitItems()
	return c
}

// mainSelect returns the place of the SELECT behind WITH, 0 where there is no WITH.
func (c *clauses) mainSelect() int {
	if len(c.tokens) == 0 || !c.tokens[0].Is("with") {
		return 0
	}
	depth := 0
	for i, token := range c.tokens {
		switch {
		case token.IsOp("("), token.IsOp("["):
			depth++
		case token.IsOp(")"), token.IsOp("]"):
			depth--
		case depth == 0 && token.Is("select"):
			return i
		}
	}
	return 0
}

// start returns the clause that the token at i belongs to.
func (c *clauses) start(i, depth int, current *span) *span {
	if depth > 0 || current == &c.rest || i > 0 && c.tokens[i-1].IsOp(".") {
		return current
	}
	switch token := c.tokens[i]; {
	case token.Is("from"):
		if i >= 2 && c.tokens[i-1].Is("distinct") && (c.tokens[i-2].Is("is") || c.tokens[i-2].Is("not")) {
			return current
		}
		return &c.from
	case token.Is("where"):
		return &c.where
	case token.Is("group") && i+1 < len(c.tokens) && c.tokens[i+1].Is("by"):
		return &c.group
	case token.Is("having"):
		return &c.having
	case slices.ContainsFunc([]string{"window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except"}, token.Is):
		return &c.rest
	}
	return current
}

// splitItems cuts the select list at its commas, without SELECT [ALL | DISTINCT [ON (…)]].
func (c *clauses) splitItems() []span {
	at := c.list.from + 1
	switch {
	case at >= c.list.to:
	case c.tokens[at].Is("all"):
		at++
	case c.tokens[at].Is("distinct"):
		if at++; at < c.list.to && c.tokens[at].Is("on") {
			at = c.behindParentheses(at + 1)
		}
	}
	var items []span
	depth := 0
	item := span{at, at}
	for i := at; i < c.list.to; i++ {
		switch token := c.tokens[i]; {
		case token.IsOp("("), token.IsOp("["):
			depth++
		case token.IsOp(")"), token.IsOp("]"):
			depth--
		case token.IsOp(",") && depth == 0:
			item.to = i
			items = append(items, item)
			item.from = i + 1
		}
	}
	item.to = c.list.to
	return append(items, item)
}

// behindParentheses returns the place behind the closing parenthesis of the opening
// one at a place.
func (c *clauses) behindParentheses(at int) int {
	depth := 0
	for ; at < c.list.to; at++ {
		switch token := c.tokens[at]; {
		case token.IsOp("("), token.IsOp("["):
			depth++
		case token.IsOp(")"), token.IsOp("]"):
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return at
}

// item is the select list's item of a target list entry, the whole list where
// it cannot be told.
func (c *clauses) item(resno, outputs int) span {
	if resno < 1 || resno > len(c.items) || outputs != len(c.items) {
		return c.list
	}
	return c.items[resno-1]
}

// all is the whole SELECT.
func (c *clauses) all() span { return span{0, len(c.tokens)} }

// find returns the first token in s that is one of words; ok is false where
// there is none.
func (c *clauses) find(s span, words ...string) (at int, ok bool) {
	for i := s.from; i < s.to; i++ {
		token := c.tokens[i]
		for _, word := range words {
			if token.IsName() && token.Value == word || token.IsOp(word) {
				return i, true
			}
		}
	}
	return s.from, false
}

// findNth is find for the n-th of such tokens, the last one where there are fewer.
func (c *clauses) findNth(s span, n int, word string) (at int, ok bool) {
	at = s.from
	for i := s.from; i < s.to && n > 0; i++ {
		if c.tokens[i].IsName() && c.tokens[i].Value == word {
			at, ok = i, true
			n--
		}
	}
	return at, ok
}

// star returns the place of a * or s.* in the select list.
func (c *clauses) star() (at int, ok bool) {
	for _, item := range c.items {
		last := item.to - 1
		if last < item.from || !c.tokens[last].IsOp("*") {
			continue
		}
		if last == item.from || c.tokens[last-1].IsOp(".") {
			return item.from, true
		}
	}
	return 0, false
}

// subSelect returns the place of the parenthesis before the first SELECT in it.
func (c *clauses) subSelect() int {
	for i := 1; i < len(c.tokens); i++ {
		if c.tokens[i-1].IsOp("(") && (c.tokens[i].Is("select") || c.tokens[i].Is("with") || c.tokens[i].Is("values")) {
			return i - 1
		}
	}
	return 0
}

// elsewhere is the way out where there is no better one.
const elsewhere = "Do it in a SELECT over the view, or before the events are produced."

// fail is an error at a token.
func (c *clauses) fail(at int, code, hint, format string, args ...any) *datum.Error {
	err := datum.Errorf(code, format, args...)
	if err.Hint = hint; hint == "" {
		err.Hint = elsewhere
	}
	err.Position = c.offset + 1
	if at < len(c.tokens) {
		err.Position = c.offset + c.tokens[at].Pos
	}
	return err
}

// refuse is 0A000 at the first of words in s, or at the start of s.
func (c *clauses) refuse(s span, words []string, hint, format string, args ...any) *datum.Error {
	at, _ := c.find(s, words...)
	return c.fail(at, datum.CodeFeatureNotSupported, hint, format, args...)
}
