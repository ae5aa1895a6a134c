package query

import "slices"

const rteCTE = "6"

// scope are the WITH lists that a query sees, its own first.
type scope [][]node

// flatten pulls sub-SELECTs and CTEs that only project and filter up into the
// SELECT over them, as PostgreSQL's planner does: their targets take the place of
// the columns that refer to them, their conditions stand before its own. So what
// they ask for is evaluated natively as if it had been written in one SELECT.
//
// What cannot be (joins, volatile and set-returning targets, sub-SELECTs in
// expressions, and what sees more rows than one) stays as it is.
func (b *builder) flatten() {
	seen := scope{b.query.nodes("cteList")}
	for !b.query.flag("hasSubLinks") {
		items := b.query.child("jointree").nodes("fromlist")
		if len(items) != 1 || items[0].tag != "RANGETBLREF" {
			return
		}
		index := items[0].text("rtindex")
		inner, within := seen.subSelect(b.rangeEntry(index))
		if inner == nil {
			b.dropWith()
			return
		}
		if !b.flattens(inner) || !b.pullUp(index, inner) {
			return
		}
		b.places.where, seen = b.places.all(), within
	}
}

// subSelect returns the query of a range table entry and what it sees, nil for one
// of another kind.
func (s scope) subSelect(entry *node) (*node, scope) {
	if entry == nil {
		return nil, nil
	}
	switch entry.text("rtekind") {
	case rteSubquery:
		inner := entry.child("subquery")
		if inner == nil || inner.tag != "QUERY" {
			return nil, nil
		}
		return inner, append(scope{inner.nodes("cteList")}, s...)
	case rteCTE:
		up := entry.int("ctelevelsup")
		if up < 0 || up >= len(s) || entry.flag("self_reference") {
			return nil, nil
		}
		for _, cte := range s[up] {
			if inner := cte.child("ctequery"); cte.text("ctename") == entry.text("ctename") && inner != nil &&
				inner.tag == "QUERY" && !cte.flag("cterecursive") {
				return inner, append(scope{inner.nodes("cteList")}, s[up:]...)
			}
		}
	}
	return nil, nil
}

// flattens reports whether a sub-SELECT only projects and filters.
func (b *builder) flattens(inner *node) bool {
	tree := inner.child("jointree")
	if tree == nil {
		return false
	}
	for _, flag := range []string{"hasSubLinks", "hasTargetSRFs", "hasAggs", "hasWindowFuncs", "hasModifyingCTE", "hasRecursive"} {
		if inner.flag(flag) {
			return false
		}
	}
	for _, clause := range []string{
		"setOperations", "groupClause", "groupingSets", "havingQual", "distinctClause", "limitCount", "limitOffset", "rowMarks",
	} {
		if inner.get(clause).kind != kindNull {
			return false
		}
	}
	if items := tree.nodes("fromlist"); len(items) != 1 || items[0].tag != "RANGETBLREF" {
		return false
	}
	for _, target := range inner.nodes("targetList") {
		if b.volatile(target.child("expr")) {
			return false
		}
	}
	return true
}

// pullUp makes the query one over what its only relation, a sub-SELECT, is over;
// false where it refers to more of it than its columns.
func (b *builder) pullUp(index string, inner *node) bool {
	targets := map[string]*node{}
	for _, target := range inner.nodes("targetList") {
		if !target.flag("resjunk") {
			targets[target.text("resno")] = target.child("expr")
		}
	}
	whole := true
	substitute := func(n *node) *node {
		if n.tag != "VAR" || n.text("varno") != index || n.int("varlevelsup") != 0 {
			return nil
		}
		target := targets[n.text("varattno")]
		if target == nil {
			whole = false
		}
		return target
	}
	tree, under := b.query.child("jointree"), inner.child("jointree")
	var merged []field
	for _, f := range b.query.fields {
		switch f.name {
		case "rtable":
			f.value = inner.get("rtable")
		case "cteList":
			f.value = value{}
		case "jointree":
			quals := both(under.get("quals"), replace(tree.get("quals"), substitute))
			from := field{"fromlist", under.get("fromlist")}
			f.value = value{kind: kindNode, node: &node{tag: tree.tag, fields: []field{from, {"quals", quals}}}}
		default:
			f.value = replace(f.value, substitute)
		}
		merged = append(merged, f)
	}
	if !whole {
		return false
	}
	b.query = &node{tag: b.query.tag, fields: merged}
	b.targets = b.query.nodes("targetList")
	return true
}

// both is the conjunction of two conditions, of which either may be none.
func both(a, b value) value {
	switch {
	case a.kind == kindNull:
		return b
	case b.kind == kindNull:
		return a
	}
	and := &node{tag: "BOOLEXPR", fields: []field{
		{"boolop", value{kind: kindAtom, atom: "and"}},
		{"args", value{kind: kindList, list: append(conjuncts(a), conjuncts(b)...)}},
	}}
	return value{kind: kindNode, node: and}
}

func conjuncts(v value) []value {
	if v.node != nil && v.node.tag == "BOOLEXPR" && v.node.text("boolop") == "and" {
		return slices.Clone(v.node.get("args").list)
	}
	return []value{v}
}

// dropWith leaves WITH out where nothing refers to it.
func (b *builder) dropWith() {
	lists := b.query.nodes("cteList")
	for _, cte := range lists {
		if cte.int("cterefcount") != 0 {
			return
		}
	}
	fields := make([]field, 0, len(b.query.fields))
	for _, f := range b.query.fields {
		if f.name != "cteList" {
			fields = append(fields, f)
		}
	}
	b.query = &node{tag: b.query.tag, fields: fields}
}

// refuseInner refuses a sub-SELECT over the stream whose rows change as events
// come, or could only be told after the last event.
func (b *builder) refuseInner(inner *node) error {
	if !b.reads(inner) {
		return nil
	}
	present := func(field string) bool { return inner.get(field).kind != kindNull }
	fail := func(words []string, what, why string) error {
		at := span{b.places.subSelect(), len(b.places.tokens)}
		return b.places.refuse(at, words,
			"Make the sub-SELECT a continuous view, and the SELECT over it a plain view: CREATE VIEW … AS SELECT … FROM the continuous view.",
			"%s in a sub-SELECT over a stream is not supported in a continuous view: %s", what, why)
	}
	switch {
	case inner.flag("hasWindowFuncs"):
		return fail([]string{"over"}, "a window function", "its values change with every event that comes")
	case inner.flag("hasAggs"), present("groupClause"), present("groupingSets"), present("havingQual"):
		return fail([]string{"group", "having", "select"}, "an aggregate or GROUP BY", "its rows change with every event that comes")
	case present("distinctClause"):
		return fail([]string{"distinct"}, "DISTINCT", "whether a row is the first of its kind does not hang on the row alone")
	case present("limitCount"), present("limitOffset"):
		return fail([]string{"limit", "fetch", "offset"}, "LIMIT or OFFSET", "which rows it keeps is only known after the last event")
	case present("rowMarks"):
		return fail([]string{"for"}, "FOR UPDATE", "a stream has no rows to lock")
	case present("setOperations"):
		return fail([]string{"union", "intersect", "except"}, "a set operation", "a record is read once")
	}
	return nil
}

// reads reports whether a query reads the stream, at any depth.
func (b *builder) reads(q *node) bool {
	return b.streamsIn(value{kind: kindNode, node: q}) > 0
}
