package query

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
)

// native turns an analysed expression over rows into one of the native evaluator:
// a column of the derived batch where PostgreSQL evaluates it. place is the clause
// that the expression stands in.
func (b *builder) native(n *node, place span) (expr.Node, error) {
	if column := b.remote(n); column != nil {
		return column, nil
	}
	converted, err := b.convertNative(n, place)
	if notNative(err) {
		return b.need(n, place, err)
	}
	return converted, err
}

// convertNative refuses what the native evaluator lacks.
func (b *builder) convertNative(n *node, place span) (expr.Node, error) {
	e := &nativeBuilder{b, place}
	converted, err := e.convert(n)
	if err != nil {
		return nil, err
	}
	if err := consistent(converted); err != nil {
		return nil, err
	}
	if _, err := expr.Compile(expr.Env{}, converted); err != nil {
		return nil, e.refuse(n, "", "%s", messageOf(err))
	}
	return converted, nil
}

// condition is native for WHERE and FILTER.
func (b *builder) condition(n *node, place span) (expr.Node, error) {
	converted, err := b.native(n, place)
	if err == nil && converted.Type() != datum.Bool {
		return nil, broken("a condition is no boolean")
	}
	return converted, err
}

// nativeBuilder converts expressions of one clause.
type nativeBuilder struct {
	*builder
	place span
}

func (e *nativeBuilder) convert(n *node) (expr.Node, error) {
	if n == nil {
		return nil, broken("an expression is missing")
	}
	switch n.tag {
	case "VAR":
		return e.column(n)
	case "CONST":
		return e.constant(n)
	case unionTag:
		return e.convert(n.child("arg"))
	case "FUNCEXPR":
		return simplified(e.call(n, n.oid("funcid"), n.oid("funcresulttype")))
	case "OPEXPR":
		return simplified(e.call(n, n.oid("opfuncid"), n.oid("opresulttype")))
	case "RELABELTYPE":
		return e.relabel(n)
	case "COERCEVIAIO":
		return e.viaText(n)
	case "COLLATEEXPR":
		return e.collate(n)
	case "BOOLEXPR":
		return e.logic(n)
	case "CASEEXPR":
		return e.caseWhen(n)
	case "COALESCEEXPR":
		args, err := e.all(n.nodes("args"))
		return &expr.Coalesce{Args: args, Of: typeOf(args)}, err
	case "MINMAXEXPR":
		args, err := e.all(n.nodes("args"))
		return &expr.Greatest{Least: n.text("op") == "1", Args: args, Of: typeOf(args)}, err
	case "NULLIFEXPR":
		return e.nullIf(n)
	case "DISTINCTEXPR":
		return e.distinct(n)
	case "NULLTEST":
		return e.nullTest(n)
	case "BOOLEANTEST":
		return e.booleanTest(n)
	case "SCALARARRAYOPEXPR":
		return e.scalarArray(n)
	case "SUBSCRIPTINGREF":
		return e.subscript(n)
	case "ARRAYEXPR":
		return e.makeArray(n)
	case "ARRAYCOERCEEXPR":
		return e.castArray(n)
	case elementTag:
		return &expr.Column{Index: 0, Of: datum.Type(n.int("type"))}, nil
	}
	hint := ""
	if n.tag == "SQLVALUEFUNCTION" {
		hint = rowsAlone
	}
	return nil, e.refuse(n, hint, "%s is not supported here in a continuous view", construct(n))
}

func typeOf(args []expr.Node) datum.Type {
	if len(args) == 0 || args[0] == nil {
		return datum.Invalid
	}
	return args[0].Type()
}

func (e *nativeBuilder) all(nodes []node) ([]expr.Node, error) {
	converted := make([]expr.Node, len(nodes))
	for i := range nodes {
		var err error
		if converted[i], err = e.convert(&nodes[i]); err != nil {
			return nil, err
		}
	}
	return converted, nil
}

