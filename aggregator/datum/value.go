package datum

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// A value of any type can stand by itself as bytes: what vectors keep of types with
// the layout PhysBytes, and of the others
//
//	PhysInt       int64, big-endian
//	PhysFloat     IEEE 754 bits of a float64, big-endian
//	PhysInterval  int64 microseconds | int32 days | int32 months, big-endian
//
// The elements of arrays are such values, and all that is done alike for every type.

// IntValue appends an integer as a value.
func IntValue(dst []byte, x int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(x)) }

// FloatValue appends a float as a value; a NaN is PostgreSQL's.
func FloatValue(dst []byte, x float64) []byte {
	if x != x {
		return binary.BigEndian.AppendUint64(dst, 0x7FF8000000000000)
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(x))
}

// SpanValue appends an interval as a value.
func SpanValue(dst []byte, s Span) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(s.Months))
}

// ValueInt reads what IntValue wrote.
func ValueInt(v []byte) int64 { return int64(binary.BigEndian.Uint64(v)) }

// ValueFloat reads what FloatValue wrote.
func ValueFloat(v []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(v)) }

// ValueSpan reads what SpanValue wrote.
func ValueSpan(v []byte) Span {
	return Span{
		Micros: int64(binary.BigEndian.Uint64(v)),
		Days:   int32(binary.BigEndian.Uint32(v[8:])), Months: int32(binary.BigEndian.Uint32(v[12:])),
	}
}

// Input reads texts of one type as its input function does. Its memory is used
// again. The zero Zone is UTC.
type Input struct {
	Type   Type
	Typmod int32 // -1 for none; an array's is that of its elements
	Zone   *time.Location
	// Enum is an enum's name, for messages, and Labels its labels; nil lets any pass.
	Enum   string
	Labels []string

	jsonb JSONBParser
	array arrayParser
}

// Append appends the value that a text means.
func (in *Input) Append(dst, text []byte) ([]byte, *Error) {
	if in.Type.IsArray() {
		return in.appendArray(dst, text)
	}
	return in.AppendElement(dst, text)
}

// AppendElement appends the value that a text means to the type, or to an array's
// element.
func (in *Input) AppendElement(dst, text []byte) ([]byte, *Error) {
	var err *Error
	t := in.Type &^ arrayBit
	switch t {
	case Text:
		text, err = FitVarchar(text, in.Typmod)
	case Bpchar:
		return AppendBpchar(dst, text, in.Typmod)
	case Bytea:
		return AppendBytea(dst, text)
	case UUID:
		return AppendUUID(dst, text)
	case Inet, Cidr:
		return AppendIP(dst, text, t)
	case JSON:
		err = CheckJSON(text)
	case JSONB:
		return in.jsonb.Append(dst, text)
	case Enum:
		err = in.checkLabel(text)
	case Other:
	case Numeric:
		return in.appendNumeric(dst, text)
	default:
		return in.appendNumber(dst, text, t)
	}
	if err != nil {
		return dst, err
	}
	return append(dst, text...), nil
}

// checkLabel is enum_in.
func (in *Input) checkLabel(text []byte) *Error {
	for _, label := range in.Labels {
		if label == string(text) {
			return nil
		}
	}
	if in.Labels == nil {
		return nil
	}
	return Errorf(CodeInvalidText, "invalid input value for enum %s: \"%s\"", in.Enum, text)
}

func (in *Input) appendNumeric(dst, text []byte) ([]byte, *Error) {
	d, err := ParseDecimal(text)
	if err == nil {
		d, err = FitNumeric(d, in.Typmod)
	}
	if err != nil {
		return dst, err
	}
	return AppendDecimal(dst, d), nil
}

