package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// sumInt8 is sum(int8), a numeric as in PostgreSQL: sumNumeric with integers
// for input. 128 bits hold the sum of more of them than anyone will ever read.
type sumInt8 struct{ sumNumeric }

func newSumInt8() Accumulator { return &sumInt8{} }

func (a *sumInt8) Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail) {
	for _, r := range rows {
		if !arg.Valid.Get(int(r)) {
			continue
		}
		t, x := &a.totals[groups[r]], arg.Ints[r]
		if t.flags&^someInput == 0 && t.scale == 0 { // integers only, nearly always
			if sum, ok := t.coefficient.plus(widen(x)); ok {
				t.coefficient, t.flags = sum, someInput
				continue
			}
		}
		if !t.addFlat(widen(x), 0) {
			a.addWide(t, groups[r], datum.DecimalFromInt(x), fail)
		}
	}
}
