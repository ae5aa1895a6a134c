package agg

import (
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// sumFloat is sum(float4) and sum(float8), both with a float8 state: for float4
// that is nearer to the truth than PostgreSQL's own. Finite inputs whose sum is
// not finite are an error of their group; infinity and NaN as inputs are not.
type sumFloat struct {
	sums []float64     // −0 where nothing was added: the identity of +, also for −0
	seen column.Bitmap // groups with an input that was not NULL
}

func newSumFloat() Accumulator { return &sumFloat{} }

func (a *sumFloat) Grow(groups int) {
	old := len(a.sums)
	a.sums = grown(a.sums, groups)
	for i := old; i < len(a.sums); i++ {
		a.sums[i] = math.Copysign(0, -1)
	}
	a.seen = grownBits(a.seen, groups)
}

func (a *sumFloat) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	sums, seen, values := a.sums, a.seen, arg.Floats
	for _, r := range rows {
		if !arg.Valid.Get(int(r)) {
			continue
		}
		g, x := groups[r], values[r]
		sum := sums[g] + x
		if overflows(sum, sums[g], x) {
			floatOverflow(g, fail)
			continue
		}
		sums[g] = sum
		seen.Set(int(g))
	}
}

func (a *sumFloat) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	for i, g := range groups {
		if !states[0].Valid.Get(i) {
			continue
		}
		x := states[0].Floats[i]
		sum := a.sums[g] + x
		if overflows(sum, a.sums[g], x) {
			floatOverflow(g, fail)
			continue
		}
		a.sums[g] = sum
		a.seen.Set(int(g))
	}
}

// overflows reports whether the sum of x and y is infinite and neither is.
func overflows(sum, x, y float64) bool {
	return math.IsInf(sum, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0)
}

func floatOverflow(group uint32, fail Fail) {
	fail(group, datum.Errorf(datum.CodeOutOfRange, "value out of range: overflow"))
}

func (a *sumFloat) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		if a.seen.Get(int(g)) {
			to[0].AppendFloat(a.sums[g])
		} else {
			to[0].AppendNull()
		}
	}
}

func (a *sumFloat) Reset() { a.sums, a.seen = a.sums[:0], a.seen[:0] }

func (a *sumFloat) Memory() int { return 8*len(a.sums) + 8*len(a.seen) }
