package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// arrayCast casts the elements of arrays, those of one array as a batch.
type arrayCast struct {
	arg, each evaluator
	elements  *column.Vector
	batch     column.Batch
	inner     exec
	errs      RowErrors
	scratch   []byte
	out       column.Vector
}

func (c *compiler) arrayCast(n *ArrayCast) (evaluator, error) {
	of := n.Arg.Type()
	if !of.IsArray() || !n.Of.IsArray() || n.Each.Type() != n.Of.Elem() {
		return nil, datum.Errorf(datum.CodeFeatureNotSupported, "a cast from %s to %s is not supported in a continuous query", of, n.Of)
	}
	arg, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	each, err := (&compiler{env: c.env}).compile(n.Each)
	if err != nil {
		return nil, err
	}
	e := &arrayCast{arg: arg, each: each, elements: column.New(of.Elem())}
	e.batch.Columns = []*column.Vector{e.elements}
	e.out.ResetAs(n.Of)
	return e, nil
}

func (e *arrayCast) eval(x *exec, rows []int32) *column.Vector {
	in := e.arg.eval(x, rows)
	e.out.Resize(x.batch.Rows)
	for _, r := range rows {
		if in.IsNull(int(r)) {
			continue
		}
		start := len(e.out.Arena)
		if err := e.cast(in.Bytes(int(r))); err != nil {
			e.out.Arena = e.out.Arena[:start]
			x.errs.Fail(r, err)
			continue
		}
		e.out.Slices[r] = column.Slice{Off: uint32(start), Len: uint32(len(e.out.Arena) - start)}
		e.out.Valid.Set(int(r))
	}
	return &e.out
}

// cast appends an array with its elements cast to out's arena. An array's bounds
// stand before its elements, alike for every type.
func (e *arrayCast) cast(a datum.Array) *datum.Error {
	b := datum.ArrayBuilder{Bytes: append(e.out.Arena, a[:1+8*a.Dimensions()]...)}
	elements := a.Elements()
	for left := a.Len(); left > 0; {
		n := min(left, column.BatchRows)
		left -= n
		e.elements.Resize(n)
		for i := range n {
			if element, null, _ := elements.Next(); !null {
				e.elements.SetValue(i, element)
			}
		}
		e.batch.Rows = n
		e.errs.Reset(n)
		e.inner.batch, e.inner.errs = &e.batch, &e.errs
		e.inner.turn++
		v := e.each.eval(&e.inner, column.All(n))
		for i := range int32(n) {
			if err := e.errs.Of(i); err != nil {
				e.out.Arena = b.Bytes
				return err
			}
		}
		for i := range n {
			addElement(&b, v, i, &e.scratch)
		}
	}
	e.out.Arena = b.Bytes
	return nil
}
