package query

import "slices"

// checkKey refuses a key whose values cannot be told apart by a canonical
// encoding: what = means for them, only PostgreSQL knows.
func (b *builder) checkKey(at int, target *node) error {
	n := target.child("expr")
	e := &nativeBuilder{b, b.placeOf(target, b.places.group)}
	if of := b.plan.Keys[at].Expr.Type(); !comparable(of) {
		return e.refuse(n, "Group by its text instead: (expression)::text.",
			"values of type %s cannot be keys of a continuous view: only PostgreSQL can tell which of them are equal", b.typeName(exprType(n)))
	}
	if collation := collationOf(n); slices.Contains(b.analysis.Nondeterministic, collation) {
		return e.refuse(n, `Group by it with another collation: expression COLLATE "C".`,
			"keys with the nondeterministic collation \"%s\" are not supported in a continuous view", b.analysis.Collations[collation])
	}
	return nil
}

// collationOf is the collation of an expression's value, 0 for none.
func collationOf(n *node) uint32 {
	for _, field := range []string{
		"varcollid", "constcollid", "funccollid", "opcollid", "resultcollid", "collOid", "casecollid", "coalescecollid",
		"minmaxcollid", "refcollid", "paramcollid",
	} {
		if oid := n.oid(field); oid != 0 {
			return oid
		}
	}
	return 0
}
