package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// sumInt is sum(int2) and sum(int4), a bigint as in PostgreSQL. A sum beyond
// bigint is an error of its group.
type sumInt struct {
	sums []int64
	seen column.Bitmap // groups with an input that was not NULL
}

func newSumInt() Accumulator { return &sumInt{} }

func (a *sumInt) Grow(groups int) {
	a.sums = grown(a.sums, groups)
	a.seen = grownBits(a.seen, groups)
}

func (a *sumInt) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	sums, seen, values := a.sums, a.seen, arg.Ints
	for _, r := range rows {
		if !arg.Valid.Get(int(r)) {
			continue
		}
		g := groups[r]
		sum, ok := plusInt(sums[g], values[r])
		if !ok {
			bigintOutOfRange(g, fail)
			continue
		}
		sums[g] = sum
		seen.Set(int(g))
	}
}

func (a *sumInt) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	for i, g := range groups {
		if !states[0].Valid.Get(i) {
			continue
		}
		sum, ok := plusInt(a.sums[g], states[0].Ints[i])
		if !ok {
			bigintOutOfRange(g, fail)
			continue
		}
		a.sums[g] = sum
		a.seen.Set(int(g))
	}
}

// plusInt returns x + y; ok is false where it overflows.
func plusInt(x, y int64) (sum int64, ok bool) {
	sum = x + y
	return sum, (x^sum)&(y^sum) >= 0
}

func bigintOutOfRange(group uint32, fail Fail) {
	fail(group, datum.Errorf(datum.CodeOutOfRange, "bigint out of range"))
}

func (a *sumInt) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		if a.seen.Get(int(g)) {
			to[0].AppendInt(a.sums[g])
		} else {
			to[0].AppendNull()
		}
	}
}

func (a *sumInt) Reset() { a.sums, a.seen = a.sums[:0], a.seen[:0] }

func (a *sumInt) Memory() int { return 8*len(a.sums) + 8*len(a.seen) }
