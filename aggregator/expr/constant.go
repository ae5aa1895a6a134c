package expr

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// constant is a literal, spread over as many rows as the largest batch so far
// had: later batches cost nothing. Bytes stand in the arena once.
type constant struct {
	value column.Vector // one row
	wide  column.Vector
}

// newConstant keeps a copy of row 0 of a vector.
func newConstant(v *column.Vector) *constant {
	c := &constant{}
	c.value.ResetAs(v.Type)
	c.value.AppendFrom(v, 0)
	c.wide.ResetAs(v.Type)
	return c
}

func (c *constant) eval(x *exec, _ []int32) *column.Vector {
	if c.wide.Len() < x.batch.Rows {
		c.spread(x.batch.Rows)
	}
	return &c.wide
}

func (c *constant) spread(n int) {
	c.wide.Resize(n)
	if c.value.IsNull(0) {
		return
	}
	c.wide.Valid.Fill(n)
	switch c.value.Type.Physical() {
	case datum.PhysInt:
		repeat(c.wide.Ints, c.value.Ints[0])
	case datum.PhysFloat:
		repeat(c.wide.Floats, c.value.Floats[0])
	case datum.PhysInterval:
		repeat(c.wide.Spans, c.value.Spans[0])
	default:
		c.wide.SetBytes(0, c.value.Bytes(0))
		repeat(c.wide.Slices, c.wide.Slices[0])
	}
}

func repeat[T any](to []T, x T) {
	for i := range to {
		to[i] = x
	}
}
