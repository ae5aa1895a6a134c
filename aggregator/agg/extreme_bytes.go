package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// extremeBytes is min and max over text (by bytes: COLLATE "C"), numeric and the
// other types that are kept as bytes, NULL until the first input that is not NULL. Among numerics that compare
// equal and look different (1.0 and 1.00) the first seen stays.
type extremeBytes struct {
	slots   []slot
	arena   arena
	seen    column.Bitmap // groups with an input that was not NULL
	compare func(a, b []byte) int
	sign    int // of compare(x, value) where x takes the value's place
}

func newTextExtreme(sign int) Accumulator {
	return &extremeBytes{compare: datum.CompareText, sign: sign}
}

func newNumericExtreme(sign int) Accumulator {
	return &extremeBytes{compare: datum.CompareDecimal, sign: sign}
}

// newBytesExtreme makes the accumulators of an ordered type.
func newBytesExtreme(t datum.Type) func(sign int) Accumulator {
	return func(sign int) Accumulator {
		return &extremeBytes{compare: datum.CompareBytes(t), sign: sign}
	}
}

func (a *extremeBytes) Grow(groups int) {
	a.slots = grown(a.slots, groups)
	a.seen = grownBits(a.seen, groups)
}

func (a *extremeBytes) Update(groups []uint32, arg *column.Vector, rows []int32, _ Fail) {
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.take(groups[r], arg.Bytes(int(r)))
		}
	}
	a.arena.tidy(a.slots)
}

func (a *extremeBytes) Merge(groups []uint32, states []*column.Vector, _ Fail) {
	state := states[0]
	for i, g := range groups {
		if state.Valid.Get(i) {
			a.take(g, state.Bytes(i))
		}
	}
	a.arena.tidy(a.slots)
}

func (a *extremeBytes) take(group uint32, x []byte) {
	s := a.slots[group]
	if a.seen.Get(int(group)) && a.compare(x, a.arena.get(s))*a.sign <= 0 {
		return
	}
	a.seen.Set(int(group))
	a.slots[group] = a.arena.put(s, x)
}

func (a *extremeBytes) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		if a.seen.Get(int(g)) {
			to[0].AppendBytes(a.arena.get(a.slots[g]))
		} else {
			to[0].AppendNull()
		}
	}
}

func (a *extremeBytes) Reset() {
	a.slots, a.seen = a.slots[:0], a.seen[:0]
	a.arena.reset()
}

func (a *extremeBytes) Memory() int {
	return 16*len(a.slots) + 8*len(a.seen) + len(a.arena.bytes)
}
