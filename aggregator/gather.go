package aggregator

import (
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// gather makes a vector that of some rows of another, of the same type. It looks
// at the type once, and at validity only where something is NULL.
func gather(to, from *column.Vector, rows []uint32) {
	to.Resize(len(rows))
	if full(from) {
		to.Valid.Fill(len(rows))
	} else {
		for i, r := range rows {
			if from.Valid.Get(int(r)) {
				to.Valid.Set(i)
			}
		}
	}
	switch from.Type.Physical() {
	case datum.PhysInt:
		pick(to.Ints, from.Ints, rows)
	case datum.PhysFloat:
		pick(to.Floats, from.Floats, rows)
	case datum.PhysInterval:
		pick(to.Spans, from.Spans, rows)
	default:
		for i, r := range rows {
			if !to.Valid.Get(i) {
				to.Slices[i] = column.Slice{}
				continue
			}
			at := from.Slices[r]
			to.Slices[i] = column.Slice{Off: uint32(len(to.Arena)), Len: at.Len}
			to.Arena = append(to.Arena, from.Arena[at.Off:at.Off+at.Len]...)
		}
	}
}

func pick[T any](to, from []T, rows []uint32) {
	to = to[:len(rows)]
	for i, r := range rows {
		to[i] = from[r]
	}
}

// full reports whether no row of a vector is NULL.
func full(v *column.Vector) bool {
	n := v.Len()
	for _, w := range v.Valid[:n>>6] {
		if w != math.MaxUint64 {
			return false
		}
	}
	rest := uint64(1)<<(n&63) - 1
	return rest == 0 || v.Valid[n>>6]&rest == rest
}
