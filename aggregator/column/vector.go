package column

import (
	"fmt"
	"slices"

	"github.com/millrace/millrace/aggregator/datum"
)

// Slice is a value's place in a vector's arena.
type Slice struct{ Off, Len uint32 }

// Vector is one column of values of one type, addressed by row.
//
// Just one of Ints, Floats, Slices and Spans is in use, by the type's physical
// layout; kernels read and write it directly. Its length is the vector's, as is
// the capacity of Valid. The value under a NULL is undefined.
type Vector struct {
	Type  datum.Type
	Valid Bitmap // set: not NULL

	Ints   []int64      // PhysInt
	Floats []float64    // PhysFloat
	Spans  []datum.Span // PhysInterval
	Slices []Slice      // PhysBytes: where in Arena
	Arena  []byte       // PhysBytes: text, encoded numerics; below 4 GiB

	n int
}

// New returns an empty vector of a type.
func New(t datum.Type) *Vector { return &Vector{Type: t} }

// Len returns the number of rows.
func (v *Vector) Len() int { return v.n }

// Reset empties the vector and keeps its memory.
func (v *Vector) Reset() { v.Resize(0) }

// ResetAs empties the vector and makes it one of type t.
func (v *Vector) ResetAs(t datum.Type) {
	v.Type = t
	v.Resize(0)
}

// Resize makes the vector n rows long with every row NULL and an empty arena,
// for kernels that write by row. It keeps the memory that it has.
func (v *Vector) Resize(n int) {
	v.n = n
	v.Valid = grown(v.Valid, Words(n))
	clear(v.Valid)
	v.Ints, v.Floats, v.Spans, v.Slices = v.Ints[:0], v.Floats[:0], v.Spans[:0], v.Slices[:0]
	v.Arena = v.Arena[:0]
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.Ints = grown(v.Ints, n)
	case datum.PhysFloat:
		v.Floats = grown(v.Floats, n)
	case datum.PhysBytes:
		v.Slices = grown(v.Slices, n)
	case datum.PhysInterval:
		v.Spans = grown(v.Spans, n)
	default:
		if n > 0 {
			panic(fmt.Sprintf("bug: vector of %v", v.Type))
		}
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		s = slices.Grow(s[:0], n)
	}
	return s[:n]
}

// HasNulls reports whether any row is NULL.
func (v *Vector) HasNulls() bool {
	for _, w := range v.Valid[:v.n/64] {
		if w != ^uint64(0) {
			return true
		}
	}
	rest := uint64(1)<<(v.n%64) - 1
	return rest != 0 && v.Valid[v.n/64]&rest != rest
}

// IsNull reports whether a row is NULL.
func (v *Vector) IsNull(row int) bool { return !v.Valid.Get(row) }

// Bytes returns a row's text or encoded numeric. It points into the arena and
// is good until the vector changes.
func (v *Vector) Bytes(row int) []byte {
	s := v.Slices[row]
	return v.Arena[s.Off : s.Off+s.Len : s.Off+s.Len]
}

// SetNull makes a row NULL.
func (v *Vector) SetNull(row int) { v.Valid.Clear(row) }

// SetInt gives a row a value.
func (v *Vector) SetInt(row int, x int64) { v.Ints[row] = x; v.Valid.Set(row) }

// SetBool gives a row a boolean.
func (v *Vector) SetBool(row int, x bool) {
	v.Ints[row] = 0
	if x {
		v.Ints[row] = 1
	}
	v.Valid.Set(row)
}

// SetFloat gives a row a value.
func (v *Vector) SetFloat(row int, x float64) { v.Floats[row] = x; v.Valid.Set(row) }

// SetSpan gives a row an interval.
func (v *Vector) SetSpan(row int, x datum.Span) { v.Spans[row] = x; v.Valid.Set(row) }

// SetBytes gives a row a copy of x. Overwriting a row leaves its former bytes in
// the arena until the next Reset.
func (v *Vector) SetBytes(row int, x []byte) {
	v.Slices[row] = Slice{uint32(len(v.Arena)), uint32(len(x))}
	v.Arena = append(v.Arena, x...)
	v.Valid.Set(row)
}

// SetString is SetBytes for a string.
func (v *Vector) SetString(row int, x string) {
	v.Slices[row] = Slice{uint32(len(v.Arena)), uint32(len(x))}
	v.Arena = append(v.Arena, x...)
	v.Valid.Set(row)
}

// push makes room for one more row, NULL so far, and returns its number.
func (v *Vector) push() int {
	row := v.n
	v.n++
	if Words(v.n) > len(v.Valid) {
		v.Valid = append(v.Valid, 0)
	}
	return row
}

// AppendNull adds a NULL row.
func (v *Vector) AppendNull() {
	v.push()
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.Ints = append(v.Ints, 0)
	case datum.PhysFloat:
		v.Floats = append(v.Floats, 0)
	case datum.PhysBytes:
		v.Slices = append(v.Slices, Slice{})
	case datum.PhysInterval:
		v.Spans = append(v.Spans, datum.Span{})
	default:
		panic(fmt.Sprintf("bug: vector of %v", v.Type))
	}
}

// AppendInt adds a row to a vector of physical ints.
func (v *Vector) AppendInt(x int64) {
	row := v.push()
	v.Valid.Set(row)
	v.Ints = append(v.Ints, x)
}

// AppendFloat adds a row to a vector of floats.
func (v *Vector) AppendFloat(x float64) {
	row := v.push()
	v.Valid.Set(row)
	v.Floats = append(v.Floats, x)
}

// AppendSpan adds a row to a vector of intervals.
func (v *Vector) AppendSpan(x datum.Span) {
	row := v.push()
	v.Valid.Set(row)
	v.Spans = append(v.Spans, x)
}

// AppendBytes adds a row with a copy of x.
func (v *Vector) AppendBytes(x []byte) {
	row := v.push()
	v.Valid.Set(row)
	v.Slices = append(v.Slices, Slice{uint32(len(v.Arena)), uint32(len(x))})
	v.Arena = append(v.Arena, x...)
}

// AppendFrom adds a copy of one row of a vector of the same type.
func (v *Vector) AppendFrom(src *Vector, row int) {
	if src.IsNull(row) {
		v.AppendNull()
		return
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.AppendInt(src.Ints[row])
	case datum.PhysFloat:
		v.AppendFloat(src.Floats[row])
	case datum.PhysBytes:
		v.AppendBytes(src.Bytes(row))
	default:
		v.AppendSpan(src.Spans[row])
	}
}

// SetFrom gives a row a copy of a row of a vector of the same type, NULL included.
func (v *Vector) SetFrom(row int, src *Vector, from int) {
	if src.IsNull(from) {
		v.SetNull(row)
		return
	}
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.SetInt(row, src.Ints[from])
	case datum.PhysFloat:
		v.SetFloat(row, src.Floats[from])
	case datum.PhysBytes:
		v.SetBytes(row, src.Bytes(from))
	default:
		v.SetSpan(row, src.Spans[from])
	}
}

// Memory returns the bytes that the vector holds, used or not.
func (v *Vector) Memory() int {
	return 8*cap(v.Valid) + 8*cap(v.Ints) + 8*cap(v.Floats) + 16*cap(v.Spans) + 8*cap(v.Slices) + cap(v.Arena)
}
