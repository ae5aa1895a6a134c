package expr

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// compiler turns nodes into evaluators.
type compiler struct {
	env Env
	// known are subtrees that are evaluated before whatever is compiled now,
	// and for all of its rows, so that it can use their vectors.
	known []known
}

type known struct {
	node Node
	eval evaluator
}

func (c *compiler) compile(n Node) (evaluator, error) {
	for _, k := range c.known {
		if Equal(k.node, n) {
			return k.eval, nil
		}
	}
	switch n := n.(type) {
	case *Column:
		return columnRef{n.Index}, nil
	case *Const:
		return newConstant(n.Value), nil
	case *Call:
		return c.call(n)
	case *Coerce:
		return c.coerce(n)
	case *Logic:
		return c.logic(n)
	case *Case:
		return c.caseWhen(n)
	case *Coalesce:
		return c.coalesce(n)
	case *NullIf:
		return c.nullIf(n)
	case *Greatest:
		return c.greatest(n)
	case *Test:
		return c.test(n)
	case *Distinct:
		return c.distinct(n)
	case *In:
		return c.in(n)
	case *Subscript:
		return c.subscript(n)
	case *MakeArray:
		return c.makeArray(n)
	case *AnyOf:
		return c.anyOf(n)
	case *ArrayCast:
		return c.arrayCast(n)
	}
	return nil, datum.Errorf(datum.CodeFeatureNotSupported, "expression node %T is not supported", n)
}

func (c *compiler) all(nodes []Node) ([]evaluator, error) {
	evals := make([]evaluator, len(nodes))
	for i, n := range nodes {
		e, err := c.compile(n)
		if err != nil {
			return nil, err
		}
		evals[i] = e
	}
	return evals, nil
}

// with is the compiler for what comes after the given subtrees.
func (c *compiler) with(more ...known) *compiler {
	return &compiler{env: c.env, known: append(more, c.known...)}
}

// call compiles a function: its registration's kernel over its arguments.
func (c *compiler) call(n *Call) (evaluator, error) {
	f, ok := functions[n.Proc]
	if !ok || !f.takes(n) {
		return nil, unsupported(n)
	}
	args, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	run := f.kernel
	if run == nil {
		if run, ok = f.bind(n); !ok {
			return nil, unsupported(n)
		}
	}
	made := newCall(c.env, n.Of, run, args)
	made.lax = f.lax
	e := fold(made)
	if open, ok := e.(*call); ok && f.comparesInts {
		return intComparison{open, f.op}, nil
	}
	return e, nil
}

// takes reports whether a call is one of the function: the OID says so, unless
// the tree was put together wrongly.
func (f *function) takes(n *Call) bool {
	last := len(f.args) - 1
	if f.result != datum.Invalid && n.Of != f.result || len(n.Args) != len(f.args) && !(f.variadic && len(n.Args) >= last) {
		return false
	}
	for i, a := range n.Args {
		want, of := f.args[min(i, last)], a.Type()
		// PostgreSQL's casts take a cidr for the inet that it is.
		if want != datum.Invalid && want != of && !(want == datum.Inet && of == datum.Cidr) {
			return false
		}
	}
	return true
}

// unsupported is the refusal of a function, named as in a signature.
func unsupported(n *Call) *datum.Error {
	args := make([]string, len(n.Args))
	for i, a := range n.Args {
		args[i] = a.Type().String()
	}
	return datum.Errorf(datum.CodeFeatureNotSupported, "function %s(%s) is not supported in a continuous query",
		n.Name, strings.Join(args, ", "))
}

// fold replaces a call whose arguments are all literals by its value. One that
// fails stays as it is: it is each row's error, and no row may ever reach it.
func fold(c *call) evaluator {
	for _, a := range c.args {
		if _, ok := a.(*constant); !ok {
			return c
		}
	}
	var errs RowErrors
	errs.Reset(1)
	v := c.eval(&exec{batch: &column.Batch{Rows: 1}, errs: &errs}, column.All(1))
	if errs.Any() {
		return c
	}
	return newConstant(v)
}

// columnRef is a column of the batch.
type columnRef struct{ index int }

func (c columnRef) eval(x *exec, _ []int32) *column.Vector {
	if c.index >= len(x.batch.Columns) || x.batch.Columns[c.index] == nil {
		panic(fmt.Sprintf("bug: column %d is read but was not decoded", c.index))
	}
	return x.batch.Columns[c.index]
}

// shared is a subtree that several places use: it is evaluated once per Eval,
// where it is met first, for rows that include all later ones.
type shared struct {
	arg   evaluator
	turn  uint64
	value *column.Vector
}

// share wraps what would otherwise be evaluated again.
func share(e evaluator) evaluator {
	switch e.(type) {
	case columnRef, *constant, *shared:
		return e
	}
	return &shared{arg: e}
}

func (s *shared) eval(x *exec, rows []int32) *column.Vector {
	if s.value == nil || s.turn != x.turn {
		s.value, s.turn = s.arg.eval(x, rows), x.turn
	}
	return s.value
}
