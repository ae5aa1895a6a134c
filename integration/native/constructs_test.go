package native

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// constructSections are what expressions consist of besides functions.
func constructSections() []section {
	var all []section
	for _, t := range []datum.Type{
		datum.Bool, datum.Int4, datum.Int8, datum.Float8, datum.Numeric, datum.Text, datum.Bpchar, datum.Date, datum.Time, datum.TimestampTZ, datum.Interval,
		datum.UUID, datum.JSONB, datum.Bytea, datum.Inet,
	} {
		all = append(all, arraySections(t)...)
		all = append(all, chosenSections(t)...)
	}
	return append(all, arrayCasts()...)
}

func arraySections(t datum.Type) []section {
	array := datum.ArrayOf(t)
	sections := []section{
		{
			name: "subscript", args: []datum.Type{array, datum.Int4},
			sql:  func(args []string) string { return "(" + args[0] + ")[" + args[1] + "]" },
			node: func(args []expr.Node) expr.Node { return &expr.Subscript{Array: args[0], At: args[1:], Of: t} },
		},
		{
			name: "subscripts", args: []datum.Type{array, datum.Int4, datum.Int4},
			sql:  func(args []string) string { return "(" + args[0] + ")[" + args[1] + "][" + args[2] + "]" },
			node: func(args []expr.Node) expr.Node { return &expr.Subscript{Array: args[0], At: args[1:], Of: t} },
		},
		{
			name: "ARRAY", args: []datum.Type{t, t},
			sql:  func(args []string) string { return "ARRAY[" + strings.Join(args, ", ") + "]" },
			node: func(args []expr.Node) expr.Node { return &expr.MakeArray{Args: args, Of: array} },
		},
	}
	proc, name, ok := operatorOf("eq", t)
	less, lessName, _ := operatorOf("lt", t)
	if !ok {
		return sections
	}
	for _, all := range []bool{false, true} {
		word := map[bool]string{false: "ANY", true: "ALL"}[all]
		sections = append(sections, section{
			name: "= " + word, args: []datum.Type{t, array},
			sql: func(args []string) string { return args[0] + " = " + word + " (" + args[1] + ")" },
			node: func(args []expr.Node) expr.Node {
				return &expr.AnyOf{Arg: args[0], Array: args[1], Proc: proc, Name: name, All: all}
			},
		}, section{
			name: "< " + word, args: []datum.Type{t, array},
			sql: func(args []string) string { return args[0] + collated(t) + " < " + word + " (" + args[1] + ")" },
			node: func(args []expr.Node) expr.Node {
				return &expr.AnyOf{Arg: args[0], Array: args[1], Proc: less, Name: lessName, All: all}
			},
		})
	}
	return sections
}

// collated makes PostgreSQL compare texts by their bytes.
func collated(t datum.Type) string {
	if t == datum.Text || t == datum.Bpchar {
		return ` COLLATE "C"`
	}
	return ""
}

func chosenSections(t datum.Type) []section {
	two := []datum.Type{t, t}
	sections := []section{
		{
			name: "greatest", args: two,
			sql:  func(args []string) string { return "greatest(" + args[0] + collated(t) + ", " + args[1] + ")" },
			node: func(args []expr.Node) expr.Node { return &expr.Greatest{Args: args, Of: t} },
		},
		{
			name: "least", args: two,
			sql:  func(args []string) string { return "least(" + args[0] + collated(t) + ", " + args[1] + ")" },
			node: func(args []expr.Node) expr.Node { return &expr.Greatest{Args: args, Of: t, Least: true} },
		},
		{
			name: "coalesce", args: two,
			sql:  func(args []string) string { return "coalesce(" + strings.Join(args, ", ") + ")" },
			node: func(args []expr.Node) expr.Node { return &expr.Coalesce{Args: args, Of: t} },
		},
		{
			name: "CASE", args: []datum.Type{datum.Bool, t, t},
			sql: func(args []string) string {
				return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", args[0], args[1], args[2])
			},
			node: func(args []expr.Node) expr.Node {
				return &expr.Case{Whens: []expr.When{{Cond: args[0], Then: args[1]}}, Else: args[2], Of: t}
			},
		},
	}
	if proc, name, ok := operatorOf("eq", t); ok {
		equal := func(args []expr.Node) expr.Node {
			return &expr.Call{Proc: proc, Name: name, Args: args, Of: datum.Bool}
		}
		sections = append(sections, section{
			name: "nullif", args: two,
			sql:  func(args []string) string { return "nullif(" + strings.Join(args, ", ") + ")" },
			node: func(args []expr.Node) expr.Node { return &expr.NullIf{Arg: args[0], Equal: equal(args), Of: t} },
		}, section{
			name: "IS DISTINCT FROM", args: two,
			sql: func(args []string) string { return args[0] + " IS DISTINCT FROM " + args[1] },
			node: func(args []expr.Node) expr.Node {
				return &expr.Distinct{Left: args[0], Right: args[1], Equal: equal(args)}
			},
		})
	}
	return sections
}

// operatorOf finds the function of a comparison of a type's values.
func operatorOf(name string, t datum.Type) (oid uint32, full string, ok bool) {
	for _, f := range expr.Functions() {
		if len(f.Args) == 2 && f.Args[0] == t && f.Args[1] == t && f.Result == datum.Bool && strings.HasSuffix(f.Name, name) && !strings.Contains(f.Name, "pattern") {
			return f.OID, f.Name, true
		}
	}
	return 0, "", false
}

// arrayCasts cast elements by functions and through their texts.
func arrayCasts() []section {
	var all []section
	for _, c := range []struct {
		from, to datum.Type
		proc     uint32 // 0 for a cast through text
	}{
		{datum.Int4, datum.Int8, 481},
		{datum.Int8, datum.Int4, 480},
		{datum.Float8, datum.Int2, 237},
		{datum.Int4, datum.Numeric, 1740},
		{datum.Text, datum.Int4, 0},
		{datum.Int4, datum.Text, 0},
		{datum.Text, datum.UUID, 0},
		{datum.JSON, datum.JSONB, 0},
		{datum.TimestampTZ, datum.Date, 1178},
	} {
		element := &expr.Column{Index: 0, Of: c.from}
		var each expr.Node = &expr.Coerce{Arg: element, Of: c.to, ViaIO: true}
		if c.proc != 0 {
			each = &expr.Call{Proc: c.proc, Name: "cast", Args: []expr.Node{element}, Of: c.to}
		}
		to := datum.ArrayOf(c.to)
		all = append(all, section{
			name: "cast to " + to.String(), args: []datum.Type{datum.ArrayOf(c.from)},
			sql:  func(args []string) string { return args[0] + "::" + sqlName(to) },
			node: func(args []expr.Node) expr.Node { return &expr.ArrayCast{Arg: args[0], Each: each, Of: to} },
		})
	}
	return all
}
