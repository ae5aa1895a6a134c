package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/statement"
)

// Fragment is a piece of what is done when a view is read that only PostgreSQL can
// write: a constant of a type that Millrace does not know, a sub-SELECT over
// tables. It hangs on no column of the stream and on no aggregate.
type Fragment struct {
	Path string `json:"path"` // where it stands in the analysed tree
	SQL  string `json:"sql"`  // qualified
}

// bindFragments finds the stored fragments in the tree.
func (b *builder) bindFragments(tree value) error {
	b.eval.fragments = map[string]string{}
	for _, f := range b.analysis.Fragments {
		n := follow(tree, f.Path)
		if n == nil {
			return broken("the fragment " + f.Path + " is missing")
		}
		b.eval.fragments[fingerprint(n)] = f.SQL
	}
	return nil
}

// fragment writes what PostgreSQL wrote at CREATE.
func (d *deparser) fragment(n *node) (string, error) {
	print := fingerprint(n)
	if sql, ok := d.eval.fragments[print]; ok {
		return sql, nil
	}
	if !d.eval.drafting || !independent(n) {
		return "", d.refuse(n, "", "%s is not supported here in a continuous view", d.constructOf(n))
	}
	d.eval.fragments[print] = "NULL"
	d.eval.lacking = append(d.eval.lacking, lacking{n, print, d.refuse(n, "", "%s is not supported here in a continuous view", d.constructOf(n))})
	return "NULL", nil
}

func (d *deparser) constructOf(n *node) string {
	if n.tag == "CONST" {
		return "a constant of type " + d.typeName(n.oid("consttype"))
	}
	return construct(n)
}

// lacking is a fragment that PostgreSQL is to write.
type lacking struct {
	node  *node
	print string
	why   error // the refusal where it cannot
}

// independent reports whether a node refers to nothing of the query around it.
func independent(n *node) bool {
	alone := true
	walkLevels(value{kind: kindNode, node: n}, 0, func(n *node, depth int) {
		switch n.tag {
		case "VAR":
			alone = alone && n.int("varlevelsup") < depth
		case "AGGREF":
			alone = alone && n.int("agglevelsup") < depth
		case "CASETESTEXPR", "GROUPINGFUNC", "COERCETODOMAINVALUE":
			alone = false
		case "PARAM":
			alone = alone && depth > 0
		}
	})
	return alone
}

// Fragments are how many pieces only PostgreSQL can write.
func (d *Draft) Fragments() int { return len(d.builder.eval.lacking) }

// FragmentTexts are expressions of which one may be a fragment: SELECT of it alone
// shows its tree.
func (d *Draft) FragmentTexts(i int) []string {
	c, sql := d.builder.places, d.builder.analysis.Select
	n := d.builder.eval.lacking[i].node
	of, _ := (&deparser{&nativeBuilder{d.builder, c.all()}}).castName(n.oid("consttype"))
	var texts []string
	for at, token := range c.tokens {
		switch {
		case n.tag == "CONST" && (token.Kind == statement.String || token.Kind == statement.Number || token.Kind == statement.Bits):
			texts = append(texts, "CAST("+token.Text+" AS "+of+")")
		case n.tag != "CONST" && token.IsOp("("):
			from := at
			if at > 0 && (c.tokens[at-1].Is("exists") || c.tokens[at-1].Is("array") || c.tokens[at-1].Is("row")) {
				from--
			}
			texts = append(texts, c.text(sql, span{from, min(c.closing(at)+1, len(c.tokens))}))
		}
	}
	return texts
}

// MatchFragment reports whether the tree of a SELECT of a text alone is that of a
// fragment.
func (d *Draft) MatchFragment(i int, text string) bool {
	tree, err := parseTree(text)
	if err != nil || len(tree.nodes()) != 1 {
		return false
	}
	for _, target := range tree.nodes()[0].nodes("targetList") {
		n := target.child("expr")
		return n != nil && fingerprint(n) == d.builder.eval.lacking[i].print
	}
	return false
}

// Fragment makes a fragment of what PostgreSQL prints of a view of it, with an
// empty search_path.
func (d *Draft) Fragment(i int, viewdef string) (Fragment, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(viewdef), ";"))
	tokens, bad := statement.Tokens(text)
	last := len(tokens) - 2
	if bad != nil || last < 2 || !tokens[0].Is("select") || !tokens[last].Is("as") {
		return Fragment{}, broken("a fragment is printed in another form")
	}
	path := pathOf(d.tree, d.builder.eval.lacking[i].print)
	if path == "" {
		return Fragment{}, broken("a fragment is nowhere in the tree")
	}
	return Fragment{Path: path, SQL: "(" + text[tokens[0].End+1:tokens[last-1].End] + ")"}, nil
}

// Refusal is the error of a fragment that none of its texts is.
func (d *Draft) Refusal(i int) error { return d.builder.eval.lacking[i].why }

// Remote reports whether a row program is needed.
func (d *Draft) Remote() bool { return d.builder.eval.wanted() }
