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
		if relabels(from, n.Of) {
			return fold(newCall(c.env, n.Of, same, []evaluator{arg})), nil
		}
		if from != n.Of {
			return nil, datum.Errorf(datum.CodeFeatureNotSupported, "cast from %s to %s is not supported in a continuous query", from, n.Of)
		}
		return arg, nil
	}
	if t := foreign(from, n.Of); t != datum.Invalid {
		return nil, datum.Errorf(datum.CodeFeatureNotSupported, "a cast of type %s is not supported in a continuous query", t)
	}
	if from != datum.Text {
		arg = fold(newCall(c.env, datum.Text, output, []evaluator{arg}))
	}
	if n.Of != datum.Text {
		arg = fold(newCall(c.env, n.Of, input(c.env, n.Of), []evaluator{arg}))
	}
	return arg, nil
}

// relabels reports whether values of one type are, as they stand, values of the
// other.
func relabels(from, to datum.Type) bool {
	return from == datum.Cidr && to == datum.Inet || from == datum.Text && to == datum.Bpchar
}

// foreign returns the one of two types whose texts PostgreSQL alone reads.
func foreign(from, to datum.Type) datum.Type {
	switch {
	case from.Elem() == datum.Enum || from.Elem() == datum.Other:
		return from
	case to == datum.Enum || to == datum.Other || to.Elem() == datum.Enum || to.Elem() == datum.Other:
		return to
	}
	return datum.Invalid
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
	case datum.Time:
		return datum.AppendTime(dst, v.Ints[row])
	case datum.Interval:
		return datum.AppendInterval(dst, v.Spans[row])
	case datum.Text:
		return append(dst, v.Bytes(row)...)
	default:
		return datum.AppendOutput(dst, v.Type, v.Bytes(row), zone)
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
func input(env Env, t datum.Type) kernel {
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
	case datum.Time:
		return try1(datum.ParseTime)
	case datum.Text:
		return same
	default:
		return inputBytes(&datum.Input{Type: t, Typmod: -1, Zone: env.Zone})
	}
}

// inputBytes is the kernel of an input function that writes bytes. It works in the
// memory of in.
func inputBytes(in *datum.Input) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			start := len(c.out.Arena)
			arena, err := in.Append(c.out.Arena, c.in[0].Bytes(int(r)))
			if err != nil {
				c.out.Arena = c.out.Arena[:start]
				c.fail(r, err)
				continue
			}
			c.out.Arena = arena
			c.ended(r, start)
		}
	}
}
