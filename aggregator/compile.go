package aggregator

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/expr"
)

// rowFilter is a FILTER clause with the rows of the batch that pass it.
type rowFilter struct {
	node expr.Node
	expr *expr.Expr
	rows []int32
}

// argument is an aggregate's argument under a FILTER clause, with its values in
// the batch. Aggregates over the same (avg's sum and count) share it.
type argument struct {
	node   expr.Node
	expr   *expr.Expr
	filter int // in View.filters, none for no clause
	kept   bool
	values *column.Vector
}

// input is where an aggregate finds its rows and values.
type input struct{ filter, arg int }

// none is the place of what is not there.
const none = -1

// compile readies every expression of the plan, each different one once.
func (v *View) compile(env expr.Env) (err error) {
	if v.plan.Filter != nil {
		if v.filter, err = expr.Compile(env, v.plan.Filter); err != nil {
			return err
		}
	}
	for _, k := range v.plan.Keys {
		e, err := expr.Compile(env, k.Expr)
		if err != nil {
			return err
		}
		v.keys = append(v.keys, e)
	}
	for i := range v.plan.Aggregates {
		a := &v.plan.Aggregates[i]
		in := input{none, none}
		if in.filter, err = v.compileFilter(env, a.Filter); err != nil {
			return err
		}
		if in.arg, err = v.compileArg(env, a.Arg, in.filter); err != nil {
			return err
		}
		if in.arg != none && keepsBytes(a) {
			v.args[in.arg].kept = true
		}
		v.inputs = append(v.inputs, in)
	}
	return nil
}

// compileFilter returns the place of a FILTER clause, a new one if need be.
func (v *View) compileFilter(env expr.Env, n expr.Node) (int, error) {
	if n == nil {
		return none, nil
	}
	for i := range v.filters {
		if expr.Equal(v.filters[i].node, n) {
			return i, nil
		}
	}
	e, err := expr.Compile(env, n)
	v.filters = append(v.filters, rowFilter{node: n, expr: e})
	return len(v.filters) - 1, err
}

// compileArg returns the place of an argument, a new one if need be.
func (v *View) compileArg(env expr.Env, n expr.Node, filter int) (int, error) {
	if n == nil {
		return none, nil
	}
	for i := range v.args {
		if a := &v.args[i]; a.filter == filter && expr.Equal(a.node, n) {
			return i, nil
		}
	}
	e, err := expr.Compile(env, n)
	v.args = append(v.args, argument{node: n, expr: e, filter: filter})
	return len(v.args) - 1, err
}
