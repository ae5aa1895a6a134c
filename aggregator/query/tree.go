package query

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// value is a value in a pg_node_tree: what PostgreSQL's outfuncs.c writes.
type value struct {
	kind  valueKind
	atom  string  // kindAtom, unescaped
	node  *node   // kindNode
	list  []value // kindList
	bytes []byte  // kindDatum: the constant's bytes as they are in memory
}

type valueKind uint8

const (
	kindNull  valueKind = iota // <>
	kindAtom                   // a number, a boolean, a name
	kindNode                   // {TAG :field value …}
	kindList                   // (a b …), also (i 1 2), (o 1 2) and (b 1 2)
	kindDatum                  // 4 [ 1 0 0 0 0 0 0 0 ]
)

// node is a parse node: its tag and its fields in order.
type node struct {
	tag    string
	fields []field
}

type field struct {
	name  string
	value value
}

// get returns a field's value, null where there is none: fields come and go
// with PostgreSQL's versions. A node that is missing, nil, has none.
func (n *node) get(name string) value {
	if n == nil {
		return value{}
	}
	for i := range n.fields {
		if n.fields[i].name == name {
			return n.fields[i].value
		}
	}
	return value{}
}

func (n *node) text(name string) string  { return n.get(name).atom }
func (n *node) flag(name string) bool    { return n.get(name).atom == "true" }
func (n *node) nodes(name string) []node { return n.get(name).nodes() }
func (n *node) child(name string) *node  { return n.get(name).node }

// oid returns a field that is an OID, 0 for none.
func (n *node) oid(name string) uint32 {
	v, err := strconv.ParseUint(n.text(name), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(v)
}

// int returns a field that is an integer, 0 where it is none.
func (n *node) int(name string) int {
	v, err := strconv.ParseInt(n.text(name), 10, 32)
	if err != nil {
		return 0
	}
	return int(v)
}

// nodes returns the nodes of a list.
func (v value) nodes() []node {
	var nodes []node
	for _, item := range v.list {
		if item.node != nil {
			nodes = append(nodes, *item.node)
		}
	}
	return nodes
}

// parseTree parses a pg_node_tree.
func parseTree(text string) (value, error) {
	r := treeReader{text: text}
	v, err := r.value(0)
	if err == nil && r.token() != "" {
		err = r.fail("text behind the tree")
	}
	return v, err
}

// treeReader follows pg_strtok and nodeRead of PostgreSQL's read.c.
type treeReader struct {
	text string
	off  int
	// peeked is a token that was looked at and not used.
	peeked string
}

// maxDepth is deeper than any SELECT that PostgreSQL's own stack allows.
const maxDepth = 10_000

func (r *treeReader) fail(what string) error {
	return datum.Errorf("XX000", "PostgreSQL's analysed tree cannot be read: %s at byte %d", what, r.off)
}

// token returns the next raw token, escapes and all; "" at the end.
func (r *treeReader) token() string {
	if r.peeked != "" {
		token := r.peeked
		r.peeked = ""
		return token
	}
	for r.off < len(r.text) && isSpace(r.text[r.off]) {
		r.off++
	}
	start := r.off
	if start == len(r.text) {
		return ""
	}
	if strings.IndexByte("(){}", r.text[start]) >= 0 {
		r.off++
		return r.text[start:r.off]
	}
	for r.off < len(r.text) {
		c := r.text[r.off]
		if c == '\\' && r.off+1 < len(r.text) {
			r.off += 2
			continue
		}
		if isSpace(c) || strings.IndexByte("(){}", c) >= 0 {
			break
		}
		r.off++
	}
	return r.text[start:r.off]
}

func (r *treeReader) peek() string {
	if r.peeked == "" {
		r.peeked = r.token()
	}
	return r.peeked
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

func (r *treeReader) value(depth int) (value, error) {
	if depth > maxDepth {
		return value{}, r.fail("too many levels")
	}
	switch token := r.token(); token {
	case "":
		return value{}, r.fail("unexpected end")
	case "<>":
		return value{}, nil
	case "{":
		return r.node(depth)
	case "(":
		return r.list(depth)
	case ")", "}":
		return value{}, r.fail("unexpected " + token)
	default:
		return value{kind: kindAtom, atom: unescapeToken(token)}, nil
	}
}

func (r *treeReader) node(depth int) (value, error) {
	n := &node{tag: r.token()}
	for {
		token := r.token()
		if token == "}" {
			return value{kind: kindNode, node: n}, nil
		}
		if len(token) < 2 || token[0] != ':' {
			return value{}, r.fail(fmt.Sprintf("a field's name expected in %q, not %q", n.tag, token))
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		if r.peek() == "[" {
			if v, err = r.datum(v); err != nil {
				return value{}, err
			}
		}
		n.fields = append(n.fields, field{token[1:], v})
	}
}

func (r *treeReader) list(depth int) (value, error) {
	v := value{kind: kindList}
	for {
		if r.peek() == ")" {
			r.token()
			return v, nil
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.list = append(v.list, item)
	}
}

// datum reads the [ bytes ] behind a datum's length. Bytes above 127 are
// negative where the server's char is signed.
func (r *treeReader) datum(length value) (value, error) {
	r.token()
	v := value{kind: kindDatum, atom: length.atom}
	for {
		token := r.token()
		if token == "]" {
			return v, nil
		}
		b, err := strconv.ParseInt(token, 10, 16)
		if err != nil || b < -128 || b > 255 {
			return value{}, r.fail(fmt.Sprintf("a byte expected, not %q", token))
		}
		v.bytes = append(v.bytes, byte(b))
	}
}

// unescapeToken takes the backslashes out, and the quotes of a list's strings.
func unescapeToken(token string) string {
	if len(token) > 1 && token[0] == '"' && token[len(token)-1] == '"' {
		token = token[1 : len(token)-1]
	}
	if !strings.Contains(token, `\`) {
		return token
	}
	var text strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] == '\\' && i+1 < len(token) {
			i++
		}
		text.WriteByte(token[i])
	}
	return text.String()
}
