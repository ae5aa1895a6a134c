package datum

import (
	"encoding/binary"
	"math"
	"math/big"
)

// A canonical key is the concatenation of a group's values, each written by an
// AppendKey function. Two keys of the same types are the same bytes if and only
// if PostgreSQL's = holds for each pair of values, NULL counting as a value. The
// hash of a key selects its slot and names its row, so this is a persisted
// format, version 1: it never changes for a type; a new version would be a new
// set of functions.
//
//	NULL      00
//	int       01 | int64 big-endian              bool, int2/4/8, date, timestamp[tz]
//	float     01 | IEEE 754 bits big-endian      -0 is 0; every NaN is 7FF8000000000001
//	decimal   01 | the encoding of AppendDecimal without trailing zeros after the point,
//	             form 0 as it is (10 bytes); forms 1 and 2 with a uvarint of the
//	             magnitude's length between head and magnitude; form 3 as it is
//	interval  01 | int128 big-endian             microseconds, months of 30 days, days of 24 h
//	text      01 | uvarint length | bytes        also bytea, labels of enums, and
//	                                             character without its padding
//	uuid      01 | 16 bytes
//	inet      01 | 4 or 6 | bits | address       also cidr
//	jsonb     01 | uvarint length | its text, numbers without trailing zeros behind the point
//	array     01 | as [Array] up to the elements | for each element its key, or NULL
const (
	keyNull  = 0x00
	keyValue = 0x01
)

// AppendKeyNull appends NULL.
func AppendKeyNull(dst []byte) []byte { return append(dst, keyNull) }

// AppendKeyInt appends a value of a type with the physical layout PhysInt.
func AppendKeyInt(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, keyValue), uint64(v))
}

// AppendKeyFloat appends a float4 or float8.
func AppendKeyFloat(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, keyValue), KeyBits(f))
}

// KeyBits returns the bits of a float in a canonical key.
func KeyBits(f float64) uint64 {
	switch {
	case f != f:
		return 0x7FF8000000000001
	case f == 0:
		return 0
	}
	return math.Float64bits(f)
}

// AppendKeyDecimal appends a numeric, given as [AppendDecimal] encodes it.
func AppendKeyDecimal(dst []byte, encoded []byte) []byte {
	dst = append(dst, keyValue)
	d := DecodeDecimal(encoded).stripped()
	if d.big == nil {
		return AppendDecimal(dst, d)
	}
	head := encodedPositive | d.scale
	if d.big.Sign() < 0 {
		head = encodedNegative | d.scale
	}
	dst = binary.BigEndian.AppendUint16(dst, head)
	dst = binary.AppendUvarint(dst, uint64((d.big.BitLen()+7)/8))
	return appendMagnitude(dst, d.big)
}

// stripped returns d without trailing zeros after the point.
func (d Decimal) stripped() Decimal {
	if d.form != finite {
		return d
	}
	if d.big != nil && d.scale > 0 {
		c, r, ten := new(big.Int).Set(d.big), new(big.Int), big.NewInt(10)
		for q := new(big.Int); d.scale > 0; d.scale-- {
			if q.QuoRem(c, ten, r); r.Sign() != 0 {
				break
			}
			c.Set(q)
		}
		d = fromBig(c, int(d.scale))
	}
	if d.big == nil && d.small == 0 {
		return Decimal{}
	}
	for d.big == nil && d.scale > 0 && d.small%10 == 0 {
		d.small /= 10
		d.scale--
	}
	return d
}

// AppendKeySpan appends an interval.
func AppendKeySpan(dst []byte, s Span) []byte {
	hi, lo := s.CanonicalMicros()
	dst = binary.BigEndian.AppendUint64(append(dst, keyValue), uint64(hi))
	return binary.BigEndian.AppendUint64(dst, lo)
}

// AppendKeyText appends a text.
func AppendKeyText(dst []byte, s []byte) []byte {
	dst = binary.AppendUvarint(append(dst, keyValue), uint64(len(s)))
	return append(dst, s...)
}

// AppendKeyBytes appends a value of a type that has a key and the layout PhysBytes.
func AppendKeyBytes(dst []byte, t Type, v []byte) []byte {
	switch t {
	case Text, Bytea, Enum:
		return AppendKeyText(dst, v)
	case Numeric:
		return AppendKeyDecimal(dst, v)
	case Bpchar:
		return AppendKeyText(dst, TrimBpchar(v))
	case UUID, Inet, Cidr:
		return append(append(dst, keyValue), v...)
	case JSONB:
		return appendKeyJSONB(dst, v)
	}
	if t.IsArray() {
		return appendKeyArray(dst, t.Elem(), v)
	}
	panic("bug: key of type " + t.String())
}

// AppendKeyValue appends a value of any type that has a key.
func AppendKeyValue(dst []byte, t Type, v []byte) []byte {
	switch t.Physical() {
	case PhysInt:
		return append(append(dst, keyValue), v...)
	case PhysFloat:
		return AppendKeyFloat(dst, ValueFloat(v))
	case PhysInterval:
		return AppendKeySpan(dst, ValueSpan(v))
	}
	return AppendKeyBytes(dst, t, v)
}

// appendKeyJSONB writes the text first, as its length is known behind it.
func appendKeyJSONB(dst, v []byte) []byte {
	dst = append(dst, keyValue)
	start := len(dst)
	dst = appendCanonicalJSONB(dst, v)
	var head [binary.MaxVarintLen64]byte
	size := len(dst) - start
	n := binary.PutUvarint(head[:], uint64(size))
	dst = append(dst, head[:n]...)
	copy(dst[start+n:], dst[start:start+size])
	copy(dst[start:], head[:n])
	return dst
}

func appendKeyArray(dst []byte, elem Type, a Array) []byte {
	dst = append(append(dst, keyValue), a[:1+8*a.Dimensions()]...)
	elements := a.Elements()
	for {
		element, null, ok := elements.Next()
		switch {
		case !ok:
			return dst
		case null:
			dst = AppendKeyNull(dst)
		default:
			dst = AppendKeyValue(dst, elem, element)
		}
	}
}
