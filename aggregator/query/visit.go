package query

import "github.com/millrace/millrace/aggregator/expr"

// visit calls f for every node of an expression; nil has none.
func visit(n expr.Node, f func(expr.Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, child := range children(n) {
		visit(child, f)
	}
}

func children(n expr.Node) []expr.Node {
	switch n := n.(type) {
	case *expr.Call:
		return n.Args
	case *expr.Coerce:
		return []expr.Node{n.Arg}
	case *expr.Logic:
		return n.Args
	case *expr.Case:
		nodes := []expr.Node{n.Else}
		for _, when := range n.Whens {
			nodes = append(nodes, when.Cond, when.Then)
		}
		return nodes
	case *expr.Coalesce:
		return n.Args
	case *expr.NullIf:
		return []expr.Node{n.Arg, n.Equal}
	case *expr.Greatest:
		return n.Args
	case *expr.Test:
		return []expr.Node{n.Arg}
	case *expr.Distinct:
		return []expr.Node{n.Left, n.Right, n.Equal}
	case *expr.In:
		return n.Equal
	case *expr.Subscript:
		return append([]expr.Node{n.Array}, n.At...)
	case *expr.MakeArray:
		return n.Args
	case *expr.AnyOf:
		return []expr.Node{n.Arg, n.Array}
	case *expr.ArrayCast:
		return []expr.Node{n.Arg}
	}
	return nil
}
