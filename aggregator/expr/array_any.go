package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// anyOf is x op ANY (array) and x op ALL (array) for an array that is no list: the
// comparison for each element until one decides, NULL if one was NULL by then.
type anyOf struct {
	x, array evaluator
	equal    evaluator // over a batch of two columns: x and the element
	all      bool
	left     *column.Vector // the columns of inner
	right    *column.Vector
	inner    exec
	batch    column.Batch
	errs     RowErrors
	out      column.Vector
}

func (c *compiler) anyOf(n *AnyOf) (evaluator, error) {
	of := n.Array.Type()
	if !of.IsArray() {
		return nil, datum.Errorf(datum.CodeFeatureNotSupported, "ANY over type %s is not supported in a continuous query", of)
	}
	x, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	array, err := c.compile(n.Array)
	if err != nil {
		return nil, err
	}
	call := &Call{Proc: n.Proc, Name: n.Name, Of: datum.Bool, Args: []Node{&Column{Index: 0, Of: n.Arg.Type()}, &Column{Index: 1, Of: of.Elem()}}}
	equal, err := (&compiler{env: c.env}).compile(call)
	if err != nil {
		return nil, err
	}
	e := &anyOf{x: x, array: array, equal: equal, all: n.All, left: column.New(n.Arg.Type()), right: column.New(of.Elem())}
	e.out.ResetAs(datum.Bool)
	e.batch = column.Batch{Rows: 1, Columns: []*column.Vector{e.left, e.right}}
	return e, nil
}

func (e *anyOf) eval(x *exec, rows []int32) *column.Vector {
	left, arrays := e.x.eval(x, rows), e.array.eval(x, rows)
	e.out.Resize(x.batch.Rows)
	for _, r := range rows {
		if arrays.IsNull(int(r)) || x.errs.Of(r) != nil {
			continue
		}
		decided, null, err := e.search(left, arrays.Bytes(int(r)), int(r))
		switch {
		case err != nil:
			x.errs.Fail(r, err)
		case decided:
			e.out.SetBool(int(r), !e.all)
		case !null:
			e.out.SetBool(int(r), e.all)
		}
	}
	return &e.out
}

// search compares with one element after the other; decided says that one was TRUE
// for ANY, or FALSE for ALL.
func (e *anyOf) search(left *column.Vector, a datum.Array, row int) (decided, null bool, _ *datum.Error) {
	for elements := a.Elements(); ; {
		element, isNull, more := elements.Next()
		if !more {
			return false, null, nil
		}
		if isNull || left.IsNull(row) {
			null = true
			continue
		}
		e.left.Resize(1)
		e.left.SetFrom(0, left, row)
		e.right.Resize(1)
		e.right.SetValue(0, element)
		e.errs.Reset(1)
		e.inner.batch, e.inner.errs = &e.batch, &e.errs
		e.inner.turn++
		v := e.equal.eval(&e.inner, column.All(1))
		switch {
		case e.errs.Any():
			return false, false, e.errs.Of(0)
		case v.IsNull(0):
			null = true
		case (v.Ints[0] != 0) != e.all:
			return true, null, nil
		}
	}
}
