package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// call is a strict function over vectors, and the surroundings of its kernel.
type call struct {
	env  Env
	args []evaluator
	run  kernel

	in      []*column.Vector // the arguments' vectors
	out     column.Vector
	errs    *RowErrors
	word    string  // see wordAt
	scratch []byte  // for kernels
	open    []int32 // rows whose arguments are all not NULL
	lax     bool    // NULL arguments reach the kernel too
}

// kernel computes a function: it reads c.in and writes c.out at rows. At those
// rows no argument is NULL and the result's validity is already set; where it
// must be NULL the kernel clears it, where the row fails it calls c.fail.
type kernel func(c *call, rows []int32)

func newCall(env Env, result datum.Type, run kernel, args []evaluator) *call {
	c := &call{env: env, args: args, run: run, in: make([]*column.Vector, len(args))}
	c.out.ResetAs(result)
	return c
}

// arguments evaluates the arguments and makes room for the result.
func (c *call) arguments(x *exec, rows []int32) {
	for i, a := range c.args {
		c.in[i] = a.eval(x, rows)
	}
	c.out.Resize(x.batch.Rows)
	c.errs = x.errs
}

func (c *call) eval(x *exec, rows []int32) *column.Vector {
	c.arguments(x, rows)
	if c.lax {
		c.out.Valid.Fill(x.batch.Rows)
		if x.errs.Any() {
			rows = c.withoutFailed(rows)
		}
	} else if !c.intersect(x.batch.Rows) {
		rows = c.notNull(rows)
	}
	c.run(c, rows)
	return &c.out
}

// intersect makes the result valid where every argument is, and reports
// whether that is everywhere.
func (c *call) intersect(n int) bool {
	valid := c.out.Valid
	last := len(valid) - 1
	all := true
	for i := range valid {
		full := ^uint64(0)
		if rest := n & 63; i == last && rest != 0 {
			full = 1<<rest - 1
		}
		w := full
		for _, v := range c.in {
			w &= v.Valid[i]
		}
		valid[i] = w
		all = all && w == full
	}
	return all
}

func (c *call) notNull(rows []int32) []int32 {
	c.open = c.open[:0]
	for _, r := range rows {
		if c.out.Valid.Get(int(r)) {
			c.open = append(c.open, r)
		}
	}
	return c.open
}

// withoutFailed leaves out the rows whose arguments failed, which are NULL.
func (c *call) withoutFailed(rows []int32) []int32 {
	c.open = c.errs.Remove(append(c.open[:0], rows...))
	for _, r := range rows {
		if c.errs.Of(r) != nil {
			c.out.Valid.Clear(int(r))
		}
	}
	return c.open
}

// fail gives a row its error and NULL.
func (c *call) fail(r int32, err *datum.Error) {
	c.out.Valid.Clear(int(r))
	c.errs.Fail(r, err)
}

var errArenaFull = &datum.Error{
	Code:    datum.CodeProgramLimitExceeded,
	Message: "the texts of one batch exceed 4 GB",
	Hint:    "The expression makes each text many times longer; filter or shorten it first.",
}

// ended makes what was appended to the arena since start the row's value.
func (c *call) ended(r int32, start int) {
	if uint64(len(c.out.Arena)) > math.MaxUint32 {
		c.out.Arena = c.out.Arena[:start]
		c.fail(r, errArenaFull)
		return
	}
	c.out.Slices[r] = column.Slice{Off: uint32(start), Len: uint32(len(c.out.Arena) - start)}
}
