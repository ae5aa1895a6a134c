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
		t := &a.totals[groups[r]]
		if !t.addFlat(widen(arg.Ints[r]), 0) {
			a.addWide(t, groups[r], datum.DecimalFromInt(arg.Ints[r]), fail)
		}
	}
}
