package datum

import (
	"cmp"
	"encoding/binary"
)

// compareArrays is array_cmp: element by element, NULL above all, then the number
// of elements, of dimensions, the dimensions and their lower bounds.
func compareArrays(elem Type, a, b Array) int {
	left, right := a.Elements(), b.Elements()
	for {
		x, nullX, okX := left.Next()
		y, nullY, okY := right.Next()
		switch {
		case !okX || !okY:
			if c := cmp.Compare(a.Len(), b.Len()); c != 0 {
				return c
			}
			return compareShapes(a, b)
		case nullX && nullY:
			continue
		case nullX:
			return 1
		case nullY:
			return -1
		}
		if c := CompareValues(elem, x, y); c != 0 {
			return c
		}
	}
}

func compareShapes(a, b Array) int {
	if c := cmp.Compare(a.Dimensions(), b.Dimensions()); c != 0 {
		return c
	}
	for d := range a.Dimensions() {
		if c := cmp.Compare(a.Length(d), b.Length(d)); c != 0 {
			return c
		}
	}
	for d := range a.Dimensions() {
		if c := cmp.Compare(a.Lower(d), b.Lower(d)); c != 0 {
			return c
		}
	}
	return 0
}

// ValidArray reports whether bytes are an array of elem as it stands in vectors.
func ValidArray(b []byte, elem Type) bool {
	if len(b) == 0 || b[0] > MaxDimensions || len(b) < 1+8*int(b[0]) {
		return false
	}
	a := Array(b)
	n := 1
	for d := range a.Dimensions() {
		length := a.Length(d)
		if length < 1 || n > maxElements/length || a.Lower(d) > maxInt32-length {
			return false
		}
		n *= length
	}
	if a.Dimensions() == 0 {
		return len(b) == 1
	}
	rest := b[1+8*int(b[0]):]
	for ; n > 0; n-- {
		if len(rest) < 4 {
			return false
		}
		size := int32(binary.BigEndian.Uint32(rest))
		if rest = rest[4:]; size == -1 {
			continue
		}
		if size < 0 || int(size) > len(rest) || !ValidValue(rest[:size], elem) {
			return false
		}
		rest = rest[size:]
	}
	return len(rest) == 0
}

const (
	maxInt32    = 1<<31 - 1
	maxElements = 1<<30/8 - 1 // MaxArraySize
)

// ValidValue reports whether bytes are a value of a type, as far as reading it hangs
// on that: what others read back from a partial or from PostgreSQL was checked when
// it was made.
func ValidValue(b []byte, t Type) bool {
	if t.IsArray() {
		return ValidArray(b, t.Elem())
	}
	switch t {
	case Numeric:
		_, ok := DecodeDecimalChecked(b)
		return ok
	case UUID:
		return len(b) == UUIDSize
	case Inet, Cidr:
		return ValidIP(b, t)
	case JSONB:
		return CheckJSON(b) == nil
	}
	switch t.Physical() {
	case PhysInt, PhysFloat:
		return len(b) == 8
	case PhysInterval:
		return len(b) == 16
	}
	return true
}
