package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// sumNumeric is sum(numeric): a coefficient of 128 bits and a display scale for
// each group, which is the greatest of its inputs' as in PostgreSQL. A sum that
// does not fit goes to an arena as an encoded [datum.Decimal]. NaN, Infinity
// and -Infinity are remembered apart from the sum: NaN, or both infinities,
// make NaN.
type sumNumeric struct {
	totals []total
	spills []slot // places in arena of the totals that are spilled
	arena  arena
	text   []byte // to encode in
}

// total is one group's sum.
type total struct {
	coefficient int128 // where spilled, lo is the total's place in spills
	scale       int32
	flags       uint8
}

const (
	someInput uint8 = 1 << iota // an input was not NULL
	spilled
	nanInput
	plusInfinity
	minusInfinity
)

func newSumNumeric() Accumulator { return &sumNumeric{} }

func (a *sumNumeric) Grow(groups int) { a.totals = grown(a.totals, groups) }

func (a *sumNumeric) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	for _, r := range rows {
		if arg.Valid.Get(int(r)) {
			a.add(groups[r], datum.DecodeDecimal(arg.Bytes(int(r))), fail)
		}
	}
	a.arena.tidy(a.spills)
}

func (a *sumNumeric) Merge(groups []uint32, states []*column.Vector, fail Fail) {
	state := states[0]
	for i, g := range groups {
		if state.Valid.Get(i) {
			a.add(g, datum.DecodeDecimal(state.Bytes(i)), fail)
		}
	}
	a.arena.tidy(a.spills)
}

func (a *sumNumeric) add(group uint32, x datum.Decimal, fail Fail) {
	t := &a.totals[group]
	if small, scale, ok := x.Small(); ok {
		if t.addFlat(widen(small), int32(scale)) {
			return
		}
	} else if x.IsNaN() {
		t.flags |= someInput | nanInput
		return
	} else if x.IsInf() {
		if x.Sign() < 0 {
			t.flags |= someInput | minusInfinity
		} else {
			t.flags |= someInput | plusInfinity
		}
		return
	} else if neg, hi, lo, scale, ok := x.Parts(); ok {
		if c, ok := fromMagnitude(neg, hi, lo); ok && t.addFlat(c, int32(scale)) {
			return
		}
	}
	a.addWide(t, group, x, fail)
}

// addFlat adds a coefficient with its scale; it changes nothing and returns
// false where the total is or would be spilled.
func (t *total) addFlat(x int128, scale int32) bool {
	if t.flags&spilled != 0 {
		return false
	}
	c, ok := t.coefficient, true
	if scale > t.scale {
		c, ok = c.shifted(int(scale - t.scale))
	} else if scale < t.scale {
		x, ok = x.shifted(int(t.scale - scale))
	}
	if !ok {
		return false
	}
	if c, ok = c.plus(x); !ok {
		return false
	}
	t.coefficient, t.scale = c, max(t.scale, scale)
	t.flags |= someInput
	return true
}

// addWide adds through Decimal's own arithmetic and spills the sum if it must.
func (a *sumNumeric) addWide(t *total, group uint32, x datum.Decimal, fail Fail) {
	sum, err := a.finite(t).Add(x)
	if err != nil {
		fail(group, err)
		return
	}
	if t.flags&spilled == 0 {
		t.coefficient = int128{lo: uint64(len(a.spills))}
		t.flags |= spilled | someInput
		a.spills = append(a.spills, slot{})
	}
	a.text = datum.AppendDecimal(a.text[:0], sum)
	place := &a.spills[t.coefficient.lo]
	*place = a.arena.put(*place, a.text)
}

// finite returns the sum of a total's finite inputs.
func (a *sumNumeric) finite(t *total) datum.Decimal {
	if t.flags&spilled != 0 {
		return datum.DecodeDecimal(a.arena.get(a.spills[t.coefficient.lo]))
	}
	neg, hi, lo := t.coefficient.magnitude()
	return datum.DecimalFromParts(neg, hi, lo, int(t.scale))
}

// value returns a total that has had some input.
func (a *sumNumeric) value(t *total) datum.Decimal {
	switch t.flags & (nanInput | plusInfinity | minusInfinity) {
	case 0:
		return a.finite(t)
	case plusInfinity:
		return datum.DecimalInf(1)
	case minusInfinity:
		return datum.DecimalInf(-1)
	}
	return datum.DecimalNaN()
}

func (a *sumNumeric) Append(to []*column.Vector, groups []uint32) {
	for _, g := range groups {
		t := &a.totals[g]
		if t.flags == 0 {
			to[0].AppendNull()
			continue
		}
		a.text = datum.AppendDecimal(a.text[:0], a.value(t))
		to[0].AppendBytes(a.text)
	}
}

func (a *sumNumeric) Reset() {
	a.totals, a.spills = a.totals[:0], a.spills[:0]
	a.arena.reset()
}

func (a *sumNumeric) Memory() int {
	return 24*len(a.totals) + 16*len(a.spills) + len(a.arena.bytes)
}
