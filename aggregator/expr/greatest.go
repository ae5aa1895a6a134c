package expr

import (
	"cmp"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// greatest is GREATEST or LEAST: every argument is evaluated, NULLs are passed
// over, and of equal values (1.0, 1.00) the first one stays.
type greatest struct {
	args    []evaluator
	in      []*column.Vector
	sign    int // of a comparison with the best so far that makes a better one
	compare func(a, b *column.Vector, row int) int
	out     column.Vector
}

func (c *compiler) greatest(n *Greatest) (evaluator, error) {
	args, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	if !n.Of.Ordered() {
		return nil, datum.Errorf(datum.CodeFeatureNotSupported, "the order of type %s is not known in a continuous query", n.Of)
	}
	e := &greatest{args: args, in: make([]*column.Vector, len(args)), sign: 1, compare: ordering(n.Of)}
	if n.Least {
		e.sign = -1
	}
	e.out.ResetAs(n.Of)
	return e, nil
}

// ordering returns the comparison of a type's values in one row of two vectors.
func ordering(t datum.Type) func(a, b *column.Vector, row int) int {
	if t.Physical() == datum.PhysBytes {
		compare := datum.CompareBytes(t)
		return func(a, b *column.Vector, r int) int { return compare(a.Bytes(r), b.Bytes(r)) }
	}
	switch t {
	case datum.Float4, datum.Float8:
		return func(a, b *column.Vector, r int) int { return datum.CompareFloat(a.Floats[r], b.Floats[r]) }
	case datum.Interval:
		return func(a, b *column.Vector, r int) int { return a.Spans[r].Cmp(b.Spans[r]) }
	default:
		return func(a, b *column.Vector, r int) int { return cmp.Compare(a.Ints[r], b.Ints[r]) }
	}
}

func (e *greatest) eval(x *exec, rows []int32) *column.Vector {
	for i, a := range e.args {
		e.in[i] = a.eval(x, rows)
	}
	e.out.Resize(x.batch.Rows)
	for _, r := range rows {
		var best *column.Vector
		for _, v := range e.in {
			if v.IsNull(int(r)) {
				continue
			}
			if best == nil || e.compare(v, best, int(r))*e.sign > 0 {
				best = v
			}
		}
		if best != nil {
			e.out.SetFrom(int(r), best, int(r))
		}
	}
	return &e.out
}
