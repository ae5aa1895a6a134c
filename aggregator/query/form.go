package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// The forms of SELECT differ in what a row of v_mrel is, which is what the plan's
// keys say:
//
//	GROUP BY, aggregates         a group of the GROUP BY clause
//	grouping sets                a group of one of the sets
//	SELECT DISTINCT              one for each different row
//	SELECT DISTINCT ON           the same; which of them are shown is decided at read
//	none of these                a record's row: append-only
//
// ORDER BY, LIMIT and OFFSET, and DISTINCT over groups, are done at read.

// aggregates reports whether the SELECT has groups of its own.
func (b *builder) aggregates() bool {
	return len(b.query.nodes("groupClause")) > 0 || b.query.get("groupingSets").kind != kindNull ||
		b.query.flag("hasAggs") || b.query.child("havingQual") != nil
}

// makeKeys makes the plan's keys, as the SELECT's form has it.
func (b *builder) makeKeys() error {
	switch {
	case b.aggregates():
		return b.groupBy()
	case b.query.get("distinctClause").kind == kindNull:
		return b.appendRows()
	}
	return b.distinctRows()
}

// groupBy makes keys of the GROUP BY clause.
func (b *builder) groupBy() error {
	for _, clause := range b.query.nodes("groupClause") {
		ref := clause.text("tleSortGroupRef")
		target := b.targetOf(ref)
		if target == nil {
			return broken("a GROUP BY expression is missing")
		}
		at, err := b.addKey(target, ref)
		if err == nil {
			err = b.checkKey(at, target)
		}
		if err != nil {
			return err
		}
	}
	return b.groupingSets()
}

// distinctRows makes keys of all that is selected, and of what DISTINCT ON and
// ORDER BY look at besides.
func (b *builder) distinctRows() error {
	on := b.query.flag("hasDistinctOn")
	if on && !b.allComparable() {
		return b.appendRows()
	}
	for i := range b.targets {
		if err := b.addTarget(&b.targets[i], false); err != nil {
			return err
		}
	}
	return nil
}

// allComparable reports whether all that is selected can be a key.
func (b *builder) allComparable() bool {
	for i := range b.targets {
		if n := b.targets[i].child("expr"); n != nil && n.tag != "CONST" {
			if !comparable(b.analysis.TypeOf(exprType(n))) {
				return false
			}
		}
	}
	return true
}

// comparable reports whether a type's values can be told apart by a canonical key.
func comparable(t datum.Type) bool {
	if t.IsArray() {
		t = t.Elem()
	}
	return t != datum.Invalid && t != datum.JSON && t != datum.Other
}

// placeColumns are those that an append-only view's rows are told apart by: the
// first two are metadata columns of the stream.
var placeColumns = [...]string{"_partition", "_offset", "_row"}

// setColumn is the number of a group's grouping set, where there are several.
const setColumn = "_grouping_set"

// appendRows makes each row of the stream a row of its own: its key is where its
// record is, and what is selected stands beside it. So a record that is read again
// can never come twice.
func (b *builder) appendRows() error {
	b.plan.AppendOnly = true
	for _, name := range placeColumns[:2] {
		at := slices.IndexFunc(b.schema, func(c SchemaColumn) bool { return c.Name == name && c.Metadata })
		if b.eval.drafting {
			b.made(Evaluated, datum.Int8) // a draft has only the columns that are named
			continue
		}
		if at < 0 {
			return b.places.fail(0, datum.CodeFeatureNotSupported, "Give the stream's own column of that name another name, or use GROUP BY.",
				"a SELECT without aggregates and GROUP BY needs the metadata column \"%s\", which stream \"%s\" hides", name, b.analysis.Stream)
		}
		b.plan.Keys = append(b.plan.Keys, Key{Expr: &expr.Column{Index: at, Name: name, Of: b.schema[at].Type}})
		b.keys = append(b.keys, groupKey{})
	}
	b.made(RowNumber, datum.Int4)
	for i := range b.targets {
		if err := b.addTarget(&b.targets[i], true); err != nil {
			return err
		}
	}
	return nil
}

// made adds a key that workers make themselves.
func (b *builder) made(origin Origin, of datum.Type) {
	zero := column.New(of)
	zero.AppendInt(0)
	b.plan.Keys = append(b.plan.Keys, Key{Expr: &expr.Const{Value: zero}, Origin: origin})
	b.keys = append(b.keys, groupKey{})
}

