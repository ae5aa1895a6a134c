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
	if p.Remote != nil {
		p.Remote.describe(line)
	}
	for _, key := range p.Keys {
		line("%s %s %s = %s", key.kind(), key.Column, key.Expr.Type(), key.describe())
	}
	for i, set := range p.Sets {
		line("set %d (%s)", i, strings.Join(p.keysOf(set), ", "))
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
	for _, in := range p.Further {
		in.describe(line)
	}
	for _, o := range p.Output {
		line("output %s %s = %s", o.Name, o.Type, o.SQL)
	}
	if p.Having != "" {
		line("having %s", p.Having)
	}
	p.Reading.describe(line)
	return text.String()
}

func (in *Input) describe(line func(format string, args ...any)) {
	texts := func(nodes []expr.Node) string {
		all := make([]string, len(nodes))
		for i, n := range nodes {
			if all[i] = "*"; n != nil {
				all[i] = describe(n)
			}
		}
		return strings.Join(all, ", ")
	}
	line("and keys %s", texts(in.Keys))
	if len(in.Args) > 0 {
		line("    arguments %s", texts(in.Args))
	}
	for _, f := range in.Filters {
		if f != nil {
			line("    filters %s", texts(in.Filters))
			break
		}
	}
	if in.Filter != nil {
		line("    where %s", describe(in.Filter))
	}
}

func (k *Key) kind() string {
	if k.Carried {
		return "carried"
	}
	return "key"
}

func (k *Key) describe() string {
	switch k.Origin {
	case SetNumber:
		return "number of the set"
	case RowNumber:
		return "number in the record"
	}
	return describe(k.Expr)
}

// keysOf are the columns by which a grouping set groups.
func (p *Plan) keysOf(set []bool) []string {
	var columns []string
	for i, in := range set {
		if in && p.Keys[i].Origin == Evaluated {
			columns = append(columns, p.Keys[i].Column)
		}
	}
	return columns
}

func (r *Reading) describe(line func(format string, args ...any)) {
	sorts := func(sorts []Sort) string {
		texts := make([]string, len(sorts))
		for i, s := range sorts {
			texts[i] = s.SQL
			if s.Output > 0 {
				texts[i] = itoa(s.Output)
			}
			texts[i] = strings.TrimSpace(texts[i] + " " + s.Direction)
		}
		return strings.Join(texts, ", ")
	}
	switch {
	case r.Distinct:
		line("distinct")
	case len(r.DistinctOn) > 0:
		line("distinct on %s", sorts(r.DistinctOn))
	}
	if len(r.Order) > 0 {
		line("order by %s", sorts(r.Order))
	}
	switch {
	case r.WithTies:
		line("fetch first %s with ties", r.Limit)
	case r.Limit != "":
		line("limit %s", r.Limit)
	}
	if r.Offset != "" {
		line("offset %s", r.Offset)
	}
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
	case *expr.Subscript:
		return "subscript" + describeAll(append([]expr.Node{n.Array}, n.At...))
	case *expr.MakeArray:
		return "array" + describeAll(n.Args)
	case *expr.AnyOf:
		return map[bool]string{false: "any ", true: "all "}[n.All] + n.Name + describeAll([]expr.Node{n.Arg, n.Array})
	case *expr.ArrayCast:
		return describe(n.Arg) + "::" + n.Of.String()
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
