package query

import (
	"strconv"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// ConstantText is row 0 of v, which is not NULL, as PostgreSQL prints it with Millrace's settings;
// a timestamptz in UTC.
func ConstantText(v *column.Vector) string {
	switch v.Type {
	case datum.Bool:
		return string(datum.AppendBoolText(nil, v.Ints[0] != 0))
	case datum.Float4, datum.Float8:
		return string(datum.AppendFloat(nil, v.Floats[0], v.Type))
	case datum.Numeric:
		return datum.DecodeDecimal(v.Bytes(0)).String()
	case datum.Text:
		return string(v.Bytes(0))
	case datum.Date:
		return string(datum.AppendDate(nil, v.Ints[0]))
	case datum.Timestamp:
		return string(datum.AppendTimestamp(nil, v.Ints[0]))
	case datum.TimestampTZ:
		return string(datum.AppendTimestampTZ(nil, v.Ints[0], time.UTC))
	case datum.Interval:
		return string(datum.AppendInterval(nil, v.Spans[0]))
	case datum.Int2, datum.Int4, datum.Int8:
		return strconv.FormatInt(v.Ints[0], 10)
	}
	return string(datum.AppendOutput(nil, v.Type, v.Value(nil, 0), time.UTC))
}