// addTarget makes a key of a target list entry and remembers which. A constant is
// no key where there is anything else.
func (b *builder) addTarget(target *node, carried bool) error {
	n := target.child("expr")
	if n == nil {
		return broken("an output is missing")
	}
	constant := func(t node) bool { e := t.child("expr"); return e == nil || e.tag == "CONST" }
	if n.tag == "CONST" && (carried || slices.ContainsFunc(b.targets, func(t node) bool { return !constant(t) })) {
		return nil
	}
	at, err := b.addKey(target, "")
	if err != nil {
		return err
	}
	if !carried {
		if err := b.checkKey(at, target); err != nil {
			return err
		}
	}
	if b.plan.Keys[at].Origin == Evaluated && at >= len(placeColumns) {
		b.plan.Keys[at].Carried = carried
	}
	b.keyOfTarget[target.text("resno")] = at
	return nil
}

// addKey makes a key of a target list entry and returns its number, that of an
// earlier key which is the same unless ref, the reference of a GROUP BY clause,
// names it. What is another value each time it is evaluated is never the same.
func (b *builder) addKey(target *node, ref string) (int, error) {
	n := target.child("expr")
	fresh := ref != "" || b.volatile(n)
	if at := b.keyOf(n); at >= 0 && !fresh {
		return at, nil
	}
	key, err := b.native(n, b.placeOf(target, b.places.group))
	if err != nil {
		return 0, err
	}
	for i, k := range b.plan.Keys {
		if !fresh && !b.united && k.Origin == Evaluated && expr.Equal(k.Expr, key) {
			if b.keys[i].node == nil {
				b.keys[i] = groupKey{node: n, print: fingerprint(n)}
			}
			return i, nil
		}
	}
	b.plan.Keys = append(b.plan.Keys, Key{Expr: key, OID: exprType(n), SQLType: b.typeName(exprType(n))})
	b.keys = append(b.keys, groupKey{node: n, print: fingerprint(n), ref: ref})
	return len(b.keys) - 1, nil
}

// volatile reports whether an expression has a function whose value may be
// another each time.
func (b *builder) volatile(n *node) bool {
	found := false
	walk(value{kind: kindNode, node: n}, func(n *node) bool {
		for _, field := range []string{"funcid", "opfuncid"} {
			found = found || b.analysis.Procs[n.oid(field)].Volatile == "v"
		}
		return !found
	})
	return found
}

// targetOf returns the target list entry of a clause's reference.
func (b *builder) targetOf(ref string) *node {
	at := slices.IndexFunc(b.targets, func(t node) bool { return t.text("ressortgroupref") == ref })
	if at < 0 || b.targets[at].child("expr") == nil {
		return nil
	}
	return &b.targets[at]
}

// placeOf is where a target list entry is written.
func (b *builder) placeOf(target *node, otherwise span) span {
	if target.flag("resjunk") {
		return otherwise
	}
	return b.itemOf(target)
}

// exprType is the type of an analysed expression, 0 where it cannot be told.
func exprType(n *node) uint32 {
	if n == nil {
		return 0
	}
	switch n.tag {
	case "AGGREF":
		return n.oid("aggtype")
	case "BOOLEXPR", "NULLTEST", "BOOLEANTEST", "SCALARARRAYOPEXPR", "ROWCOMPAREEXPR", "JSONISPREDICATE":
		return boolOID
	case "SUBLINK":
		return subLinkType(n)
	case "COLLATEEXPR":
		if arg := n.child("arg"); arg != nil {
			return exprType(arg)
		}
	case "ROWEXPR":
		return n.oid("row_typeid")
	case "GROUPINGFUNC":
		return int4OID
	case "ARRAYEXPR":
		return n.oid("array_typeid")
	case "SUBSCRIPTINGREF":
		return n.oid("refrestype")
	case "SQLVALUEFUNCTION":
		return n.oid("type")
	}
	return resultType(n)
}

// subLinkType is the type of a sub-SELECT in an expression, 0 for an array, whose
// type the tree does not say.
func subLinkType(n *node) uint32 {
	const expression, array = "4", "6" // SubLinkType of nodes/primnodes.h
	switch n.text("subLinkType") {
	case array:
		return 0
	case expression:
		if q := n.child("subselect"); q != nil {
			for _, target := range q.nodes("targetList") {
				if e := target.child("expr"); e != nil && !target.flag("resjunk") {
					return exprType(e)
				}
			}
		}
		return 0
	}
	return boolOID
}

const (
	boolOID = 16
	int4OID = 23
)
