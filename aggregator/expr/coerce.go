package expr

import (
	"strconv"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// coerce compiles a relabelling, which costs nothing, or a cast through text.
func (c *compiler) coerce(n *Coerce) (evaluator, error) {
	arg, err := c.compile(n.Arg)
	if err != nil {
		return nil, err
	}
	from := n.Arg.Type()
	if !n.ViaIO {
		if from != n.Of {
			return nil, datum.Errorf(datum.CodeFeatureNotSupported, "cast from %s to %s is not supported in a continuous query", from, n.Of)
		}
		return arg, nil
	}
	if from != datum.Text {
		arg = fold(newCall(c.env, datum.Text, output, []evaluator{arg}))
	}
	if n.Of != datum.Text {
		arg = fold(newCall(c.env, n.Of, input(n.Of), []evaluator{arg}))
	}
	return arg, nil
}

// appendOutput appends a value as its type's output function prints it, with
// DateStyle ISO, IntervalStyle postgres and extra_float_digits 1.
func appendOutput(dst []byte, v *column.Vector, row int, zone *time.Location) []byte {
	switch v.Type {
	case datum.Bool:
		return datum.AppendBool(dst, v.Ints[row] != 0)
	case datum.Int2, datum.Int4, datum.Int8:
		return strconv.AppendInt(dst, v.Ints[row], 10)
	case datum.Float4, datum.Float8:
		return datum.AppendFloat(dst, v.Floats[row], v.Type)
	case datum.Numeric:
		return datum.DecodeDecimal(v.Bytes(row)).AppendText(dst)
	case datum.Date:
		return datum.AppendDate(dst, v.Ints[row])
	case datum.Timestamp:
		return datum.AppendTimestamp(dst, v.Ints[row])
	case datum.TimestampTZ:
		return datum.AppendTimestampTZ(dst, v.Ints[row], zone)
	case datum.Interval:
		return datum.AppendInterval(dst, v.Spans[row])
	default:
		return append(dst, v.Bytes(row)...)
	}
}

// output is the kernel of every type's cast to text.
func output(c *call, rows []int32) {
	for _, r := range rows {
		start := len(c.out.Arena)
		c.out.Arena = appendOutput(c.out.Arena, c.in[0], int(r), c.env.Zone)
		c.ended(r, start)
	}
}

// input returns the kernel of the cast from text to a type: its input function.
func input(t datum.Type) kernel {
	switch t {
	case datum.Bool:
		return try1(datum.ParseBool)
	case datum.Int2, datum.Int4, datum.Int8:
		return try1(func(s []byte) (int64, *datum.Error) { return datum.ParseInt(s, t) })
	case datum.Float4, datum.Float8:
		return try1(func(s []byte) (float64, *datum.Error) { return datum.ParseFloat(s, t) })
	case datum.Numeric:
		return try1(datum.ParseDecimal)
	case datum.Date:
		return try1(datum.ParseDate)
	case datum.Timestamp:
		return try1(datum.ParseTimestamp)
	case datum.TimestampTZ:
		return zoned1(datum.ParseTimestampTZ)
	case datum.Interval:
		return try1(datum.ParseInterval)
	default:
		return same
	}
}
