package query

import (
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// consistent checks what PostgreSQL's analysis promises and the evaluator
// builds on: conditions are booleans, branches have the type of the whole.
func consistent(root expr.Node) error {
	var err error
	fail := func(ok bool, what string) {
		if !ok && err == nil {
			err = broken(what)
		}
	}
	same := func(nodes []expr.Node, of datum.Type) bool {
		for _, n := range nodes {
			if n.Type() != of {
				return false
			}
		}
		return len(nodes) > 0
	}
	expr.Visit(root, func(n expr.Node) {
		switch n := n.(type) {
		case *expr.Logic:
			fail(same(n.Args, datum.Bool) && (n.Op != expr.Not || len(n.Args) == 1), "a condition is no boolean")
		case *expr.Case:
			for _, when := range n.Whens {
				fail(when.Cond.Type() == datum.Bool && when.Then.Type() == n.Of, "a branch of CASE has another type")
			}
			fail(len(n.Whens) > 0 && n.Else.Type() == n.Of, "the ELSE of CASE has another type")
		case *expr.Coalesce:
			fail(same(n.Args, n.Of), "the arguments of COALESCE differ in type")
		case *expr.Greatest:
			fail(same(n.Args, n.Of), "the arguments of GREATEST or LEAST differ in type")
		case *expr.NullIf:
			fail(n.Equal.Type() == datum.Bool, "a comparison is no boolean")
		case *expr.Distinct:
			fail(n.Equal.Type() == datum.Bool, "a comparison is no boolean")
		case *expr.In:
			fail(same(n.Equal, datum.Bool), "a comparison is no boolean")
		case *expr.Test:
			fail(n.Kind == expr.IsNull || n.Kind == expr.IsNotNull || n.Arg.Type() == datum.Bool, "a test of no boolean")
		}
	})
	return err
}
