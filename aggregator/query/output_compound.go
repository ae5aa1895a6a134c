package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// compound writes what arrays, rows and domains are made of and taken apart by,
// and the current time and user, which are those of reading.
func (d *deparser) compound(n *node) (string, error) {
	switch n.tag {
	case "SUBSCRIPTINGREF":
		return d.subscript(n)
	case "ROWEXPR":
		return d.row(n)
	case "FIELDSELECT":
		return d.field(n)
	case "ARRAYCOERCEEXPR", "COERCETODOMAIN", "CONVERTROWTYPEEXPR":
		return d.cast(n, n.oid("resulttype"))
	case "SQLVALUEFUNCTION":
		return d.valueFunction(n)
	}
	return d.fragment(n)
}

// subscript writes a[i], a[i][j] and a[i:j].
func (d *deparser) subscript(n *node) (string, error) {
	array, err := d.sql(n.child("refexpr"))
	if err != nil {
		return "", err
	}
	upper, lower := n.get("refupperindexpr").list, n.get("reflowerindexpr").list
	var text strings.Builder
	text.WriteString("(" + array + ")")
	index := func(v value) (string, error) {
		if v.node == nil {
			return "", nil // left out
		}
		return d.sql(v.node)
	}
	for i := range upper {
		to, err := index(upper[i])
		if err != nil {
			return "", err
		}
		if i < len(lower) {
			from, err := index(lower[i])
			if err != nil {
				return "", err
			}
			to = from + ":" + to
		}
		text.WriteString("[" + to + "]")
	}
	return text.String(), nil
}

const recordOID = 2249

func (d *deparser) row(n *node) (string, error) {
	row, err := d.list("ROW", n.nodes("args"))
	if err != nil || n.oid("row_typeid") == recordOID {
		return row, err
	}
	name, err := d.castName(n.oid("row_typeid"))
	return "(" + row + ")::" + name, err
}

// field writes a field of a row whose type has a name.
func (d *deparser) field(n *node) (string, error) {
	arg := n.child("arg")
	if arg == nil {
		return "", broken("a field of nothing")
	}
	fields := d.analysis.Kinds[exprType(arg)].Fields
	at := n.int("fieldnum")
	if at < 1 || at > len(fields) {
		return "", d.refuse(n, "Cast the row to a type that has a name.", "a field of a row without a named type is not supported here in a continuous view")
	}
	row, err := d.sql(arg)
	return "(" + row + ")." + quoteIdent(fields[at-1]), err
}

// valueFunctions are SQLValueFunctionOp of nodes/primnodes.h; those that are ""
// have a precision, which is the type's modifier.
var valueFunctions = []string{
	"CURRENT_DATE", "CURRENT_TIME", "", "CURRENT_TIMESTAMP", "", "LOCALTIME", "", "LOCALTIMESTAMP", "",
	"CURRENT_ROLE", "CURRENT_USER", "USER", "SESSION_USER", "CURRENT_CATALOG", "CURRENT_SCHEMA",
}

func (d *deparser) valueFunction(n *node) (string, error) {
	op := n.int("op")
	if op < 0 || op >= len(valueFunctions) {
		return "", broken("a value function " + itoa(op))
	}
	if valueFunctions[op] == "" && op > 0 {
		return valueFunctions[op-1] + "(" + itoa(n.int("typmod")) + ")", nil
	}
	return valueFunctions[op], nil
}

// spelled reports whether ConstantText writes constants of a type.
func spelled(t datum.Type) bool { return t >= datum.Bool && t <= datum.Interval }
