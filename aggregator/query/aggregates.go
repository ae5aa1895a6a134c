package query

import (
	"strings"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// call is an aggregate of the SELECT: what it keeps and how it is finished.
type call struct {
	name     string     // count, sum, avg, min, max
	arg      datum.Type // Invalid for count(*)
	sum      int        // the place in plan.Aggregates of its state, of avg's sum
	count    int        // the place of avg's count
	physical string     // the kind of its state
}

// collectAggregates finds every aggregate of the outputs and HAVING, and what
// each of them keeps: plan.Aggregates has each state once.
func (b *builder) collectAggregates() error {
	for i := range b.targets {
		if err := b.collect(b.targets[i].child("expr"), b.itemOf(&b.targets[i])); err != nil {
			return err
		}
	}
	return b.collect(b.query.child("havingQual"), b.places.having)
}

func (b *builder) collect(n *node, place span) error {
	if n == nil {
		return nil
	}
	var failed error
	walk(value{kind: kindNode, node: n}, func(n *node) bool {
		if n.tag == "QUERY" {
			return false // a sub-SELECT has its own
		}
		if n.tag != "AGGREF" || failed != nil {
			return failed == nil
		}
		_, failed = b.aggregate(n, place)
		return false
	})
	return failed
}

// aggregate takes an aggregate apart. It may be asked about one more than once.
func (b *builder) aggregate(n *node, place span) (call, error) {
	e := &nativeBuilder{b, place}
	if err := e.checkAggregate(n); err != nil {
		return call{}, err
	}
	proc := b.analysis.Procs[n.oid("aggfnoid")]
	c := call{name: proc.Name, physical: proc.Name}
	var arg, filter expr.Node
	var err error
	argNode := aggregateArg(n)
	if argNode != nil {
		if arg, err = b.native(argNode, place); err != nil {
			return call{}, err
		}
		c.arg = arg.Type()
	}
	if filterNode := n.child("aggfilter"); filterNode != nil {
		if filter, err = b.condition(filterNode, place); err != nil {
			return call{}, err
		}
	}
	if c.name == "avg" {
		c.physical = "sum"
	}
	if c.sum, err = e.state(n, c.physical, arg, filter); err != nil {
		return call{}, err
	}
	if c.name == "avg" {
		c.count, err = e.state(n, "count", arg, filter)
	}
	return c, err
}

// checkAggregate refuses aggregates and their clauses that are not built.
func (e *nativeBuilder) checkAggregate(n *node) error {
	proc := e.analysis.Procs[n.oid("aggfnoid")]
	inside := span{e.locate(n, e.place), e.place.to}
	present := func(field string) bool { return n.get(field).kind != kindNull }
	c := e.places
	switch {
	case n.text("aggkind") != "n":
		return c.refuse(inside, []string{"within"}, "Supported: count, sum, avg, min, max.", "WITHIN GROUP is not supported in a continuous view")
	case present("aggdistinct"):
		return c.refuse(inside, []string{"distinct"}, "Group by the column too and count the groups where you read the view.",
			"DISTINCT in an aggregate is not supported in a continuous view")
	case present("aggorder"):
		return c.refuse(inside, []string{"order"}, "Leave it out: what is supported does not depend on the order.", "ORDER BY in an aggregate is not supported in a continuous view")
	}
	switch {
	case proc.Schema != "pg_catalog":
	case proc.Name == "count", proc.Name == "sum", proc.Name == "avg", proc.Name == "min", proc.Name == "max":
		return nil
	}
	return e.refuse(n, "Supported: count, sum, avg, min, max.",
		"aggregate %s(%s) is not supported in a continuous view", proc.Name, strings.Join(proc.Args, ", "))
}

// aggregateArg is an aggregate's argument; nil for count(*).
func aggregateArg(n *node) *node {
	for _, target := range n.nodes("args") {
		return target.child("expr")
	}
	return nil
}

// state returns the place in plan.Aggregates of a kind of state, which it adds
// where it is new.
func (e *nativeBuilder) state(n *node, kind string, arg, filter expr.Node) (int, error) {
	of := datum.Invalid
	key := kind
	if arg != nil {
		of = arg.Type()
		key += " " + fingerprint(aggregateArg(n))
	}
	if filter != nil {
		key += " FILTER " + fingerprint(n.child("aggfilter"))
	}
	if at, ok := e.physical[key]; ok {
		return at, nil
	}
	function, ok := agg.Lookup(kind, of)
	if !ok {
		hint := ""
		if kind == "min" || kind == "max" {
			hint = extremeHint(of)
		}
		return 0, e.refuse(n, hint, "aggregate %s(%s) is not supported in a continuous view",
			e.analysis.Procs[n.oid("aggfnoid")].Name, e.typeName(exprType(aggregateArg(n))))
	}
	at := len(e.plan.Aggregates)
	e.physical[key] = at
	e.plan.Aggregates = append(e.plan.Aggregates, Aggregate{Function: function, Arg: arg, Filter: filter})
	e.kinds = append(e.kinds, kind)
	return at, nil
}

// extremeHint is the way out where PostgreSQL has an extreme of a type and Millrace
// has none.
func extremeHint(of datum.Type) string {
	switch {
	case of == datum.Enum, of.Elem() == datum.Enum, of == datum.Other, of.Elem() == datum.JSONB:
		return "Group by the value, or by its text, and take the extreme where you read the view."
	}
	return ""
}

// sql finishes an aggregate from its states' columns in v_mrel, with
// PostgreSQL's own division for an average.
func (c call) sql(p *Plan) string {
	column := quoteIdent(p.Aggregates[c.sum].Columns[0])
	if c.name != "avg" {
		if c.name == "sum" && c.arg == datum.Float4 {
			return column + "::real" // its state is a float8
		}
		return column
	}
	count := "NULLIF(" + quoteIdent(p.Aggregates[c.count].Columns[0]) + ", 0)"
	switch c.arg {
	case datum.Int2, datum.Int4, datum.Int8:
		return "(" + column + "::numeric / " + count + "::numeric)"
	case datum.Numeric:
		return "(" + column + " / " + count + "::numeric)"
	}
	return "(" + column + " / " + count + "::double precision)"
}
