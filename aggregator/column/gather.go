package column

import (
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// Gather appends copies of the given rows of src to dst, a vector of the same
// type: AppendFrom for each, with the type looked at once.
func Gather[R int32 | uint32](dst, src *Vector, rows []R) {
	at := dst.n
	gatherValid(dst, src, rows)
	switch dst.Type.Physical() {
	case datum.PhysInt:
		dst.Ints = gather(dst.Ints, src.Ints, rows)
	case datum.PhysFloat:
		dst.Floats = gather(dst.Floats, src.Floats, rows)
	case datum.PhysInterval:
		dst.Spans = gather(dst.Spans, src.Spans, rows)
	default:
		gatherBytes(dst, src, rows, at)
	}
}

func gather[T any, R int32 | uint32](to, from []T, rows []R) []T {
	at := len(to)
	to = slices.Grow(to, len(rows))[:at+len(rows)]
	out := to[at:]
	for i, r := range rows {
		out[i] = from[r]
	}
	return to
}

// gatherBytes copies texts; at is the row of the first, whose validity is set.
func gatherBytes[R int32 | uint32](dst, src *Vector, rows []R, at int) {
	dst.Slices = slices.Grow(dst.Slices, len(rows))[:at+len(rows)]
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

// gatherValid makes room for the rows and says which are NULL.
func gatherValid[R int32 | uint32](dst, src *Vector, rows []R) {
	at := dst.n
	dst.n += len(rows)
	for len(dst.Valid) < Words(dst.n) {
		dst.Valid = append(dst.Valid, 0)
	}
	if !src.HasNulls() {
		dst.Valid.fill(at, dst.n)
		return
	}
	for i, r := range rows {
		if src.Valid.Get(int(r)) {
			dst.Valid.Set(at + i)
		}
	}
}

// fill puts the rows [from, to) into the set.
func (b Bitmap) fill(from, to int) {
	for from < to {
		n := min(64-from&63, to-from)
		b[from>>6] |= (1<<n - 1) << (from & 63)
		from += n
	}
}
