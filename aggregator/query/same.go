package query

import (
	"strings"
)

// ignored are the fields that do not take part in equality, as in PostgreSQL's
// equalfuncs.c: places in the text, and how a call was spelled.
const ignored = " location list_start list_end funcformat relabelformat coerceformat coercionformat convertformat " +
	"varnosyn varattnosyn aggno aggtransno resorigtbl resorigcol opfuncid hashfuncid negfuncid "

// fingerprint writes a node so that two expressions that PostgreSQL takes for
// equal have the same text.
func fingerprint(n *node) string {
	var text strings.Builder
	writeValue(&text, value{kind: kindNode, node: n})
	return text.String()
}

func writeValue(to *strings.Builder, v value) {
	switch v.kind {
	case kindNull:
		to.WriteString("<>")
	case kindAtom:
		to.WriteString(v.atom)
	case kindDatum:
		to.WriteByte('[')
		to.Write(v.bytes)
		to.WriteByte(']')
	case kindList:
		to.WriteByte('(')
		for _, item := range v.list {
			writeValue(to, item)
			to.WriteByte(' ')
		}
		to.WriteByte(')')
	case kindNode:
		to.WriteByte('{')
		to.WriteString(v.node.tag)
		for _, f := range v.node.fields {
			if !strings.Contains(ignored, " "+f.name+" ") {
				to.WriteString(" :" + f.name + " ")
				writeValue(to, f.value)
			}
		}
		to.WriteByte('}')
	}
}

// replace returns a copy of v in which every node that with answers for is
// replaced by its answer.
func replace(v value, with func(*node) *node) value {
	switch v.kind {
	case kindNode:
		if other := with(v.node); other != nil {
			return value{kind: kindNode, node: other}
		}
		copied := &node{tag: v.node.tag, fields: make([]field, len(v.node.fields))}
		for i, f := range v.node.fields {
			copied.fields[i] = field{f.name, replace(f.value, with)}
		}
		return value{kind: kindNode, node: copied}
	case kindList:
		list := make([]value, len(v.list))
		for i, item := range v.list {
			list[i] = replace(item, with)
		}
		return value{kind: kindList, list: list}
	}
	return v
}

// replaceLevels is replace that tells with how many queries a node is within, the
// one at v from depth on.
func replaceLevels(v value, depth int, with func(*node, int) *node) value {
	switch v.kind {
	case kindNode:
		if other := with(v.node, depth); other != nil {
			return value{kind: kindNode, node: other}
		}
		if v.node.tag == "QUERY" {
			depth++
		}
		copied := &node{tag: v.node.tag, fields: make([]field, len(v.node.fields))}
		for i, f := range v.node.fields {
			copied.fields[i] = field{f.name, replaceLevels(f.value, depth, with)}
		}
		return value{kind: kindNode, node: copied}
	case kindList:
		list := make([]value, len(v.list))
		for i, item := range v.list {
			list[i] = replaceLevels(item, depth, with)
		}
		return value{kind: kindList, list: list}
	}
	return v
}

// walk calls visit for every node beneath v, outer ones first; visit returns
// false to leave out what is inside. A node may be missing.
func walk(v value, visit func(*node) bool) {
	switch v.kind {
	case kindNode:
		if v.node == nil || !visit(v.node) {
			return
		}
		for _, f := range v.node.fields {
			walk(f.value, visit)
		}
	case kindList:
		for _, item := range v.list {
			walk(item, visit)
		}
	}
}
