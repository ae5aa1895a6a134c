package agg

import "github.com/millrace/millrace/aggregator/column"

// count is count(*) and, where it gets an argument, count(x): the rows in which
// x is not NULL.
type count struct{ counts []int64 }

func newCount() Accumulator { return &count{} }

func (a *count) Grow(groups int) { a.counts = grown(a.counts, groups) }

func (a *count) Update(groups []uint32, arg *column.Vector, rows []int32, _ Fail) {
	if arg == nil {
		for _, r := range rows {
			a.counts[groups[r]]++
		}
		return
	}
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.counts[groups[r]]++
		}
	}
}

// Merge cannot overflow: each count is that of records which were read.
func (a *count) Merge(groups []uint32, states []*column.Vector, _ Fail) {
	counts := states[0]
	for i, g := range groups {
		if counts.Valid.Get(i) {
			a.counts[g] += counts.Ints[i]
		}
	}
}

func (a *count) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		to[0].AppendInt(a.counts[g])
	}
}

func (a *count) Reset() { a.counts = a.counts[:0] }

func (a *count) Memory() int { return 8 * len(a.counts) }
