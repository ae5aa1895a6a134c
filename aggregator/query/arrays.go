package query

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// elementTag is the tag of a node of our own: an array's element, where the tree
// has a placeholder for it.
const elementTag = "MILLRACE ELEMENT"

// subscript converts a[i] of an array, and j['a'] of a jsonb.
func (e *nativeBuilder) subscript(n *node) (expr.Node, error) {
	if len(n.get("reflowerindexpr").list) > 0 || n.child("refassgnexpr") != nil {
		return nil, e.refuse(n, "", "a slice of an array is not supported here in a continuous view")
	}
	array, err := e.convert(n.child("refexpr"))
	if err != nil {
		return nil, err
	}
	at, err := e.all(n.nodes("refupperindexpr"))
	if err != nil {
		return nil, err
	}
	if array.Type() == datum.JSONB {
		return jsonSubscript(array, at), nil
	}
	for _, s := range at {
		if s.Type() != datum.Int4 {
			return nil, broken("a subscript is no integer")
		}
	}
	return &expr.Subscript{Array: array, At: at, Of: array.Type().Elem()}, nil
}

// jsonSubscript is jsonb #> text[].
func jsonSubscript(j expr.Node, at []expr.Node) expr.Node {
	path := &expr.MakeArray{Of: datum.ArrayOf(datum.Text)}
	for _, s := range at {
		if s.Type() != datum.Text {
			s = &expr.Coerce{Arg: s, Of: datum.Text, ViaIO: true}
		}
		path.Args = append(path.Args, s)
	}
	const extractPath = 3217
	return &expr.Call{Proc: extractPath, Name: "jsonb_extract_path", Args: []expr.Node{j, path}, Of: datum.JSONB}
}

// makeArray converts ARRAY[…] of one dimension.
func (e *nativeBuilder) makeArray(n *node) (expr.Node, error) {
	of, ok := datum.TypeOf(n.oid("array_typeid"))
	if !ok || n.flag("multidims") {
		return nil, e.refuse(n, "", "this array is not supported here in a continuous view")
	}
	args, err := e.all(n.nodes("elements"))
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		if a.Type() != of.Elem() {
			return nil, broken("an array's element has another type")
		}
	}
	return &expr.MakeArray{Args: args, Of: of}, nil
}

// castArray converts a cast of an array's elements.
func (e *nativeBuilder) castArray(n *node) (expr.Node, error) {
	of, ok := datum.TypeOf(n.oid("resulttype"))
	if !ok || !of.IsArray() {
		return nil, e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(n.oid("resulttype")))
	}
	arg, err := e.convert(n.child("arg"))
	if err != nil {
		return nil, err
	}
	if n.child("elemexpr") == nil || !arg.Type().IsArray() {
		return nil, broken("a cast of an array without its elements")
	}
	element := &node{tag: elementTag, fields: []field{{"type", value{kind: kindAtom, atom: itoa(int(arg.Type().Elem()))}}}}
	each, err := e.convert(withPlaceholder(n.child("elemexpr"), element))
	if err != nil {
		return nil, err
	}
	return &expr.ArrayCast{Arg: arg, Each: each, Of: of}, nil
}

// anyOf converts x op ANY (array) and x op ALL (array) for an array that is a value.
func (e *nativeBuilder) anyOf(n *node, args []node) (expr.Node, error) {
	proc := n.oid("opfuncid")
	info := e.analysis.Procs[proc]
	if !e.supported(n, proc, info) {
		return nil, e.notNative(n, info)
	}
	both, err := e.all(args)
	if err != nil {
		return nil, err
	}
	return &expr.AnyOf{Arg: both[0], Array: both[1], Proc: proc, Name: info.Name, All: !n.flag("useOr")}, nil
}

// ownSchema is where Millrace's own functions are.
const ownSchema = "millrace"

// powerVersion is the server version from which numeric's power shows other digits
// than the native one's: those of 15.
const powerVersion = 160000

// supported reports whether a function is native as it is called: not with an
// array of its variadic arguments of any type, and with the digits of the server.
func (e *nativeBuilder) supported(n *node, proc uint32, info Proc) bool {
	switch {
	case n.flag("funcvariadic") && (info.Name == "concat" || info.Name == "concat_ws"):
		return false
	case e.analysis.ServerVersion >= powerVersion && (proc == 1738 || proc == 1739 || proc == 2169):
		return false
	}
	return expr.Supported(proc)
}

// ownFunction converts PipelineDB's functions of times, which the schema has in SQL.
func (e *nativeBuilder) ownFunction(n *node, info Proc) (expr.Node, error) {
	args, err := e.all(n.nodes("args"))
	if err != nil {
		return nil, err
	}
	const dateTrunc, dateBin = 1217, 6178
	tz := datum.TimestampTZ
	switch info.Name {
	case "year", "month", "day", "hour", "minute", "second":
		if len(args) == 1 && args[0].Type() == tz {
			unit := column.New(datum.Text)
			unit.AppendBytes([]byte(info.Name))
			return &expr.Call{Proc: dateTrunc, Name: "date_trunc", Args: []expr.Node{&expr.Const{Value: unit}, args[0]}, Of: tz}, nil
		}
	case "date_round":
		if len(args) == 2 && args[0].Type() == tz && args[1].Type() == datum.Interval {
			origin := column.New(tz) // 2000-01-01 in UTC
			origin.AppendInt(0)
			return &expr.Call{Proc: dateBin, Name: "date_bin", Args: []expr.Node{args[1], args[0], &expr.Const{Value: origin}}, Of: tz}, nil
		}
	}
	return nil, e.notNative(n, info)
}
