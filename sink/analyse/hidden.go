package analyse

import (
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// visible leaves the hidden columns out that a SELECT does not name: so * and a
// whole row are the others. A SELECT that names one cannot have * for the stream's
// columns, as PostgreSQL would put the hidden ones in.
func visible(stream Stream, selectText string, offset int) (Stream, error) {
	tokens, bad := statement.Tokens(selectText)
	if bad != nil {
		bad.Position += offset
		return stream, bad
	}
	named := Stream{Name: stream.Name}
	first := ""
	for _, c := range stream.Columns {
		if c.Hidden && !names(tokens, c.Name) {
			continue
		}
		if c.Hidden && first == "" {
			first = c.Name
		}
		named.Columns = append(named.Columns, c)
	}
	if star := starOf(tokens, stream.Name); first != "" && star >= 0 {
		err := datum.Errorf(datum.CodeFeatureNotSupported, "* cannot stand beside the metadata column \"%s\"", first)
		err.Hint = "List the columns: * has the declared ones only."
		err.Position = tokens[star].Pos + offset
		return stream, err
	}
	return named, nil
}

// names reports whether a name is in a text, other than as what something is called.
func names(tokens []statement.Token, name string) bool {
	for i, t := range tokens {
		if t.IsName() && t.Value == name && (i == 0 || !tokens[i-1].Is("as")) {
			return true
		}
	}
	return false
}

// starOf finds a * that stands for the columns of everything in FROM, or for those of
// a stream or of an alias of it; -1 where there is none.
func starOf(tokens []statement.Token, stream string) int {
	called := map[string]bool{stream: true}
	for i, t := range tokens {
		if !t.IsName() || t.Value != stream {
			continue
		}
		if i++; i < len(tokens) && tokens[i].Is("as") {
			i++
		}
		if i < len(tokens) && tokens[i].IsName() {
			called[tokens[i].Value] = true
		}
	}
	for i, t := range tokens {
		if i == 0 || !t.IsOp("*") {
			continue
		}
		switch before := tokens[i-1]; {
		case before.Is("select"), before.Is("all"), before.Is("distinct"), before.IsOp(","):
			return i
		case before.IsOp(".") && i > 1 && called[tokens[i-2].Value]:
			return i
		case before.IsOp(")") && (i+1 == len(tokens) || tokens[i+1].Is("from") || tokens[i+1].IsOp(",")): // DISTINCT ON (…) *
			return i
		}
	}
	return -1
}
