package statement

import "strings"

// StreamNames returns the relations that FROM names at the top level of a
// SELECT, in order, by their tokens alone: enough to see whether a plain CREATE
// VIEW is over a stream. Functions and sub-SELECTs are left out.
func StreamNames(sql string) []Ref {
	tokens, _ := Tokens(sql)
	var refs []Ref
	depth, inFrom, item := 0, false, false
	for i := 0; i < len(tokens); i++ {
		token := tokens[i]
		switch {
		case token.IsOp("("):
			depth++
			item = false
		case token.IsOp(")"):
			depth--
		case depth > 0:
		case token.Is("from") && !isDistinctFrom(tokens, i):
			inFrom, item = true, true
		case !inFrom:
		case token.IsOp(","), token.Is("join"):
			item = true
		case token.Is("only"), token.Is("lateral"):
		case token.Kind == Ident && strings.Contains(fromEnds, " "+token.Value+" "):
			inFrom = false
		case item && token.IsName():
			item = false
			ref := Ref{Name: token.Value, Pos: token.Pos}
			for i+2 < len(tokens) && tokens[i+1].IsOp(".") && tokens[i+2].IsName() {
				ref.Schema, ref.Name = ref.Name, tokens[i+2].Value
				i += 2
			}
			if i+1 >= len(tokens) || !tokens[i+1].IsOp("(") {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// SubSelectInFrom returns the place of the first sub-SELECT that stands as a
// relation in a SELECT's FROM; ok is false where there is none.
func SubSelectInFrom(sql string) (pos int, ok bool) {
	tokens, _ := Tokens(sql)
	depth, inFrom, item := 0, false, false
	for i, token := range tokens {
		switch {
		case token.IsOp("("):
			if next := i + 1; item && next < len(tokens) && (tokens[next].Is("select") || tokens[next].Is("with") || tokens[next].Is("values")) {
				return token.Pos, true
			}
			depth++
		case token.IsOp(")"):
			depth--
		case depth > 0:
		case token.Is("from") && !isDistinctFrom(tokens, i):
			inFrom, item = true, true
		default:
			inFrom = inFrom && (token.Kind != Ident || !strings.Contains(fromEnds, " "+token.Value+" "))
			item = inFrom && (token.IsOp(",") || token.Is("join") || token.Is("lateral"))
		}
	}
	return 0, false
}

// fromEnds are the words that end a FROM clause.
const fromEnds = " where group having window order limit offset fetch for union intersect except "

// isDistinctFrom reports whether the FROM at i is that of IS [NOT] DISTINCT FROM.
func isDistinctFrom(tokens []Token, i int) bool {
	return i >= 2 && tokens[i-1].Is("distinct") && (tokens[i-2].Is("is") || tokens[i-2].Is("not"))
}
