package agg

import (
	"unsafe"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// extreme is min and max over floats and intervals, NULL until the first input
// that is not NULL. Among inputs that compare equal and look different (−0 and
// 0, 30 days and 1 mon) the first seen stays.
type extreme[T any] struct {
	values  []T
	seen    column.Bitmap // groups with an input that was not NULL
	compare func(a, b T) int
	sign    int // of compare(x, value) where x takes the value's place
	of      func(v *column.Vector) []T
	push    func(v *column.Vector, x T)
}

// The signs of min and max.
const (
	least    = -1
	greatest = 1
)

func newFloatExtreme(sign int) Accumulator {
	return &extreme[float64]{
		compare: datum.CompareFloat, sign: sign,
		of: func(v *column.Vector) []float64 { return v.Floats }, push: (*column.Vector).AppendFloat,
	}
}

func newSpanExtreme(sign int) Accumulator {
	return &extreme[datum.Span]{
		compare: datum.Span.Cmp, sign: sign,
		of: func(v *column.Vector) []datum.Span { return v.Spans }, push: (*column.Vector).AppendSpan,
	}
}

func (a *extreme[T]) Grow(groups int) {
	a.values = grown(a.values, groups)
	a.seen = grownBits(a.seen, groups)
}

func (a *extreme[T]) Update(groups []uint32, arg *column.Vector, rows []int32, _ Fail) {
	values := a.of(arg)
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.take(groups[r], values[r])
		}
	}
}

func (a *extreme[T]) Merge(groups []uint32, states []*column.Vector, _ Fail) {
	state, values := states[0], a.of(states[0])
	for i, g := range groups {
		if state.Valid.Get(i) {
			a.take(g, values[i])
		}
	}
}

func (a *extreme[T]) take(group uint32, x T) {
	if !a.seen.Get(int(group)) {
		a.seen.Set(int(group))
		a.values[group] = x
	} else if a.compare(x, a.values[group])*a.sign > 0 {
		a.values[group] = x
	}
}

func (a *extreme[T]) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		if a.seen.Get(int(g)) {
			a.push(to[0], a.values[g])
		} else {
			to[0].AppendNull()
		}
	}
}

func (a *extreme[T]) Reset() { a.values, a.seen = a.values[:0], a.seen[:0] }

func (a *extreme[T]) Memory() int {
	var x T
	return int(unsafe.Sizeof(x))*len(a.values) + 8*len(a.seen)
}
