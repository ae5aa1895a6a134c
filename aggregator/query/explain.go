package query

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// Explain prints the plan from the batch to the table for people, a line for each
// step, what belongs to a step indented beneath it. Each expression is named with
// who evaluates it: the native evaluator or PostgreSQL.
func (p *Plan) Explain(s Schema) []string {
	x := &explanation{plan: p, schema: s}
	x.decoded()
	if p.Remote != nil {
		x.remote()
	}
	if p.Filter != nil {
		x.line(0, "Filter: %s (native)", describe(p.Filter))
	}
	x.keys()
	x.states()
	for i := range p.Further {
		x.line(0, "Union all:")
		p.Further[i].describe(func(format string, args ...any) { x.line(1, format, args...) })
	}
	x.reading()
	return x.lines
}

type explanation struct {
	plan   *Plan
	schema Schema
	lines  []string
}

func (x *explanation) line(depth int, format string, args ...any) {
	x.lines = append(x.lines, strings.Repeat("  ", depth)+fmt.Sprintf(format, args...))
}

func (x *explanation) columns(places []int) string {
	names := make([]string, len(places))
	for i, at := range places {
		names[i] = fmt.Sprintf("%s %s", x.schema[at].Name, x.schema[at].Type)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (x *explanation) decoded() { x.line(0, "Decoded columns: %s", x.columns(x.plan.Columns)) }

func (x *explanation) remote() {
	r := x.plan.Remote
	rows := "each row comes back once"
	if r.Expands {
		rows = "a row comes back any number of times"
	}
	x.line(0, "Row program in PostgreSQL, once for a batch: %s", rows)
	if r.Before != nil {
		x.line(1, "Sent where: %s (native)", describe(r.Before))
	}
	x.line(1, "Sent: %s", x.columns(r.Inputs))
	for _, result := range r.Results {
		x.line(1, "Result: %s %s", result.Text, result.SQLType)
	}
	for i, text := range strings.Split(strings.TrimSpace(r.SQL), "\n") {
		head := "  "
		if i == 0 {
			head = "SQL: "
		}
		x.line(1, "%s%s", head, strings.TrimRight(text, " "))
	}
}

// evaluator names who evaluates an expression.
func (x *explanation) evaluator(n expr.Node) string {
	if column, ok := n.(*expr.Column); ok && x.plan.Remote != nil && column.Index >= len(x.schema) {
		return "PostgreSQL"
	}
	return "native"
}

func (x *explanation) keys() {
	if len(x.plan.Keys) == 0 {
		x.line(0, "Group by: nothing, one group")
		return
	}
	x.line(0, "Group by:")
	for i := range x.plan.Keys {
		k := &x.plan.Keys[i]
		switch {
		case k.Origin != Evaluated:
			x.line(1, "%s: %s", k.Column, k.describe())
		case k.Carried:
			x.line(1, "%s: %s (%s), beside the key, %s", k.Column, describe(k.Expr), x.evaluator(k.Expr), k.Expr.Type())
		default:
			x.line(1, "%s: %s (%s), %s as %s", k.Column, describe(k.Expr), x.evaluator(k.Expr), k.Expr.Type(), encoding(k.Expr.Type()))
		}
	}
	for i, set := range x.plan.Sets {
		x.line(1, "Set %d: (%s)", i, strings.Join(x.plan.keysOf(set), ", "))
	}
}

// encoding says what the canonical key of a type is: what makes two values equal.
func encoding(t datum.Type) string {
	switch {
	case t.IsArray():
		return "dimensions and elements, each " + encoding(t.Elem())
	case t == datum.Numeric:
		return "a decimal without trailing zeros"
	case t == datum.Bpchar:
		return "bytes without trailing spaces"
	case t == datum.JSONB:
		return "json with sorted keys and decimals without trailing zeros"
	case t == datum.Enum:
		return "its label"
	case t == datum.UUID:
		return "16 bytes"
	case t == datum.Inet, t == datum.Cidr:
		return "family, mask and address"
	}
	switch t.Physical() {
	case datum.PhysInt:
		return "a 64-bit integer"
	case datum.PhysFloat:
		return "a 64-bit float, one zero and one NaN"
	case datum.PhysInterval:
		return "microseconds, a month being 30 days"
	}
	return "bytes"
}

func (x *explanation) states() {
	if len(x.plan.Aggregates) > 0 {
		x.line(0, "States:")
	}
	for _, a := range x.plan.Aggregates {
		columns := make([]string, len(a.Function.States))
		for i, s := range a.Function.States {
			columns[i] = fmt.Sprintf("%s %s", a.Columns[i], s.Type)
		}
		text := fmt.Sprintf("%s: %s", strings.Join(columns, ", "), a.Function.Name)
		if a.Arg != nil {
			text += fmt.Sprintf(" of %s (%s)", describe(a.Arg), x.evaluator(a.Arg))
		}
		if a.Filter != nil {
			text += fmt.Sprintf(" where %s (%s)", describe(a.Filter), x.evaluator(a.Filter))
		}
		x.line(1, "%s", text)
	}
}

// reading is what PostgreSQL does when the view is read.
func (x *explanation) reading() {
	x.line(0, "At reading, by PostgreSQL:")
	for _, o := range x.plan.Output {
		lines := strings.Split(o.SQL, "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		x.line(1, "%s %s: %s", o.Name, o.Type, strings.Join(lines, " "))
	}
	if x.plan.Having != "" {
		x.line(1, "having %s", x.plan.Having)
	}
	x.plan.Reading.describe(func(format string, args ...any) { x.line(1, format, args...) })
}
