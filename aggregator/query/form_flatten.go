package query

import "slices"

const rteCTE = "6"

// scope are the WITH lists that a query sees, its own first.
type scope [][]node

// flatten pulls sub-SELECTs and CTEs that only project and filter up into the
// SELECT over them, as PostgreSQL's planner does: their targets take the place of
// the columns that refer to them, their conditions stand before its own. So what
// they ask for is evaluated natively as if it had been written in one SELECT. A
// UNION ALL becomes several SELECTs, see [builder.union].
//
// What cannot be (joins, volatile and set-returning targets, sub-SELECTs in
// expressions, and what sees more rows than one) stays as it is.
func (b *builder) flatten() error {
	queries, err := b.flattened(b.query, scope{b.query.nodes("cteList")})
	if b.united = err != nil || len(queries) > 1; err != nil || queries[0] == b.query {
		return err
	}
	b.query, b.further = queries[0], queries[1:]
	b.targets, b.places.where = b.query.nodes("targetList"), b.places.all()
	return nil
}

// flattened returns a query without sub-SELECTs, as far as may be: one for each
// SELECT of a UNION ALL beneath it.
func (b *builder) flattened(q *node, seen scope) ([]*node, error) {
	for !q.flag("hasSubLinks") {
		if q.child("setOperations") != nil {
			return b.union(q, seen)
		}
		if q.child("jointree") == nil {
			return nil, broken("a SELECT without FROM")
		}
		items := q.child("jointree").nodes("fromlist")
		if len(items) != 1 || items[0].tag != "RANGETBLREF" {
			break
		}
		index := items[0].text("rtindex")
		inner, within := seen.subSelect(rangeEntry(q, index))
		if inner == nil {
			return []*node{withoutWith(q)}, nil
		}
		if inner.child("setOperations") != nil && unitesAll(inner.child("setOperations"), false) {
			return b.overUnion(q, index, inner, within)
		}
		if !b.flattens(inner) {
			break
		}
		pulled := pullUp(q, index, inner, false)
		if pulled == nil {
			break
		}
		q, seen = pulled, within
	}
	return []*node{q}, nil
}

// rangeEntry returns an entry of a query's range table by its number, as text.
func rangeEntry(q *node, index string) *node {
	entries := q.nodes("rtable")
	for i := range entries {
		if itoa(i+1) == index {
			return &entries[i]
		}
	}
	return nil
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

// pullUp returns a query over what its only relation, a sub-SELECT, is over; nil
// where it refers to more of it than its columns. Columns of a union stay known as
// such, for what is one in this SELECT of it may be two in another.
func pullUp(q *node, index string, inner *node, ofUnion bool) *node {
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
		} else if ofUnion {
			return unionColumn(n, target)
		}
		return target
	}
	tree, under := q.child("jointree"), inner.child("jointree")
	var merged []field
	for _, f := range q.fields {
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
		return nil
	}
	return &node{tag: q.tag, fields: merged}
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

// withoutWith leaves WITH out where nothing refers to it.
func withoutWith(q *node) *node {
	lists := q.nodes("cteList")
	for _, cte := range lists {
		if cte.int("cterefcount") != 0 {
			return q
		}
	}
	if len(lists) == 0 {
		return q
	}
	return without(q, "cteList")
}

// without returns a query without some of its clauses.
func without(q *node, clauses ...string) *node {
	fields := make([]field, 0, len(q.fields))
	for _, f := range q.fields {
		if !slices.Contains(clauses, f.name) {
			fields = append(fields, f)
		}
	}
	return &node{tag: q.tag, fields: fields}
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
		return b.refuseSets()
	}
	return nil
}

// reads reports whether a query reads the stream, at any depth.
func (b *builder) reads(q *node) bool {
	return b.streamsIn(value{kind: kindNode, node: q}) > 0
}