// appendNumber is for the types that are not kept as bytes.
func (in *Input) appendNumber(dst, text []byte, t Type) ([]byte, *Error) {
	zone := in.Zone
	if zone == nil {
		zone = time.UTC
	}
	var x int64
	var err *Error
	switch t {
	case Bool:
		var truth bool
		if truth, err = ParseBool(text); truth {
			x = 1
		}
	case Int2, Int4, Int8:
		x, err = ParseInt(text, t)
	case Date:
		x, err = ParseDate(text)
	case Timestamp:
		x, err = ParseTimestamp(text)
		x = FitTimestamp(x, in.Typmod)
	case TimestampTZ:
		x, err = ParseTimestampTZ(text, zone)
		x = FitTimestamp(x, in.Typmod)
	case Time:
		x, err = ParseTime(text)
		x = FitMicros(x, in.Typmod)
	case Float4, Float8:
		f, err := ParseFloat(text, t)
		if err != nil {
			return dst, err
		}
		return FloatValue(dst, f), nil
	case Interval:
		span, err := ParseInterval(text)
		if err != nil {
			return dst, err
		}
		return SpanValue(dst, FitInterval(span, in.Typmod)), nil
	default:
		panic("bug: input of type " + t.String())
	}
	if err != nil {
		return dst, err
	}
	return IntValue(dst, x), nil
}

// AppendOutput appends a value as its type's output function prints it, with
// DateStyle ISO, IntervalStyle postgres, extra_float_digits 1, bytea_output hex and
// TimeZone zone; nil is UTC.
func AppendOutput(dst []byte, t Type, v []byte, zone *time.Location) []byte {
	if t.IsArray() {
		return appendArrayText(dst, t.Elem(), v, zone)
	}
	switch t {
	case Bool:
		return AppendBool(dst, ValueInt(v) != 0)
	case Int2, Int4, Int8:
		return strconv.AppendInt(dst, ValueInt(v), 10)
	case Float4, Float8:
		return AppendFloat(dst, ValueFloat(v), t)
	case Numeric:
		return DecodeDecimal(v).AppendText(dst)
	case Date:
		return AppendDate(dst, ValueInt(v))
	case Timestamp:
		return AppendTimestamp(dst, ValueInt(v))
	case TimestampTZ:
		if zone == nil {
			zone = time.UTC
		}
		return AppendTimestampTZ(dst, ValueInt(v), zone)
	case Time:
		return AppendTime(dst, ValueInt(v))
	case Interval:
		return AppendInterval(dst, ValueSpan(v))
	case Bytea:
		return AppendByteaText(dst, v)
	case UUID:
		return AppendUUIDText(dst, v)
	case Inet, Cidr:
		return AppendIPText(dst, v, t)
	}
	return append(dst, v...)
}

// Ordered reports whether values of the type have an order that is known here: that
// of its btree, texts by their bytes. json and other types have none, and an
// enum's stands beside the type. Only ordered types and enums have canonical keys.
func (t Type) Ordered() bool {
	switch t &^ arrayBit {
	case Invalid, JSON, Enum, Other:
		return false
	}
	return true
}

// HasKey reports whether values of the type have a canonical key.
func (t Type) HasKey() bool { return t.Ordered() || t&^arrayBit == Enum }

// CompareValues compares two values of an ordered type.
func CompareValues(t Type, a, b []byte) int {
	if t.IsArray() {
		return compareArrays(t.Elem(), a, b)
	}
	switch t.Physical() {
	case PhysInt:
		return cmp.Compare(ValueInt(a), ValueInt(b))
	case PhysFloat:
		return CompareFloat(ValueFloat(a), ValueFloat(b))
	case PhysInterval:
		return ValueSpan(a).Cmp(ValueSpan(b))
	}
	return CompareBytes(t)(a, b)
}

// CompareBytes returns the comparison of an ordered type with the layout PhysBytes.
func CompareBytes(t Type) func(a, b []byte) int {
	if t.IsArray() {
		return func(a, b []byte) int { return compareArrays(t.Elem(), a, b) }
	}
	switch t {
	case Numeric:
		return CompareDecimal
	case Text, Bytea, UUID:
		return bytes.Compare
	case Bpchar:
		return CompareBpchar
	case JSONB:
		return CompareJSONB
	case Inet, Cidr:
		return CompareIP
	}
	panic("bug: order of type " + t.String())
}
