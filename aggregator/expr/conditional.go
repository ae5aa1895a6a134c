package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// copyRows copies rows of a vector into another of the same type, NULLs included.
func copyRows(to, from *column.Vector, rows []int32) {
	switch to.Type.Physical() {
	case datum.PhysInt:
		copySlots(to.Valid, to.Ints, from.Valid, from.Ints, rows)
	case datum.PhysFloat:
		copySlots(to.Valid, to.Floats, from.Valid, from.Floats, rows)
	default:
		for _, r := range rows {
			to.SetFrom(int(r), from, int(r))
		}
	}
}

func copySlots[T any](valid column.Bitmap, to []T, fromValid column.Bitmap, from []T, rows []int32) {
	for _, r := range rows {
		if fromValid.Get(int(r)) {
			to[r] = from[r]
			valid.Set(int(r))
		}
	}
}

// choice is CASE: each row takes the value of the first branch whose condition
// is TRUE for it, and no other branch is evaluated for it.
type choice struct {
	conds, thens []evaluator
	otherwise    evaluator
	out          column.Vector
	open, hits   []int32
}

func (c *compiler) caseWhen(n *Case) (evaluator, error) {
	e := &choice{}
	e.out.ResetAs(n.Of)
	for _, w := range n.Whens {
		cond, err := c.compile(w.Cond)
		if err != nil {
			return nil, err
		}
		then, err := c.compile(w.Then)
		if err != nil {
			return nil, err
		}
		e.conds, e.thens = append(e.conds, cond), append(e.thens, then)
	}
	var err error
	e.otherwise, err = c.compile(n.Else)
	return e, err
}

func (e *choice) eval(x *exec, rows []int32) *column.Vector {
	e.out.Resize(x.batch.Rows)
	e.open = append(e.open[:0], rows...)
	for i, cond := range e.conds {
		if len(e.open) == 0 {
			return &e.out
		}
		before := x.errs.Len()
		v := cond.eval(x, e.open)
		if x.errs.Len() != before {
			e.open = x.errs.Remove(e.open)
		}
		e.split(v)
		if len(e.hits) > 0 {
			copyRows(&e.out, e.thens[i].eval(x, e.hits), e.hits)
		}
	}
	if len(e.open) > 0 {
		copyRows(&e.out, e.otherwise.eval(x, e.open), e.open)
	}
	return &e.out
}

// split takes the rows for which a condition is TRUE out of open, into hits.
func (e *choice) split(v *column.Vector) {
	e.hits = e.hits[:0]
	missed := e.open[:0]
	for _, r := range e.open {
		if isTrue(v, r) {
			e.hits = append(e.hits, r)
		} else {
			missed = append(missed, r)
		}
	}
	e.open = missed
}

// coalesce is COALESCE.
type coalesce struct {
	args []evaluator
	out  column.Vector
	open []int32
}

func (c *compiler) coalesce(n *Coalesce) (evaluator, error) {
	args, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	e := &coalesce{args: args}
	e.out.ResetAs(n.Of)
	return e, nil
}

func (e *coalesce) eval(x *exec, rows []int32) *column.Vector {
	e.out.Resize(x.batch.Rows)
	e.open = append(e.open[:0], rows...)
	for _, arg := range e.args {
		if len(e.open) == 0 {
			break
		}
		before := x.errs.Len()
		v := arg.eval(x, e.open)
		if x.errs.Len() != before {
			e.open = x.errs.Remove(e.open)
		}
		copyRows(&e.out, v, e.open)
		empty := e.open[:0]
		for _, r := range e.open {
			if v.IsNull(int(r)) {
				empty = append(empty, r)
			}
		}
		e.open = empty
	}
	return &e.out
}

// nullIf is NULLIF. As in PostgreSQL both arguments are evaluated for every row.
type nullIf struct {
	arg, equal evaluator
	out        column.Vector
	kept       []int32
}

func (c *compiler) nullIf(n *NullIf) (evaluator, error) {
	arg, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	arg = share(arg)
	equal, err := c.with(known{n.Arg, arg}).compile(n.Equal)
	if err != nil {
		return nil, err
	}
	e := &nullIf{arg: arg, equal: equal}
	e.out.ResetAs(n.Of)
	return e, nil
}

func (e *nullIf) eval(x *exec, rows []int32) *column.Vector {
	v := e.arg.eval(x, rows)
	equal := e.equal.eval(x, rows)
	e.out.Resize(x.batch.Rows)
	e.kept = e.kept[:0]
	for _, r := range rows {
		if !isTrue(equal, r) {
			e.kept = append(e.kept, r)
		}
	}
	copyRows(&e.out, v, e.kept)
	return &e.out
}

// distinct is IS DISTINCT FROM.
type distinct struct {
	left, right, equal evaluator
	out                column.Vector
}

func (c *compiler) distinct(n *Distinct) (evaluator, error) {
	sides, err := c.all([]Node{n.Left, n.Right})
	if err != nil {
		return nil, err
	}
	left, right := share(sides[0]), share(sides[1])
	equal, err := c.with(known{n.Left, left}, known{n.Right, right}).compile(n.Equal)
	if err != nil {
		return nil, err
	}
	e := &distinct{left: left, right: right, equal: equal}
	e.out.ResetAs(datum.Bool)
	return e, nil
}

func (e *distinct) eval(x *exec, rows []int32) *column.Vector {
	left, right, equal := e.left.eval(x, rows), e.right.eval(x, rows), e.equal.eval(x, rows)
	e.out.Resize(x.batch.Rows)
	for _, r := range rows {
		i := int(r)
		if left.IsNull(i) || right.IsNull(i) {
			e.out.SetBool(i, left.IsNull(i) != right.IsNull(i))
		} else {
			e.out.SetBool(i, !isTrue(equal, r))
		}
	}
	return &e.out
}
