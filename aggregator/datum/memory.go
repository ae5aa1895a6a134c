package datum

import (
	"encoding/binary"
	"math"
)

// AppendFromMemory appends the value that PostgreSQL holds in memory on a
// little-endian machine, as a Const's value stands in a pg_node_tree: a machine word,
// bytes of a fixed length, or a varlena with its header. ok is false for other
// bytes, compressed ones among them, and for enums and other types.
func AppendFromMemory(dst []byte, t Type, b []byte) (_ []byte, ok bool) {
	switch t {
	case Bool, Int2, Int4, Int8, Date, Timestamp, TimestampTZ, Time, Float4, Float8:
		if len(b) < 8 {
			return dst, false
		}
		return appendFixed(dst, t, b), true
	case Interval, UUID:
		if len(b) != 16 {
			return dst, false
		}
		return appendFixed(dst, t, b), true
	case Enum, Other, Invalid:
		return dst, false
	}
	if len(b) < 4 || b[0]&3 != 0 || int(binary.LittleEndian.Uint32(b)>>2) != len(b) {
		return dst, false
	}
	if t.IsArray() {
		return appendArrayMemory(dst, t.Elem(), b)
	}
	return appendVarlena(dst, t, b)
}

// appendFixed appends a value of a fixed length, of which b has the bytes or more.
func appendFixed(dst []byte, t Type, b []byte) []byte {
	order := binary.LittleEndian
	switch t {
	case Bool:
		return IntValue(dst, int64(b[0]&1))
	case Int2:
		return IntValue(dst, int64(int16(order.Uint16(b))))
	case Int4, Date:
		return IntValue(dst, int64(int32(order.Uint32(b))))
	case Float4:
		return FloatValue(dst, float64(math.Float32frombits(order.Uint32(b))))
	case Interval:
		return SpanValue(dst, Span{
			Micros: int64(order.Uint64(b)), Days: int32(order.Uint32(b[8:])), Months: int32(order.Uint32(b[12:])),
		})
	case UUID:
		return append(dst, b[:UUIDSize]...)
	}
	return IntValue(dst, int64(order.Uint64(b)))
}

// appendVarlena appends a value with four bytes of header.
func appendVarlena(dst []byte, t Type, b []byte) (_ []byte, ok bool) {
	data := b[4:]
	switch t {
	case Numeric:
		d, ok := DecimalFromDatum(b)
		if !ok {
			return dst, false
		}
		return AppendDecimal(dst, d), true
	case Inet, Cidr:
		start := len(dst)
		if len(data) < ipHead {
			return dst, false
		}
		family := byte(4)
		if data[0] == wireIPv6 {
			family = 6
		}
		dst = append(append(dst, family), data[1:]...)
		return dst, ValidIP(dst[start:], t)
	case JSONB:
		return appendJSONBMemory(dst, data, 0)
	}
	return append(dst, data...), true
}

// fixedSize returns how many bytes a value takes in an array, and its alignment; 0
// where it is a varlena.
func fixedSize(t Type) (size, align int) {
	switch t {
	case Bool:
		return 1, 1
	case Int2:
		return 2, 2
	case Int4, Date, Float4:
		return 4, 4
	case Int8, Timestamp, TimestampTZ, Time, Float8:
		return 8, 8
	case Interval:
		return 16, 8
	case UUID:
		return 16, 1
	}
	return 0, 4
}

// appendArrayMemory reads an ArrayType (array.h): header, dimensions, offset of the
// elements where a bitmap of those that are not NULL comes before them, element
// type, lengths, lower bounds.
func appendArrayMemory(dst []byte, elem Type, b []byte) (_ []byte, ok bool) {
	order := binary.LittleEndian
	if len(b) < 16 {
		return dst, false
	}
	dims, at := int(order.Uint32(b[4:])), int(order.Uint32(b[8:]))
	if dims > MaxDimensions || len(b) < 16+8*dims {
		return dst, false
	}
	if dims == 0 {
		return append(dst, 0), true
	}
	var lengths, lowers [MaxDimensions]int32
	n := 1
	for d := range dims {
		lengths[d], lowers[d] = int32(order.Uint32(b[16+4*d:])), int32(order.Uint32(b[16+4*(dims+d):]))
		if lengths[d] < 1 || n > maxElements/int(lengths[d]) || lowers[d] > math.MaxInt32-lengths[d] {
			return dst, false
		}
		n *= int(lengths[d])
	}
	var valid []byte
	if at != 0 {
		if valid = b[16+8*dims:]; len(valid) < (n+7)/8 {
			return dst, false
		}
	} else {
		at = (16 + 8*dims + 7) &^ 7
	}
	start := len(dst)
	var to ArrayBuilder
	to.Begin(dst, lengths[:dims], lowers[:dims])
	for i := range n {
		length := len(to.Bytes)
		to.Null()
		if valid != nil && valid[i/8]>>(i%8)&1 == 0 {
			continue
		}
		if to.Bytes, at, ok = appendElementMemory(to.Bytes, elem, b, at); !ok {
			return dst[:start], false
		}
		to.setLength(length)
	}
	return to.Bytes, true
}

// appendElementMemory reads an array's element at b[at], or behind its padding.
func appendElementMemory(dst []byte, elem Type, b []byte, at int) (_ []byte, next int, ok bool) {
	size, align := fixedSize(elem)
	at = (at + align - 1) &^ (align - 1)
	if size == 0 && at+4 <= len(b) {
		head := binary.LittleEndian.Uint32(b[at:])
		if size = int(head >> 2); head&3 != 0 || size < 4 {
			return dst, 0, false
		}
	}
	if size == 0 || at+size > len(b) {
		return dst, 0, false
	}
	value := b[at : at+size]
	if align == 4 && elem.Physical() == PhysBytes {
		dst, ok = appendVarlena(dst, elem, value)
		return dst, at + size, ok
	}
	return appendFixed(dst, elem, value), at + size, true
}
