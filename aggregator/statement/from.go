package statement

import (
	"slices"
	"strings"
)

// StreamNames returns the relations that FROM names in a SELECT, in sub-SELECTs
// and WITH too, in order, by their tokens alone: enough to see whether a plain
// CREATE VIEW is over a stream. Functions are left out, and so are the names of
// WITH where they are known.
func StreamNames(sql string) []Ref {
	tokens, _ := Tokens(sql)
	r := relations{tokens: tokens, levels: []level{{query: true}}}
	for r.at < len(tokens) {
		r.token()
		r.at++
	}
	return r.refs
}

// relations collects the relations of a SELECT.
type relations struct {
	tokens []Token
	at     int
	levels []level // of parentheses, the statement's own first
	refs   []Ref
}

// level is what is known of what stands between two parentheses.
type level struct {
	query  bool     // a SELECT, and so with a FROM of its own
	inFrom bool     // behind FROM, or a join that parentheses hold together
	item   bool     // where a relation's name may come next
	names  []string // of WITH
	as     string   // the name of WITH that it is the SELECT of
}

func (r *relations) token() {
	token, in := r.tokens[r.at], &r.levels[len(r.levels)-1]
	switch {
	case token.IsOp("("):
		next := level{query: r.isQuery(r.at + 1), as: r.nameOfWith()}
		next.inFrom = in.inFrom && in.item && !next.query
		next.item = next.inFrom
		in.item = false
		r.levels = append(r.levels, next)
	case token.IsOp(")"):
		if len(r.levels) > 1 {
			r.levels = r.levels[:len(r.levels)-1]
			if in.as != "" {
				above := &r.levels[len(r.levels)-1]
				above.names = append(above.names, in.as)
			}
		}
	case in.query && token.Is("from") && !isDistinctFrom(r.tokens, r.at):
		in.inFrom, in.item = true, true
	case !in.inFrom:
	case token.IsOp(","), token.Is("join"):
		in.item = true
	case token.Is("only"), token.Is("lateral"):
	case token.Kind == Ident && strings.Contains(fromEnds, " "+token.Value+" "):
		in.inFrom, in.item = false, false
	case in.item && token.IsName():
		in.item = false
		r.relation()
	}
}

// relation adds the one whose name stands here.
func (r *relations) relation() {
	ref := Ref{Name: r.tokens[r.at].Value, Pos: r.tokens[r.at].Pos}
	for r.at+2 < len(r.tokens) && r.tokens[r.at+1].IsOp(".") && r.tokens[r.at+2].IsName() {
		ref.Schema, ref.Name = ref.Name, r.tokens[r.at+2].Value
		r.at += 2
	}
	if r.at+1 < len(r.tokens) && r.tokens[r.at+1].IsOp("(") {
		return // a function
	}
	for _, l := range r.levels {
		if ref.Schema == "" && slices.Contains(l.names, ref.Name) {
			return
		}
	}
	r.refs = append(r.refs, ref)
}

// isQuery reports whether a SELECT begins at a place.
func (r *relations) isQuery(at int) bool {
	return at < len(r.tokens) && (r.tokens[at].Is("select") || r.tokens[at].Is("with") || r.tokens[at].Is("values"))
}

// nameOfWith returns the name that WITH gives to the SELECT whose parenthesis opens
// here, "" for none.
func (r *relations) nameOfWith() string {
	at := r.at - 1
	if !r.isQuery(r.at+1) || at < 0 {
		return ""
	}
	if r.tokens[at].Is("materialized") {
		if at--; at >= 0 && r.tokens[at].Is("not") {
			at--
		}
	}
	if at < 1 || !r.tokens[at].Is("as") {
		return ""
	}
	if at--; r.tokens[at].IsOp(")") { // the names of its columns
		for at > 0 && !r.tokens[at].IsOp("(") {
			at--
		}
		at--
	}
	if at < 0 || !r.tokens[at].IsName() {
		return ""
	}
	return r.tokens[at].Value
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
