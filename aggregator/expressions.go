package aggregator

import (
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
)

// Expressions are those of all views of one stream on one lane. What several
// views ask for, over the same rows, is compiled once and evaluated once a batch,
// when the first of them does: a hundred views with the same WHERE filter once.
//
// [Expressions.Begin] hands in a batch, then each view that reads it takes it in
// with [View.Take]. They serve one goroutine.
type Expressions struct {
	all       []*expression
	groupings []*grouping

	batch *column.Batch
	rows  []int32
	turn  uint64 // which batch this is
}

// expression is one that some view has.
type expression struct {
	node      expr.Node
	zone      string
	condition bool
	within    *expression // the condition whose rows it is for, nil for all rows

	expr   *expr.Expr
	turn   uint64 // of the batch that the following are of
	errs   expr.RowErrors
	values *column.Vector // where it is no condition
	passed []int32        // rows that pass the condition
}

// Begin makes the given rows of a batch those that views take in next. Both stay
// the caller's and must not change until they have.
func (x *Expressions) Begin(b *column.Batch, rows []int32) {
	x.batch, x.rows = b, rows
	x.turn++
}

// add returns the expression of a node, a new one if need be.
func (x *Expressions) add(n expr.Node, zone *time.Location, condition bool, within *expression) (*expression, error) {
	for _, e := range x.all {
		if e.condition == condition && e.within == within && e.zone == zone.String() && expr.Equal(e.node, n) {
			return e, nil
		}
	}
	compiled, err := expr.Compile(expr.Env{Zone: zone}, n)
	if err != nil {
		return nil, err
	}
	e := &expression{node: n, zone: zone.String(), condition: condition, within: within, expr: compiled}
	x.all = append(x.all, e)
	return e, nil
}

// within returns the rows that pass a condition, nil standing for no condition.
func (x *Expressions) within(e *expression) []int32 {
	if e == nil {
		return x.rows
	}
	x.evaluate(e)
	return e.passed
}

// evaluate has an expression evaluated for the batch, once.
func (x *Expressions) evaluate(e *expression) {
	if e.turn == x.turn {
		return
	}
	e.turn = x.turn
	if c, ok := e.node.(*expr.Column); ok && !e.condition {
		e.values = x.batch.Columns[c.Index]
		return
	}
	rows := x.within(e.within)
	e.errs.Reset(x.batch.Rows)
	if e.condition {
		e.passed = e.expr.Filter(x.batch, rows, e.passed[:0], &e.errs)
	} else {
		e.values = e.expr.Eval(x.batch, rows, &e.errs)
	}
}

// rowFilter is a FILTER clause with the rows of the batch that pass it.
type rowFilter struct {
	expr *expression
	rows []int32
	own  []int32 // memory for rows without those that failed in this view
}

// argument is an aggregate's argument under a FILTER clause. Aggregates over the
// same (avg's sum and count) share it.
type argument struct {
	expr   *expression
	filter int // in View.filters, none for no clause
	kept   bool
}

// input is where an aggregate finds its rows and values.
type input struct{ filter, arg int }

// none is the place of what is not there.
const none = -1

// Share makes the view one of those that have their expressions evaluated
// together. Their batches have the plan's column i at columns[i], and at i where
// columns is nil. What the view has accumulated stays.
func (v *View) Share(x *Expressions, columns []int) error {
	zone, err := time.LoadLocation(v.plan.TimeZone)
	if err != nil {
		return unknownZone(v.plan.TimeZone)
	}
	c := binding{x: x, zone: zone, columns: columns}
	v.expressions, v.filter, v.keys, v.filters, v.args, v.inputs = x, nil, v.keys[:0], nil, nil, v.inputs[:0]
	if v.plan.Filter != nil {
		v.filter = c.condition(v.plan.Filter, nil)
	}
	for _, k := range v.plan.Keys {
		if k.Origin != query.Evaluated {
			v.keys = append(v.keys, nil) // the view makes it
			continue
		}
		v.keys = append(v.keys, c.value(k.Expr, v.filter))
	}
	v.grouping = x.groupingOf(v.filter, v.keys)
	for _, side := range v.sides {
		if side != v && c.err == nil {
			c.err = side.Share(x, columns)
		}
	}
	for i := range v.plan.Aggregates {
		a := &v.plan.Aggregates[i]
		in := input{none, none}
		if a.Filter != nil {
			in.filter = v.filterOf(c.condition(a.Filter, v.filter))
		}
		if a.Arg != nil {
			in.arg = v.argumentOf(&c, a, in.filter)
		}
		v.inputs = append(v.inputs, in)
	}
	return c.err
}

// filterOf returns the place of a FILTER clause.
func (v *View) filterOf(e *expression) int {
	for i := range v.filters {
		if v.filters[i].expr == e {
			return i
		}
	}
	v.filters = append(v.filters, rowFilter{expr: e})
	return len(v.filters) - 1
}

// argumentOf returns the place of an argument.
func (v *View) argumentOf(c *binding, a *query.Aggregate, filter int) int {
	within := v.filter
	if filter != none {
		within = v.filters[filter].expr
	}
	e, at := c.value(a.Arg, within), none
	for i := range v.args {
		if v.args[i].expr == e && v.args[i].filter == filter {
			at = i
		}
	}
	if at == none {
		at = len(v.args)
		v.args = append(v.args, argument{expr: e, filter: filter})
	}
	v.args[at].kept = v.args[at].kept || keepsBytes(a)
	return at
}

// binding adds a plan's expressions and keeps the first error.
type binding struct {
	x       *Expressions
	zone    *time.Location
	columns []int
	err     error
}

func (c *binding) condition(n expr.Node, within *expression) *expression {
	return c.add(n, true, within)
}

func (c *binding) value(n expr.Node, within *expression) *expression {
	return c.add(n, false, within)
}

func (c *binding) add(n expr.Node, condition bool, within *expression) *expression {
	if c.err != nil {
		return nil
	}
	if c.columns != nil {
		n = expr.Remap(n, func(i int) int { return c.columns[i] })
	}
	var e *expression
	e, c.err = c.x.add(n, c.zone, condition, within)
	return e
}
