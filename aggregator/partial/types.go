package partial

import "github.com/millrace/millrace/aggregator/datum"

// wireTypes are the numbers of the types in blocks, by datum.Type. They are
// those of version 1 for ever, whatever datum's constants become.
var wireTypes = [...]byte{
	datum.Bool: 1, datum.Int2: 2, datum.Int4: 3, datum.Int8: 4,
	datum.Float4: 5, datum.Float8: 6, datum.Numeric: 7, datum.Text: 8,
	datum.Date: 9, datum.Timestamp: 10, datum.TimestampTZ: 11, datum.Interval: 12,
}

// typeOfWire is the inverse of wireTypes; datum.Invalid where there is none.
func typeOfWire(b byte) datum.Type {
	for t, w := range wireTypes {
		if w == b && w != 0 {
			return datum.Type(t)
		}
	}
	return datum.Invalid
}
