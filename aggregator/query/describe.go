package query

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/expr"
)

// Describe prints the plan for people, one line for each of its parts.
func (p *Plan) Describe() string {
	var text strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	if p.Filter != nil {
		line("where %s", describe(p.Filter))
	}
	for _, key := range p.Keys {
		line("key %s %s = %s", key.Column, key.Expr.Type(), describe(key.Expr))
	}
	for _, a := range p.Aggregates {
		types := make([]string, len(a.Function.States))
		for i, s := range a.Function.States {
			types[i] = s.Type.String()
		}
		arg, filter := "*", ""
		if a.Arg != nil {
			arg = describe(a.Arg)
		}
		if a.Filter != nil {
			filter = " filter " + describe(a.Filter)
		}
		line("state %s %s = %s(%s)%s", strings.Join(a.Columns, ", "), strings.Join(types, ", "), a.Function.Name, arg, filter)
	}
	for _, o := range p.Output {
		line("output %s %s = %s", o.Name, o.Type, o.SQL)
	}
	if p.Having != "" {
		line("having %s", p.Having)
	}
	return text.String()
}

// describe prints an expression as calls of PostgreSQL's functions.
func describe(n expr.Node) string {
	switch n := n.(type) {
	case *expr.Column:
		return n.Name
	case *expr.Const:
		if n.Value.IsNull(0) {
			return "NULL"
		}
		return "'" + ConstantText(n.Value) + "'"
	case *expr.Call:
		return n.Name + describeAll(n.Args)
	case *expr.Coerce:
		how := ""
		if n.ViaIO {
			how = " via text"
		}
		return describe(n.Arg) + "::" + n.Of.String() + how
	case *expr.Logic:
		return [...]string{"and", "or", "not"}[n.Op] + describeAll(n.Args)
	case *expr.Case:
		text := "case"
		for _, when := range n.Whens {
			text += " when " + describe(when.Cond) + " then " + describe(when.Then)
		}
		return text + " else " + describe(n.Else) + " end"
	case *expr.Coalesce:
		return "coalesce" + describeAll(n.Args)
	case *expr.NullIf:
		return "nullif " + describe(n.Equal)
	case *expr.Greatest:
		if n.Least {
			return "least" + describeAll(n.Args)
		}
		return "greatest" + describeAll(n.Args)
	case *expr.Test:
		return describe(n.Arg) + [...]string{
			" is null", " is not null", " is true", " is not true", " is false", " is not false", " is unknown", " is not unknown",
		}[n.Kind]
	case *expr.Distinct:
		return "distinct " + describe(n.Equal)
	case *expr.In:
		return "in" + describeAll(n.Equal)
	}
	return fmt.Sprintf("%T", n)
}

func describeAll(nodes []expr.Node) string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = describe(n)
	}
	return "(" + strings.Join(texts, ", ") + ")"
}
