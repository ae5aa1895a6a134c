package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Input is one SELECT of a UNION ALL: what the plan has for the first of them, for
// another one.
type Input struct {
	Filter  expr.Node
	Keys    []expr.Node // as Plan.Keys
	Args    []expr.Node // as Plan.Aggregates, and so are their filters
	Filters []expr.Node
}

const setUnion = "1" // SETOP_UNION of nodes/parsenodes.h

// unitesAll reports whether set operations are UNION ALL alone; a UNION without ALL
// may be among them where all doubles are left out in the end.
func unitesAll(n *node, doubles bool) bool {
	if n == nil || n.tag == "RANGETBLREF" {
		return n != nil
	}
	return n.tag == "SETOPERATIONSTMT" && n.text("op") == setUnion && (doubles || n.flag("all")) &&
		unitesAll(n.child("larg"), doubles) && unitesAll(n.child("rarg"), doubles)
}

// leaves are the range table entries that set operations unite, in order.
func leaves(n *node) []string {
	if n.tag == "RANGETBLREF" {
		return []string{n.text("rtindex")}
	}
	return append(leaves(n.child("larg")), leaves(n.child("rarg"))...)
}

// union makes a query that is a UNION one for each SELECT of it: UNION ALL makes
// their rows those of an append-only view, UNION those of SELECT DISTINCT.
func (b *builder) union(q *node, seen scope) ([]*node, error) {
	set := q.child("setOperations")
	doubles := set.flag("all")
	if !unitesAll(set, !doubles) {
		return []*node{q}, nil // which is refused
	}
	first := leaves(set)[0]
	from := &node{tag: "RANGETBLREF", fields: []field{{"rtindex", value{kind: kindAtom, atom: first}}}}
	over := without(q, "setOperations", "jointree")
	over.fields = append(over.fields, field{"jointree", value{kind: kindNode, node: &node{tag: "FROMEXPR", fields: []field{
		{"fromlist", value{kind: kindList, list: []value{{kind: kindNode, node: from}}}}, {"quals", value{}},
	}}}})
	if !doubles {
		over = without(over, "distinctClause")
		over.fields = append(over.fields, field{"distinctClause", value{kind: kindList, list: []value{}}})
	}
	return b.overUnion(over, first, q, seen)
}

// overUnion makes a query over a UNION ALL one over each SELECT of it.
func (b *builder) overUnion(q *node, index string, inner *node, seen scope) ([]*node, error) {
	var all []*node
	for _, leaf := range leaves(inner.child("setOperations")) {
		selected, within := seen.subSelect(rangeEntry(inner, leaf))
		if selected == nil {
			return nil, broken("a UNION of what is no SELECT")
		}
		queries, err := b.flattened(selected, within)
		if err != nil {
			return nil, err
		}
		for _, one := range queries {
			if err := b.checkUnited(one, inner.child("setOperations")); err != nil {
				return nil, err
			}
			united := pullUp(q, index, one, true)
			if united == nil {
				return nil, b.refuseUnion("the whole row of a UNION cannot be used in a continuous view", "Name its columns.")
			}
			all = append(all, united)
		}
	}
	return all, nil
}

// checkUnited refuses a SELECT of a UNION that does more than project and filter
// the stream, or whose columns PostgreSQL would still have to cast.
func (b *builder) checkUnited(q, set *node) error {
	if !b.reads(q) {
		return b.refuseUnion("each SELECT of a UNION must read the stream in a continuous view: rows of a table would have to be there from the start",
			"Make a continuous view of the others, and a plain view that unites it with the table.")
	}
	if !b.flattens(q) {
		return b.refuseUnion("each SELECT of a UNION must project and filter the stream alone in a continuous view",
			"Make a continuous view of each SELECT, and a plain view of PostgreSQL's that unites them.")
	}
	types := integers(set.get("colTypes"))
	if len(types) > 0 && types[0] == "o" {
		types = types[1:]
	}
	for _, target := range q.nodes("targetList") {
		at := target.int("resno") - 1
		if target.flag("resjunk") || at < 0 || at >= len(types) {
			continue
		}
		if of := exprType(target.child("expr")); itoa(int(of)) != types[at] && of != varcharOID {
			return b.refuseUnion("the types of a UNION's columns must be the same in a continuous view", "Write the cast: column::type.")
		}
	}
	return nil
}

// sets reports whether there is a set operation anywhere.
func (b *builder) sets() bool {
	found := false
	walk(value{kind: kindNode, node: b.query}, func(n *node) bool {
		found = found || n.tag == "SETOPERATIONSTMT"
		return !found
	})
	return found
}

// refuseSets refuses the set operations that are left.
func (b *builder) refuseSets() *datum.Error {
	return b.places.refuse(b.places.all(), []string{"intersect", "except", "union"},
		"Make a continuous view of each SELECT, and a plain view of PostgreSQL's that combines them.",
		"UNION without ALL, INTERSECT and EXCEPT in a sub-SELECT over a stream are not supported in a continuous view: whether they have a row hangs on others")
}

func (b *builder) refuseUnion(message, hint string) *datum.Error {
	return b.places.refuse(b.places.all(), []string{"union"}, hint, "%s", message)
}

// unionColumn is a column of a union as one of its SELECTs has it.
func unionColumn(column, target *node) *node {
	return &node{tag: unionTag, fields: []field{
		{"number", column.get("varattno")},
		{"resulttype", column.get("vartype")},
		{"resultcollid", column.get("varcollid")},
		{"arg", value{kind: kindNode, node: target}},
	}}
}

const unionTag = "MILLRACEUNIONCOLUMN"

// inputs builds the further SELECTs of a UNION: each as a plan of its own, which
// must be the first one's but for what rows are evaluated to.
func (b *builder) inputs(s Schema, tree value) error {
	for _, q := range b.further {
		one := newBuilder(b.analysis, s)
		one.query, one.targets, one.united = q, q.nodes("targetList"), true
		one.eval.drafting, one.places.where = b.eval.drafting, b.places.all()
		if err := one.finish(s, tree); err != nil {
			return err
		}
		input, ok := one.plan.inputFor(&b.plan)
		if !ok {
			return b.refuseUnion("the types of a UNION's columns must be the same in a continuous view", "Write the cast: column::type.")
		}
		b.plan.Further = append(b.plan.Further, input)
		b.plan.Columns = sortedOnce(slices.Concat(b.plan.Columns, one.plan.Columns))
	}
	return nil
}

// inputFor takes out of a plan what it has of its own; ok is false where it does
// not feed the groups of the other.
func (p *Plan) inputFor(other *Plan) (input Input, ok bool) {
	if !slices.Equal(p.KeyTypes(), other.KeyTypes()) || len(p.Aggregates) != len(other.Aggregates) {
		return input, false
	}
	input.Filter = p.Filter
	for _, k := range p.Keys {
		input.Keys = append(input.Keys, k.Expr)
	}
	for i, a := range p.Aggregates {
		if a.Function != other.Aggregates[i].Function {
			return input, false
		}
		input.Args, input.Filters = append(input.Args, a.Arg), append(input.Filters, a.Filter)
	}
	return input, true
}
