package datum

import "fmt"

// Type is a PostgreSQL type that the native evaluator knows.
type Type uint8

// The native types. The zero Type is none of them.
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
	numTypes
)

// Physical is how a vector stores the values of a type.
type Physical uint8

// The physical layouts.
//
//   - PhysInt: int64. Bool is 0 or 1; dates are days and timestamps
//     microseconds since 2000-01-01 as in PostgreSQL, with PostgreSQL's
//     sentinels for ±infinity (see [DateInfinity], [TimestampInfinity]).
//   - PhysFloat: float64. A float4 is a float64 that a float32 represents.
//   - PhysBytes: UTF-8 for text, the encoding of [Decimal] for numeric.
//   - PhysInterval: [Span].
const (
	PhysNone Physical = iota
	PhysInt
	PhysFloat
	PhysBytes
	PhysInterval
)

type typeInfo struct {
	oid      uint32
	name     string
	physical Physical
}

// typeTable is indexed by Type. OIDs are those of PostgreSQL's pg_type.dat,
// names those of format_type().
var typeTable = [numTypes]typeInfo{
	Bool:        {16, "boolean", PhysInt},
	Int2:        {21, "smallint", PhysInt},
	Int4:        {23, "integer", PhysInt},
	Int8:        {20, "bigint", PhysInt},
	Float4:      {700, "real", PhysFloat},
	Float8:      {701, "double precision", PhysFloat},
	Numeric:     {1700, "numeric", PhysBytes},
	Text:        {25, "text", PhysBytes},
	Date:        {1082, "date", PhysInt},
	Timestamp:   {1114, "timestamp without time zone", PhysInt},
	TimestampTZ: {1184, "timestamp with time zone", PhysInt},
	Interval:    {1186, "interval", PhysInterval},
}

// OID returns the type's pg_type OID, 0 for Invalid.
func (t Type) OID() uint32 { return typeTable[t].oid }

// Physical returns the layout that vectors of the type use.
func (t Type) Physical() Physical { return typeTable[t].physical }

// String returns the type's SQL name as format_type() prints it.
func (t Type) String() string {
	if t == Invalid || t >= numTypes {
		return fmt.Sprintf("type(%d)", uint8(t))
	}
	return typeTable[t].name
}

// TypeOf returns the native type of a pg_type OID; ok is false where the
// native evaluator has none. varchar (1043) is text: both are the same bytes
// without a length limit.
func TypeOf(oid uint32) (t Type, ok bool) {
	if oid == 1043 {
		return Text, true
	}
	for t := Bool; t < numTypes; t++ {
		if typeTable[t].oid == oid {
			return t, true
		}
	}
	return Invalid, false
}

// Types returns every native type.
func Types() []Type {
	all := make([]Type, 0, numTypes-1)
	for t := Bool; t < numTypes; t++ {
		all = append(all, t)
	}
	return all
}
