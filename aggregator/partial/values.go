package partial

import (
	"math"
	"math/bits"
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// ones counts the set bits.
func ones(bitmap []byte) int {
	n := 0
	for _, b := range bitmap {
		n += bits.OnesCount8(b)
	}
	return n
}

// setBits copies n bits into an empty validity; false where bits beyond them
// are set.
func setBits(valid column.Bitmap, bitmap []byte, n int) bool {
	for i, b := range bitmap {
		valid[i/8] |= uint64(b) << (i % 8 * 8)
	}
	return n%64 == 0 || valid[n/64]>>(n%64) == 0
}

// readValues fills the rows of a vector that are not NULL.
func readValues(r *reader, v *column.Vector, rows int) {
	switch v.Type.Physical() {
	case datum.PhysInt:
		readInts(r, v, rows)
	case datum.PhysFloat:
		readFloats(r, v, rows)
	case datum.PhysBytes:
		readBytes(r, v, rows)
	default:
		readSpans(r, v, rows)
	}
}

func readInts(r *reader, v *column.Vector, rows int) {
	least, greatest := intRange(v.Type)
	for row := range rows {
		if !v.Valid.Get(row) {
			continue
		}
		x := r.varint()
		if x < least || x > greatest {
			r.fail("integer out of its type's range")
			return
		}
		v.Ints[row] = x
	}
}

// intRange is the range of a type's int64s.
func intRange(t datum.Type) (least, greatest int64) {
	switch t {
	case datum.Bool:
		return 0, 1
	case datum.Int2:
		return math.MinInt16, math.MaxInt16
	case datum.Int4, datum.Date:
		return math.MinInt32, math.MaxInt32
	case datum.Time:
		return 0, 24 * 3600 * 1_000_000
	}
	return math.MinInt64, math.MaxInt64
}

func readFloats(r *reader, v *column.Vector, rows int) {
	for row := range rows {
		if v.Valid.Get(row) {
			v.Floats[row] = math.Float64frombits(r.uint64())
		}
	}
}

func readBytes(r *reader, v *column.Vector, rows int) {
	off := uint64(0)
	for row := range rows {
		if !v.Valid.Get(row) {
			continue
		}
		n := r.uint(math.MaxUint32)
		if off+n > uint64(len(r.rest)) {
			r.fail("lengths beyond the end")
			return
		}
		v.Slices[row] = column.Slice{Off: uint32(off), Len: uint32(n)}
		off += n
	}
	arena := r.take(int(off))
	v.Arena = append(slices.Grow(v.Arena[:0], len(arena)), arena...)
	if v.Type == datum.Text || r.what != "" {
		return
	}
	for row := range rows {
		if !v.Valid.Get(row) {
			continue
		}
		if !datum.ValidValue(v.Bytes(row), v.Type) {
			r.fail(v.Type.String())
			return
		}
	}
}

func readSpans(r *reader, v *column.Vector, rows int) {
	for row := range rows {
		if v.Valid.Get(row) {
			v.Spans[row] = datum.Span{Months: r.int32(), Days: r.int32(), Micros: r.varint()}
		}
	}
}

func readErrors(r *reader, b *Block) {
	n := r.count(6) // a group, four lengths and a position
	b.Errors = slices.Grow(b.Errors[:0], n)[:n]
	group := -1
	for i := range b.Errors {
		next := int(r.uint(math.MaxInt32))
		if i > 0 {
			next += group
		}
		if next <= group || next >= b.Groups {
			r.fail("number of a group in error")
			return
		}
		group = next
		b.Errors[i] = GroupError{Group: group, Err: &datum.Error{
			Code: r.string(), Message: r.string(), Detail: r.string(), Hint: r.string(),
			Position: int(r.uint(math.MaxInt32)),
		}}
	}
}
