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
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.add(groups[r], arg.Ints[r], fail)
		}
	}
}

func (a *sumInt) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	sums := states[0]
	for i, g := range groups {
		if sums.Valid.Get(i) {
			a.add(g, sums.Ints[i], fail)
		}
	}
}

func (a *sumInt) add(group uint32, x int64, fail Fail) {
	old := a.sums[group]
	sum := old + x
	if (old^sum)&(x^sum) < 0 {
		fail(group, datum.Errorf(datum.CodeOutOfRange, "bigint out of range"))
		return
	}
	a.sums[group] = sum
	a.seen.Set(int(group))
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
