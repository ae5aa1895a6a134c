package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

func isTrue(v *column.Vector, r int32) bool { return v.Valid.Get(int(r)) && v.Ints[r] != 0 }

func (c *compiler) logic(n *Logic) (evaluator, error) {
	args, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	if n.Op == Not {
		return newNot(args[0]), nil
	}
	if n.Op == And {
		return newConjunction(n.Args, args), nil
	}
	return newJunction(args, true), nil
}

// junction is AND or OR: the first argument that is decisive (FALSE for AND,
// TRUE for OR) ends it, else it is NULL if an argument was.
type junction struct {
	args     []evaluator
	free     []conjunct // of AND, the first of args: those that cannot fail
	decisive int64
	out      column.Vector
	open     []int32 // rows not yet decided
}

func newJunction(args []evaluator, or bool) *junction {
	j := &junction{args: args}
	if or {
		j.decisive = 1
	}
	j.out.ResetAs(datum.Bool)
	return j
}

func (j *junction) eval(x *exec, rows []int32) *column.Vector {
	out := &j.out
	out.Resize(x.batch.Rows)
	for _, r := range rows {
		out.SetInt(int(r), 1-j.decisive)
	}
	j.open = append(j.open[:0], rows...)
	for _, arg := range j.args {
		if len(j.open) == 0 {
			break
		}
		before := x.errs.Len()
		v := arg.eval(x, j.open)
		if x.errs.Len() != before {
			j.open = x.errs.Remove(j.open)
		}
		j.open = j.decide(v)
	}
	return out
}

// decide enters one argument's values and returns the rows still open.
func (j *junction) decide(v *column.Vector) []int32 {
	kept := j.open[:0]
	for _, r := range j.open {
		switch {
		case v.IsNull(int(r)):
			j.out.SetNull(int(r))
			kept = append(kept, r)
		case v.Ints[r] == j.decisive:
			j.out.SetInt(int(r), j.decisive)
		default:
			kept = append(kept, r)
		}
	}
	return kept
}

func newNot(arg evaluator) evaluator {
	return newCall(Env{}, datum.Bool, func(c *call, rows []int32) {
		a, out := c.in[0].Ints, c.out.Ints
		for _, r := range rows {
			out[r] = 1 - a[r]
		}
	}, []evaluator{arg})
}

// in is OR over the comparisons with the elements. The value that they all
// compare is evaluated once.
func (c *compiler) in(n *In) (evaluator, error) {
	inner := c
	if first, ok := n.Equal[0].(*Call); ok && len(first.Args) > 0 {
		e, err := c.compile(first.Args[0])
		if err != nil {
			return nil, err
		}
		inner = c.with(known{first.Args[0], share(e)})
	}
	args, err := inner.all(n.Equal)
	if err != nil {
		return nil, err
	}
	if n.Not {
		return newNot(newJunction(args, true)), nil
	}
	return newJunction(args, true), nil
}

// test is IS [NOT] NULL, TRUE, FALSE or UNKNOWN.
type test struct {
	arg evaluator
	// answers for FALSE, TRUE and NULL
	answers [3]int64
	out     column.Vector
}

// testAnswers holds, for each TestKind, the answers for FALSE, TRUE and NULL.
// For a value that is not boolean, the first two are equal.
var testAnswers = [...][3]int64{
	IsNull:       {0, 0, 1},
	IsNotNull:    {1, 1, 0},
	IsTrue:       {0, 1, 0},
	IsNotTrue:    {1, 0, 1},
	IsFalse:      {1, 0, 0},
	IsNotFalse:   {0, 1, 1},
	IsUnknown:    {0, 0, 1},
	IsNotUnknown: {1, 1, 0},
}

func (c *compiler) test(n *Test) (evaluator, error) {
	arg, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	t := &test{arg: arg, answers: testAnswers[n.Kind]}
	t.out.ResetAs(datum.Bool)
	return t, nil
}

func (t *test) eval(x *exec, rows []int32) *column.Vector {
	v := t.arg.eval(x, rows)
	t.out.Resize(x.batch.Rows)
	t.out.Valid.Fill(x.batch.Rows)
	out := t.out.Ints
	if t.answers[0] == t.answers[1] { // any type
		for _, r := range rows {
			out[r] = t.answers[2]
			if v.Valid.Get(int(r)) {
				out[r] = t.answers[0]
			}
		}
		return &t.out
	}
	for _, r := range rows {
		out[r] = t.answers[2]
		if v.Valid.Get(int(r)) {
			out[r] = t.answers[v.Ints[r]]
		}
	}
	return &t.out
}
