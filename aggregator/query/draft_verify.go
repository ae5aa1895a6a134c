package query

import (
	"strings"
)

// programQuery returns the query of a program's tree that is the user's: the
// program itself, or the LATERAL sub-SELECT in it.
func (d *Draft) programQuery(text string) (*node, error) {
	tree, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	queries := tree.nodes()
	if len(queries) != 1 || queries[0].tag != "QUERY" {
		return nil, broken("a row program is not one query")
	}
	query := &queries[0]
	if d.builder.stream != "" {
		return query, nil
	}
	entries := query.nodes("rtable")
	for i := len(entries) - 1; i >= 0; i-- {
		if inner := entries[i].child("subquery"); inner != nil {
			return inner, nil
		}
	}
	return nil, broken("a row program has lost its sub-SELECT")
}

// targetPrints are the fingerprints of a program's results.
func (d *Draft) targetPrints(query *node) []string {
	targets := query.nodes("targetList")
	var prints []string
	for i := range targets {
		if n := targets[i].child("expr"); n != nil && !targets[i].flag("resjunk") {
			prints = append(prints, d.normal(n, query))
		}
	}
	if d.builder.stream != "" && len(prints) > 0 {
		return prints[1:]
	}
	return prints
}

// skipped are the entries of OLD and NEW before those of FROM, which a view's range
// table has up to PostgreSQL 15.
func skipped(query *node) int {
	n := 0
	for _, entry := range query.nodes("rtable") {
		alias := entry.child("alias")
		if n > 1 || alias == nil || alias.text("aliasname") != []string{"old", "new"}[n] || entry.flag("inFromCl") {
			break
		}
		n++
	}
	return n
}

// normal is the fingerprint of an expression of a query, with the places in the
// range table counted from FROM's first, and with the stream itself, which is a
// table in the one and a CTE in the other, as a node of its own.
func (d *Draft) normal(n, query *node) string {
	return fingerprint(d.normalize(value{kind: kindNode, node: n}, skipped(query), 0).node)
}

func (d *Draft) normalize(v value, skip, depth int) value {
	switch v.kind {
	case kindList:
		list := make([]value, len(v.list))
		for i, item := range v.list {
			list[i] = d.normalize(item, skip, depth)
		}
		return value{kind: kindList, list: list}
	case kindNode:
		n := v.node
		if d.isStreamEntry(n) {
			return value{kind: kindNode, node: &node{tag: "STREAM"}}
		}
		inner := depth
		if n.tag == "QUERY" {
			inner++
		}
		copied := &node{tag: n.tag}
		for _, f := range n.fields {
			switch {
			case isEntry(n.tag) && strings.Contains(ofEntries, " "+f.name+" "):
				continue
			case n.tag == "QUERY" && strings.Contains(ofQueries, " "+f.name+" "):
				continue
			case f.name == "varno" && n.tag == "VAR" && n.int("varlevelsup") == depth,
				f.name == "rtindex" && depth == 0:
				copied.fields = append(copied.fields, field{f.name, value{kind: kindAtom, atom: itoa(n.int(f.name) - skip)}})
				continue
			}
			copied.fields = append(copied.fields, field{f.name, d.normalize(f.value, skip, inner)})
		}
		return value{kind: kindNode, node: copied}
	}
	return v
}

// ofEntries and ofQueries are fields that say nothing of what is meant:
// privileges, and places in the text. An entry's references to the stream's CTE
// are at another level where the stream is a table.
const (
	ofEntries = " requiredPerms checkAsUser selectedCols insertedCols updatedCols extraUpdatedCols perminfoindex "
	ofQueries = " rteperminfos stmt_location stmt_len queryId "
)

// isStreamEntry reports whether a node is the stream in a range table: the table
// in the original, the CTE in a program.
func (d *Draft) isStreamEntry(n *node) bool {
	if !isEntry(n.tag) {
		return false
	}
	b := d.builder
	return b.isStream(n) || n.text("rtekind") == rteCTE && n.text("ctename") == b.analysis.Stream
}

// sources are FROM and WHERE of a query as text that is the same for equal ones:
// the join tree, and what stands in it.
func (d *Draft) sources(query *node) string {
	skip := skipped(query)
	var text strings.Builder
	write := func(v value) { writeValue(&text, d.normalize(v, skip, 0)); text.WriteByte('\n') }
	tree := query.child("jointree")
	if tree == nil {
		return ""
	}
	write(tree.get("fromlist"))
	if !d.builder.eval.whole {
		write(tree.get("quals"))
	}
	entries := query.nodes("rtable")
	for i := skip; i < len(entries); i++ {
		// What a join shows is what its sides do: VARs refer to these.
		if kind := entries[i].text("rtekind"); kind != rteJoin && kind != rteGroup {
			write(value{kind: kindNode, node: &entries[i]})
		}
	}
	ctes := query.nodes("cteList")
	for i := range ctes {
		if ctes[i].text("ctename") != d.builder.analysis.Stream {
			write(ctes[i].get("ctequery"))
		}
	}
	return text.String()
}
