package datum

import "fmt"

// Type is a PostgreSQL type that vectors hold: a scalar one, or an array of one
// ([ArrayOf]). Its number is of this process alone and never written anywhere.
type Type uint8

// The scalar types. The zero Type is none of them.
//
// Enum is every enum type: its values are labels, its OID stands beside it. Other
// is every type that is none of these: its values are what its output function
// prints, its OID and its name stand beside it, and PostgreSQL alone knows what
// they mean. A domain is its base type, with the domain's OID beside it.
const (
	Invalid Type = iota
	Bool
	Int2
	Int4
	Int8
	Float4
	Float8
	Numeric
	Text
	Date
	Timestamp
	TimestampTZ
	Interval
	Bytea
	Bpchar
	Time
	UUID
	JSON
	JSONB
	Inet
	Cidr
	Enum
	Other
	numTypes

	// arrayBit makes a scalar type the array of it.
	arrayBit Type = 0x80
)

// Physical is how a vector stores the values of a type.
type Physical uint8

// The physical layouts.
//
//   - PhysInt: int64. Bool is 0 or 1; dates are days and timestamps
//     microseconds since 2000-01-01 as in PostgreSQL, with PostgreSQL's
//     sentinels for ±infinity (see [DateInfinity], [TimestampInfinity]); a
//     time is microseconds of the day, 24:00 among them.
//   - PhysFloat: float64. A float4 is a float64 that a float32 represents.
//   - PhysBytes: UTF-8 for text and labels of enums, the encoding of [Decimal]
//     for numeric, raw bytes for bytea and uuid (16), a bpchar with its padding,
//     json as it came, jsonb as PostgreSQL prints it, inet
//     and cidr as family, bits and address, arrays as [Array] says.
//   - PhysInterval: [Span].
const (
	PhysNone Physical = iota
	PhysInt
	PhysFloat
	PhysBytes
	PhysInterval
)

type typeInfo struct {
	oid, array uint32 // of the type and of its array type
	name       string
	physical   Physical
}

// typeTable is indexed by scalar Type. OIDs are those of PostgreSQL's pg_type.dat,
// names those of format_type(): bpchar is character(n) without its n, while CHARACTER
// alone is character(1).
var typeTable = [numTypes]typeInfo{
	Bool:        {16, 1000, "boolean", PhysInt},
	Int2:        {21, 1005, "smallint", PhysInt},
	Int4:        {23, 1007, "integer", PhysInt},
	Int8:        {20, 1016, "bigint", PhysInt},
	Float4:      {700, 1021, "real", PhysFloat},
	Float8:      {701, 1022, "double precision", PhysFloat},
	Numeric:     {1700, 1231, "numeric", PhysBytes},
	Text:        {25, 1009, "text", PhysBytes},
	Date:        {1082, 1182, "date", PhysInt},
	Timestamp:   {1114, 1115, "timestamp without time zone", PhysInt},
	TimestampTZ: {1184, 1185, "timestamp with time zone", PhysInt},
	Interval:    {1186, 1187, "interval", PhysInterval},
	Bytea:       {17, 1001, "bytea", PhysBytes},
	Bpchar:      {1042, 1014, "bpchar", PhysBytes},
	Time:        {1083, 1183, "time without time zone", PhysInt},
	UUID:        {2950, 2951, "uuid", PhysBytes},
	JSON:        {114, 199, "json", PhysBytes},
	JSONB:       {3802, 3807, "jsonb", PhysBytes},
	Inet:        {869, 1041, "inet", PhysBytes},
	Cidr:        {650, 651, "cidr", PhysBytes},
	Enum:        {0, 0, "enum", PhysBytes},
	Other:       {0, 0, "other", PhysBytes},
}

// ArrayOf returns the type of arrays of a scalar type, whatever their dimensions.
func ArrayOf(elem Type) Type { return elem | arrayBit }

// Elem returns the type of an array's elements, Invalid where t is no array.
func (t Type) Elem() Type {
	if t&arrayBit == 0 {
		return Invalid
	}
	return t &^ arrayBit
}

// IsArray reports whether t is an array type.
func (t Type) IsArray() bool { return t&arrayBit != 0 }

// OID returns the type's pg_type OID, 0 for Invalid, Enum, Other and arrays of these.
func (t Type) OID() uint32 {
	if t.IsArray() {
		return typeTable[t.Elem()].array
	}
	return typeTable[t].oid
}

// Physical returns the layout that vectors of the type use.
func (t Type) Physical() Physical {
	if t.IsArray() {
		return PhysBytes
	}
	return typeTable[t].physical
}

// Sent returns the type that stands for t in the arrays of a statement's
// parameters: text, which the statement casts to its own type, for arrays (in an
// array of arrays all would need the same dimensions), enums and other types
// (whose OIDs are each database's own); t itself for the rest.
func (t Type) Sent() Type {
	if t.IsArray() || t == Enum || t == Other {
		return Text
	}
	return t
}

// String returns the type's SQL name as format_type() prints it for a typmod of -1.
func (t Type) String() string {
	elem, suffix := t, ""
	if t.IsArray() {
		elem, suffix = t.Elem(), "[]"
	}
	if elem == Invalid || elem >= numTypes {
		return fmt.Sprintf("type(%d)", uint8(t))
	}
	return typeTable[elem].name + suffix
}

// TypeOf returns the type of a pg_type OID that is the same in every database; ok
// is false for the others. varchar (1043) is text: both are the same bytes
// without a length limit.
func TypeOf(oid uint32) (t Type, ok bool) {
	switch oid {
	case 0:
		return Invalid, false
	case 1043:
		return Text, true
	case 1015:
		return ArrayOf(Text), true
	}
	for t := Bool; t < numTypes; t++ {
		switch oid {
		case typeTable[t].oid:
			return t, true
		case typeTable[t].array:
			return ArrayOf(t), true
		}
	}
	return Invalid, false
}

// Types returns the scalar types up to interval: those that every aggregate takes.
func Types() []Type {
	all := make([]Type, 0, numTypes-1)
	for t := Bool; t <= Interval; t++ {
		all = append(all, t)
	}
	return all
}

// AllTypes returns every scalar type that is the same in every database, and its
// array type.
func AllTypes() []Type {
	var all []Type
	for t := Bool; t < Enum; t++ {
		all = append(all, t, ArrayOf(t))
	}
	return all
}
