package column

import (
	"github.com/millrace/millrace/aggregator/datum"
)

// AppendValue adds a row with a value that stands by itself (see [datum.Input]).
func (v *Vector) AppendValue(value []byte) {
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.AppendInt(datum.ValueInt(value))
	case datum.PhysFloat:
		v.AppendFloat(datum.ValueFloat(value))
	case datum.PhysInterval:
		v.AppendSpan(datum.ValueSpan(value))
	default:
		v.AppendBytes(value)
	}
}

// SetValue gives a row a value that stands by itself.
func (v *Vector) SetValue(row int, value []byte) {
	switch v.Type.Physical() {
	case datum.PhysInt:
		v.SetInt(row, datum.ValueInt(value))
	case datum.PhysFloat:
		v.SetFloat(row, datum.ValueFloat(value))
	case datum.PhysInterval:
		v.SetSpan(row, datum.ValueSpan(value))
	default:
		v.SetBytes(row, value)
	}
}

// Value returns a row's value by itself: in dst's memory, or in the arena.
func (v *Vector) Value(dst []byte, row int) []byte {
	switch v.Type.Physical() {
	case datum.PhysInt:
		return datum.IntValue(dst[:0], v.Ints[row])
	case datum.PhysFloat:
		return datum.FloatValue(dst[:0], v.Floats[row])
	case datum.PhysInterval:
		return datum.SpanValue(dst[:0], v.Spans[row])
	default:
		return v.Bytes(row)
	}
}

// AppendWire adds a row with what PostgreSQL sent of a value in binary form (of
// enums and other types, in text form); ok is false for bytes that are no value of
// the vector's type, and then there is no further row.
func (v *Vector) AppendWire(wire []byte) (ok bool) {
	if v.Type.Physical() == datum.PhysBytes {
		start := len(v.Arena)
		if v.Arena, ok = datum.AppendFromWire(v.Arena, v.Type, wire); !ok {
			v.Arena = v.Arena[:start]
			return false
		}
		row := v.push()
		v.Valid.Set(row)
		v.Slices = append(v.Slices, Slice{uint32(start), uint32(len(v.Arena) - start)})
		return true
	}
	var scratch [16]byte
	value, ok := datum.AppendFromWire(scratch[:0], v.Type, wire)
	if ok {
		v.AppendValue(value)
	}
	return ok
}
