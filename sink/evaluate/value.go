package evaluate

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// formatOf is the format in which values of a type are asked for: text for those
// whose output function alone knows them.
func formatOf(t datum.Type) int16 {
	if t == datum.Enum || t == datum.Other {
		return 0
	}
	return 1
}

// appendValue appends a value in the format of its type.
func appendValue(v *column.Vector, raw []byte) error {
	size := map[datum.Type]int{
		datum.Bool: 1, datum.Int2: 2, datum.Int4: 4, datum.Date: 4, datum.Int8: 8, datum.Timestamp: 8, datum.TimestampTZ: 8,
		datum.Float4: 4, datum.Float8: 8, datum.Interval: 16,
	}[v.Type]
	if size > 0 && len(raw) != size {
		return fmt.Errorf("bug: PostgreSQL sent a %v of %d bytes", v.Type, len(raw))
	}
	switch v.Type {
	case datum.Bool:
		v.AppendInt(int64(raw[0]))
	case datum.Int2:
		v.AppendInt(int64(int16(binary.BigEndian.Uint16(raw))))
	case datum.Int4, datum.Date:
		v.AppendInt(int64(int32(binary.BigEndian.Uint32(raw))))
	case datum.Int8, datum.Timestamp, datum.TimestampTZ:
		v.AppendInt(int64(binary.BigEndian.Uint64(raw)))
	case datum.Float4:
		v.AppendFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(raw))))
	case datum.Float8:
		v.AppendFloat(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	case datum.Numeric:
		d, ok := datum.DecimalFromWire(raw)
		if !ok {
			return fmt.Errorf("bug: PostgreSQL sent a numeric of %d bytes", len(raw))
		}
		v.AppendBytes(datum.AppendDecimal(nil, d))
	case datum.Interval:
		v.AppendSpan(datum.Span{
			Micros: int64(binary.BigEndian.Uint64(raw)),
			Days:   int32(binary.BigEndian.Uint32(raw[8:])), Months: int32(binary.BigEndian.Uint32(raw[12:])),
		})
	default:
		v.AppendBytes(raw)
	}
	return nil
}
