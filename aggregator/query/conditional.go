package query

import (
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

func (e *nativeBuilder) logic(n *node) (expr.Node, error) {
	args, err := e.all(n.nodes("args"))
	if err != nil {
		return nil, err
	}
	ops := map[string]expr.LogicOp{"and": expr.And, "or": expr.Or, "not": expr.Not}
	op, ok := ops[n.text("boolop")]
	if !ok {
		return nil, broken("boolean operator " + n.text("boolop"))
	}
	return &expr.Logic{Op: op, Args: args}, nil
}

// caseWhen converts both forms of CASE. In CASE x WHEN y the comparison has a
// placeholder for x, which x itself replaces.
func (e *nativeBuilder) caseWhen(n *node) (expr.Node, error) {
	of, ok := datum.TypeOf(n.oid("casetype"))
	if !ok {
		return nil, e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(n.oid("casetype")))
	}
	converted := &expr.Case{Of: of}
	for _, when := range n.nodes("args") {
		condition := when.child("expr")
		if arg := n.child("arg"); arg != nil {
			condition = withPlaceholder(condition, arg)
		}
		cond, err := e.convert(condition)
		if err != nil {
			return nil, err
		}
		then, err := e.convert(when.child("result"))
		if err != nil {
			return nil, err
		}
		converted.Whens = append(converted.Whens, expr.When{Cond: cond, Then: then})
	}
	var err error
	converted.Else, err = e.convert(n.child("defresult"))
	return converted, err
}

// withPlaceholder replaces the CaseTestExpr in n by arg.
func withPlaceholder(n, arg *node) *node {
	if n == nil {
		return nil
	}
	return replace(value{kind: kindNode, node: n}, func(n *node) *node {
		if n.tag == "CASETESTEXPR" {
			return arg
		}
		return nil
	}).node
}

func (e *nativeBuilder) nullIf(n *node) (expr.Node, error) {
	equal, err := e.call(n, n.oid("opfuncid"), datum.Bool.OID())
	if err != nil {
		return nil, err
	}
	args := equal.(*expr.Call).Args
	if len(args) != 2 {
		return nil, broken("NULLIF without two arguments")
	}
	return &expr.NullIf{Arg: args[0], Equal: equal, Of: args[0].Type()}, nil
}

func (e *nativeBuilder) distinct(n *node) (expr.Node, error) {
	equal, err := e.call(n, n.oid("opfuncid"), datum.Bool.OID())
	if err != nil {
		return nil, err
	}
	args := equal.(*expr.Call).Args
	if len(args) != 2 {
		return nil, broken("IS DISTINCT FROM without two arguments")
	}
	return &expr.Distinct{Left: args[0], Right: args[1], Equal: equal}, nil
}

func (e *nativeBuilder) nullTest(n *node) (expr.Node, error) {
	arg, err := e.convert(n.child("arg"))
	if err != nil {
		return nil, err
	}
	kind := expr.IsNull
	if n.text("nulltesttype") == "1" {
		kind = expr.IsNotNull
	}
	return &expr.Test{Kind: kind, Arg: arg}, nil
}

func (e *nativeBuilder) booleanTest(n *node) (expr.Node, error) {
	arg, err := e.convert(n.child("arg"))
	if err != nil {
		return nil, err
	}
	kinds := []expr.TestKind{expr.IsTrue, expr.IsNotTrue, expr.IsFalse, expr.IsNotFalse, expr.IsUnknown, expr.IsNotUnknown}
	at := n.int("booltesttype")
	if at < 0 || at >= len(kinds) {
		return nil, broken("boolean test " + n.text("booltesttype"))
	}
	return &expr.Test{Kind: kinds[at], Arg: arg}, nil
}

// scalarArray converts x = ANY (ARRAY[…]), which is also what IN becomes, and
// x op ALL (ARRAY[…]): a comparison for each element.
func (e *nativeBuilder) scalarArray(n *node) (expr.Node, error) {
	args := n.nodes("args")
	if len(args) != 2 {
		return nil, broken("an array comparison without two arguments")
	}
	elements, ok := arrayElements(&args[1])
	if !ok {
		return e.anyOf(n, args)
	}
	comparisons := make([]expr.Node, len(elements))
	for i, element := range elements {
		call := &node{tag: "OPEXPR", fields: []field{
			{"opno", n.get("opno")},
			{"opfuncid", n.get("opfuncid")},
			{"args", value{kind: kindList, list: []value{{kind: kindNode, node: &args[0]}, {kind: kindNode, node: element}}}},
		}}
		var err error
		if comparisons[i], err = e.call(call, n.oid("opfuncid"), datum.Bool.OID()); err != nil {
			return nil, err
		}
	}
	switch {
	case n.flag("useOr") && e.analysis.Operators[n.oid("opno")].Name == "=":
		return &expr.In{Equal: comparisons}, nil
	case n.flag("useOr"):
		return &expr.Logic{Op: expr.Or, Args: comparisons}, nil
	}
	return &expr.Logic{Op: expr.And, Args: comparisons}, nil
}

// arrayElements returns the elements of ARRAY[…], cast one by one where the
// array is cast.
func arrayElements(n *node) ([]*node, bool) {
	switch n.tag {
	case "ARRAYEXPR":
		if n.flag("multidims") || len(n.nodes("elements")) == 0 {
			return nil, false
		}
		var elements []*node
		nodes := n.nodes("elements")
		for i := range nodes {
			elements = append(elements, &nodes[i])
		}
		return elements, true
	case "ARRAYCOERCEEXPR":
		if n.child("arg") == nil || n.child("elemexpr") == nil {
			return nil, false
		}
		elements, ok := arrayElements(n.child("arg"))
		for i := range elements {
			elements[i] = withPlaceholder(n.child("elemexpr"), elements[i])
		}
		return elements, ok
	case "RELABELTYPE":
		// varchar[] to text[]: the same elements.
		if n.child("arg") == nil {
			return nil, false
		}
		return arrayElements(n.child("arg"))
	}
	return nil, false
}
