package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// sumInterval is sum(interval): months, days and microseconds added apart, as
// PostgreSQL's interval + interval. A field beyond its range is an error of
// its group.
type sumInterval struct {
	sums []datum.Span
	seen column.Bitmap // groups with an input that was not NULL
}

func newSumInterval() Accumulator { return &sumInterval{} }

func (a *sumInterval) Grow(groups int) {
	a.sums = grown(a.sums, groups)
	a.seen = grownBits(a.seen, groups)
}

func (a *sumInterval) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.add(groups[r], arg.Spans[r], fail)
		}
	}
}

func (a *sumInterval) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	sums := states[0]
	for i, g := range groups {
		if sums.Valid.Get(i) {
			a.add(g, sums.Spans[i], fail)
		}
	}
}

func (a *sumInterval) add(group uint32, x datum.Span, fail Fail) {
	if !a.seen.Get(int(group)) {
		a.sums[group] = x
		a.seen.Set(int(group))
		return
	}
	sum, err := a.sums[group].Add(x)
	if err != nil {
		fail(group, err)
		return
	}
	a.sums[group] = sum
}

func (a *sumInterval) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		if a.seen.Get(int(g)) {
			to[0].AppendSpan(a.sums[g])
		} else {
			to[0].AppendNull()
		}
	}
}

func (a *sumInterval) Reset() { a.sums, a.seen = a.sums[:0], a.seen[:0] }

func (a *sumInterval) Memory() int { return 16*len(a.sums) + 8*len(a.seen) }
