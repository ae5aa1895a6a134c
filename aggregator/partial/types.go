package partial

import "github.com/millrace/millrace/aggregator/datum"

// wireTypes are the numbers of the scalar types in blocks, by datum.Type. They
// are those of version 1 for ever, whatever datum's constants become.
var wireTypes = [...]byte{
	datum.Bool: 1, datum.Int2: 2, datum.Int4: 3, datum.Int8: 4,
	datum.Float4: 5, datum.Float8: 6, datum.Numeric: 7, datum.Text: 8,
	datum.Date: 9, datum.Timestamp: 10, datum.TimestampTZ: 11, datum.Interval: 12,
	datum.Bytea: 13, datum.Bpchar: 14, datum.Time: 15, datum.UUID: 16,
	datum.JSON: 17, datum.JSONB: 18, datum.Inet: 19, datum.Cidr: 20,
	datum.Enum: 21, datum.Other: 22,
}

// wireArray is added to the number of an array's elements.
const wireArray = 0x80

// wireType is a type's number.
func wireType(t datum.Type) byte {
	if t.IsArray() {
		return wireArray | wireTypes[t.Elem()]
	}
	return wireTypes[t]
}

// typeOfWire is the inverse of wireType; datum.Invalid where there is none.
func typeOfWire(b byte) datum.Type {
	for t, w := range wireTypes {
		switch {
		case w == 0:
		case b == w:
			return datum.Type(t)
		case b == wireArray|w:
			return datum.ArrayOf(datum.Type(t))
		}
	}
	return datum.Invalid
}