func (e *nativeBuilder) column(n *node) (expr.Node, error) {
	at := n.int("varattno")
	if n.text("varno") != e.stream && n.int("varlevelsup") == 0 && e.eval.joined {
		return nil, e.refuse(n, "", "a column that is not the stream's is not supported here in a continuous view")
	}
	if n.text("varno") != e.stream || n.int("varlevelsup") != 0 || at > len(e.columns) {
		return nil, broken("a column of no stream")
	}
	if at < 0 {
		return nil, impossible{e.refuse(n, "Name a column of the stream.", "a system column of a stream cannot be used")}
	}
	if at == 0 {
		return nil, e.refuse(n, "Name a column of the stream.", "the whole row of a stream cannot be used here")
	}
	column := e.columns[at-1]
	of := e.analysis.TypeOf(n.oid("vartype"))
	switch {
	case column.Type == datum.Other: // its values are texts that PostgreSQL alone reads
		return nil, e.refuse(n, "", "column \"%s\" of type %s is not supported here in a continuous view", column.Name, e.typeName(n.oid("vartype")))
	case column.Type != of:
		return nil, datum.Errorf(datum.CodeInvalidObjectState, "column \"%s\" of stream \"%s\" has changed its type", column.Name, e.analysis.Stream)
	}
	return &expr.Column{Index: e.index[at-1], Name: column.Name, Of: of}, nil
}

func (e *nativeBuilder) constant(n *node) (expr.Node, error) {
	v, err := constant(n)
	if err != nil {
		return nil, e.refuse(n, supportedTypes(), "a constant of type %s is not supported in a continuous view", e.typeName(n.oid("consttype")))
	}
	return &expr.Const{Value: v}, nil
}

// call converts a function, an operator or a cast that is a function.
func (e *nativeBuilder) call(n *node, proc, result uint32) (expr.Node, error) {
	info := e.analysis.Procs[proc]
	if info.Set {
		return nil, e.refuse(n, "", "set-returning function %s is not supported in a continuous view", info.Name)
	}
	if info.Schema == ownSchema {
		return e.ownFunction(n, info)
	}
	if !e.supported(n, proc, info) {
		return nil, e.notNative(n, info)
	}
	of, ok := datum.TypeOf(result)
	if !ok {
		return nil, e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(result))
	}
	args, err := e.all(n.nodes("args"))
	if err != nil {
		return nil, err
	}
	return &expr.Call{Proc: proc, Name: info.Name, Args: args, Of: of}, nil
}

// simplified takes a strict function of a literal NULL for NULL, as PostgreSQL's planner
// does: its other arguments are never evaluated.
func simplified(n expr.Node, err error) (expr.Node, error) {
	call, ok := n.(*expr.Call)
	if err == nil && ok && expr.Strict(call.Proc) && slices.ContainsFunc(call.Args, isNull) {
		return null(call.Of), nil
	}
	return n, err
}

// isNull reports whether an expression is the literal NULL.
func isNull(n expr.Node) bool {
	c, ok := n.(*expr.Const)
	return ok && c.Value.IsNull(0)
}

func null(of datum.Type) expr.Node {
	v := column.New(of)
	v.AppendNull()
	return &expr.Const{Value: v}
}

// relabel converts a change of the type's name alone, such as varchar to text.
func (e *nativeBuilder) relabel(n *node) (expr.Node, error) {
	of, ok := datum.TypeOf(n.oid("resulttype"))
	if !ok {
		return nil, e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(n.oid("resulttype")))
	}
	arg, err := e.convert(n.child("arg"))
	switch {
	case err != nil || arg.Type() == of:
		return arg, err
	case isNull(arg):
		return null(of), nil
	}
	return &expr.Coerce{Arg: arg, Of: of}, nil
}

func (e *nativeBuilder) viaText(n *node) (expr.Node, error) {
	of, ok := datum.TypeOf(n.oid("resulttype"))
	if !ok {
		return nil, e.refuse(n, supportedTypes(), "type %s is not supported in a continuous view", e.typeName(n.oid("resulttype")))
	}
	arg, err := e.convert(n.child("arg"))
	switch {
	case err != nil:
		return nil, err
	case isNull(arg):
		return null(of), nil
	}
	return &expr.Coerce{Arg: arg, Of: of, ViaIO: true}, nil
}

// collate lets pass the collations that compare bytes, as Millrace does.
func (e *nativeBuilder) collate(n *node) (expr.Node, error) {
	switch name := e.analysis.Collations[n.oid("collOid")]; name {
	case "C", "POSIX", "ucs_basic":
		return e.convert(n.child("arg"))
	default:
		return nil, e.refuse(n, `Text is compared as COLLATE "C".`, "collation \"%s\" is not supported in a continuous view", name)
	}
}
