package datum

import (
	"encoding/binary"
	"math"
)

// The families of addresses on PostgreSQL's wire: AF_INET of most systems, and one more.
const (
	wireIPv4 = 2
	wireIPv6 = 3
)

// jsonbVersion stands before a jsonb on the wire.
const jsonbVersion = 1

// AppendWire appends a value as its type's receive function reads it. An array's
// elements have an OID of every database's: it is not for arrays of enums and of
// other types.
func AppendWire(dst []byte, t Type, v []byte) []byte {
	if t.IsArray() {
		return appendArrayWire(dst, t.Elem(), v)
	}
	switch t {
	case Bool:
		return append(dst, v[7])
	case Int2:
		return append(dst, v[6:]...)
	case Int4, Date:
		return append(dst, v[4:]...)
	case Float4:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(ValueFloat(v))))
	case Numeric:
		return AppendDecimalWire(dst, DecodeDecimal(v))
	case JSONB:
		dst = append(dst, jsonbVersion)
	case Inet, Cidr:
		return AppendIPWire(dst, v, t)
	}
	return append(dst, v...)
}

// AppendIPWire appends an inet or a cidr as inet_recv reads it.
func AppendIPWire(dst, ip []byte, t Type) []byte {
	family := byte(wireIPv4)
	if ip[0] == 6 {
		family = wireIPv6
	}
	cidr := byte(0)
	if t == Cidr {
		cidr = 1
	}
	return append(append(dst, family, ip[1], cidr, byte(len(ip)-ipHead)), ip[ipHead:]...)
}

func appendArrayWire(dst []byte, elem Type, a Array) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.Dimensions()))
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, elem.OID())
	dst = append(dst, a[1:1+8*a.Dimensions()]...)
	elements := a.Elements()
	for {
		element, null, ok := elements.Next()
		if !ok {
			return dst
		}
		at := len(dst)
		dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
		if null {
			dst[start+7] = 1
			continue
		}
		dst = AppendWire(dst, elem, element)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
}

// AppendFromWire appends the value that a type's send function wrote; of enums and
// other types the text. ok is false for bytes that are not one.
func AppendFromWire(dst []byte, t Type, w []byte) (_ []byte, ok bool) {
	if t.IsArray() {
		return appendArrayFromWire(dst, t.Elem(), w)
	}
	switch t {
	case Bool, Int2, Int4, Int8, Date, Timestamp, TimestampTZ, Time:
		x, ok := wireInt(t, w)
		return IntValue(dst, x), ok
	case Float4:
		if len(w) != 4 {
			return dst, false
		}
		return FloatValue(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(w)))), true
	case Float8:
		return append(dst, w...), len(w) == 8
	case Interval:
		return append(dst, w...), len(w) == 16
	case UUID:
		return append(dst, w...), len(w) == UUIDSize
	case Numeric:
		d, ok := DecimalFromWire(w)
		if !ok {
			return dst, false
		}
		return AppendDecimal(dst, d), true
	case JSONB:
		if len(w) < 2 || w[0] != jsonbVersion {
			return dst, false
		}
		return append(dst, w[1:]...), true
	case Inet, Cidr:
		return appendIPFromWire(dst, t, w)
	}
	return append(dst, w...), true
}

func wireInt(t Type, w []byte) (x int64, ok bool) {
	switch {
	case t == Bool && len(w) == 1:
		return int64(w[0]), w[0] <= 1
	case t == Int2 && len(w) == 2:
		return int64(int16(binary.BigEndian.Uint16(w))), true
	case (t == Int4 || t == Date) && len(w) == 4:
		return int64(int32(binary.BigEndian.Uint32(w))), true
	case len(w) == 8 && (t == Int8 || t == Timestamp || t == TimestampTZ):
		return int64(binary.BigEndian.Uint64(w)), true
	case len(w) == 8 && t == Time:
		x = int64(binary.BigEndian.Uint64(w))
		return x, ValidTime(x)
	}
	return 0, false
}

func appendIPFromWire(dst []byte, t Type, w []byte) (_ []byte, ok bool) {
	if len(w) < 4 || int(w[3]) != len(w)-4 {
		return dst, false
	}
	family := byte(4)
	if w[0] == wireIPv6 {
		family = 6
	}
	start := len(dst)
	dst = append(append(dst, family, w[1]), w[4:]...)
	return dst, (w[0] == wireIPv4 || w[0] == wireIPv6) && ValidIP(dst[start:], t)
}

func appendArrayFromWire(dst []byte, elem Type, w []byte) (_ []byte, ok bool) {
	if len(w) < 12 {
		return dst, false
	}
	dims := binary.BigEndian.Uint32(w)
	if dims > MaxDimensions || len(w) < 12+8*int(dims) {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, byte(dims))
	dst = append(dst, w[12:12+8*dims]...)
	empty := dims == 0
	for d := range int(dims) {
		empty = empty || Array(dst[start:]).Length(d) == 0
	}
	if empty {
		return append(dst[:start], 0), true
	}
	for w = w[12+8*dims:]; len(w) > 0; {
		if len(w) < 4 {
			return dst, false
		}
		n := int32(binary.BigEndian.Uint32(w))
		at := len(dst)
		dst = binary.BigEndian.AppendUint32(dst, math.MaxUint32)
		if w = w[4:]; n == -1 {
			continue
		}
		if n < 0 || int(n) > len(w) {
			return dst, false
		}
		if dst, ok = AppendFromWire(dst, elem, w[:n]); !ok {
			return dst, false
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		w = w[n:]
	}
	return dst, ValidArray(dst[start:], elem)
}
