package column

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// Gather appends copies of the given rows of src to dst, a vector of the same
// type: AppendFrom for each, with the type looked at once.
func Gather[R int32 | uint32](dst, src *Vector, rows []R) {
	at := dst.Extend(len(rows))
	if !src.HasNulls() {
		dst.Valid.fill(at, dst.n)
	} else {
		for i, r := range rows {
			if src.Valid.Get(int(r)) {
				dst.Valid.Set(at + i)
			}
		}
	}
	switch dst.Type.Physical() {
	case datum.PhysInt:
		gather(dst.Ints[at:], src.Ints, rows)
	case datum.PhysFloat:
		gather(dst.Floats[at:], src.Floats, rows)
	case datum.PhysInterval:
		gather(dst.Spans[at:], src.Spans, rows)
	default:
		gatherBytes(dst, src, rows, at)
	}
}

// Extend adds n rows, NULL so far, for kernels that write by row, and returns the
// first of them.
func (v *Vector) Extend(n int) (first int) {
	first = v.n
	v.n += n
	for len(v.Valid) < Words(v.n) {
		v.Valid = append(v.Valid, 0)
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.Ints = slices.Grow(v.Ints, n)[:v.n]
	case datum.PhysFloat:
		v.Floats = slices.Grow(v.Floats, n)[:v.n]
	case datum.PhysInterval:
		v.Spans = slices.Grow(v.Spans, n)[:v.n]
	default:
		v.Slices = slices.Grow(v.Slices, n)[:v.n]
	}
	return first
}

func gather[T any, R int32 | uint32](to, from []T, rows []R) {
	to = to[:len(rows)]
	for i, r := range rows {
		to[i] = from[r]
	}
}

// gatherBytes copies texts to the rows from at on, whose validity is set.
func gatherBytes[R int32 | uint32](dst, src *Vector, rows []R, at int) {
	places, arena := dst.Slices[at:], dst.Arena
	for i, r := range rows {
		if !dst.Valid.Get(at + i) {
			places[i] = Slice{}
			continue
		}
		s := src.Slices[r]
		places[i] = Slice{uint32(len(arena)), s.Len}
		arena = append(arena, src.Arena[s.Off:s.Off+s.Len]...)
	}
	dst.Arena = arena
}

// fill puts the rows [from, to) into the set.
func (b Bitmap) fill(from, to int) {
	for from < to {
		n := min(64-from&63, to-from)
		b[from>>6] |= (1<<n - 1) << (from & 63)
		from += n
	}
}
