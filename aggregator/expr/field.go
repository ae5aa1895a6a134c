package expr

import (
	"math"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// wordAt is the text of the first argument as a string. It is the same in row
// after row, so that the conversion is kept.
func (c *call) wordAt(r int32) string {
	if b := c.in[0].Bytes(int(r)); string(b) != c.word {
		c.word = string(b)
	}
	return c.word
}

// truncations are date_trunc and date_bin.
func truncations() []function {
	ts, tz, iv := datum.Timestamp, datum.TimestampTZ, datum.Interval
	return []function{
		{oid: 2020, name: "date_trunc", args: takes(datum.Text, ts), result: ts, kernel: byWord(withoutZone(datum.DateTruncTimestamp))},
		{oid: 1217, name: "date_trunc", args: takes(datum.Text, tz), result: tz, kernel: byWord(datum.DateTruncTimestampTZ)},
		{oid: 1218, name: "date_trunc", args: takes(datum.Text, iv), result: iv, kernel: byWord(withoutZone(datum.DateTruncInterval))},
		{oid: 1284, name: "date_trunc", args: takes(datum.Text, tz, datum.Text), result: tz, bind: bindZone(2, func(z *time.Location) kernel {
			return byWord(func(unit string, ts int64, _ *time.Location) (int64, *datum.Error) {
				return datum.DateTruncTimestampTZ(unit, ts, z)
			})
		})},
		{oid: 6177, name: "date_bin", args: takes(iv, ts, ts), result: ts, kernel: dateBin},
		{oid: 6178, name: "date_bin", args: takes(iv, tz, tz), result: tz, kernel: dateBin},
	}
}

func withoutZone[A, R any](f func(string, A) (R, *datum.Error)) func(string, A, *time.Location) (R, *datum.Error) {
	return func(word string, a A, _ *time.Location) (R, *datum.Error) { return f(word, a) }
}

// byWord is the kernel of a function whose first argument is a unit's name.
func byWord[A, R any](f func(string, A, *time.Location) (R, *datum.Error)) kernel {
	read, write := readerOf[A](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, err := f(c.wordAt(r), read(c.in[1], r), c.env.Zone)
			if err != nil {
				c.fail(r, err)
				continue
			}
			write(c, r, x)
		}
	}
}

// fields are date_part (float8) and extract (numeric).
func fields() []function {
	d, ts, tz, iv := datum.Date, datum.Timestamp, datum.TimestampTZ, datum.Interval
	f, n := datum.Float8, datum.Numeric
	return []function{
		{oid: 1384, name: "date_part", args: takes(datum.Text, d), result: f, kernel: byField(fieldWithoutZone(datum.DatePartDate))},
		{oid: 2021, name: "date_part", args: takes(datum.Text, ts), result: f, kernel: byField(fieldWithoutZone(datum.DatePartTimestamp))},
		{oid: 1171, name: "date_part", args: takes(datum.Text, tz), result: f, kernel: byField(datum.DatePartTimestampTZ)},
		{oid: 1172, name: "date_part", args: takes(datum.Text, iv), result: f, kernel: byField(fieldWithoutZone(datum.DatePartInterval))},
		{oid: 1385, name: "date_part", args: takes(datum.Text, datum.Time), result: f, kernel: byField(fieldWithoutZone(datum.DatePartTime))},
		{oid: 6200, name: "extract", args: takes(datum.Text, datum.Time), result: n, kernel: byField(fieldWithoutZone(datum.ExtractTime))},
		{oid: 6199, name: "extract", args: takes(datum.Text, d), result: n, kernel: byField(fieldWithoutZone(datum.ExtractDate))},
		{oid: 6202, name: "extract", args: takes(datum.Text, ts), result: n, kernel: byField(fieldWithoutZone(datum.ExtractTimestamp))},
		{oid: 6203, name: "extract", args: takes(datum.Text, tz), result: n, kernel: byField(datum.ExtractTimestampTZ)},
		{oid: 6204, name: "extract", args: takes(datum.Text, iv), result: n, kernel: byField(fieldWithoutZone(datum.ExtractInterval))},
	}
}

type fieldOf[A, R any] func(field string, a A, zone *time.Location) (x R, ok bool, err *datum.Error)

func fieldWithoutZone[A, R any](f func(string, A) (R, bool, *datum.Error)) fieldOf[A, R] {
	return func(field string, a A, _ *time.Location) (R, bool, *datum.Error) { return f(field, a) }
}

// byField is the kernel of a function that takes a field out of a time; the
// result is NULL where the field has none, such as the hour of infinity.
func byField[A, R any](f fieldOf[A, R]) kernel {
	read, write := readerOf[A](), writerOf[R]()
	return func(c *call, rows []int32) {
		for _, r := range rows {
			x, ok, err := f(c.wordAt(r), read(c.in[1], r), c.env.Zone)
			switch {
			case err != nil:
				c.fail(r, err)
			case !ok:
				c.out.SetNull(int(r))
			default:
				write(c, r, x)
			}
		}
	}
}

var (
	errBinOrigin   = &datum.Error{Code: datum.CodeDatetimeOverflow, Message: "origin out of range"}
	errBinMonths   = &datum.Error{Code: datum.CodeFeatureNotSupported, Message: "timestamps cannot be binned into intervals containing months or years"}
	errBinStride   = &datum.Error{Code: datum.CodeDatetimeOverflow, Message: "stride must be greater than zero"}
	errBinInterval = &datum.Error{Code: datum.CodeDatetimeOverflow, Message: "interval out of range"}
	errBinRange    = &datum.Error{Code: datum.CodeDatetimeOverflow, Message: "timestamp out of range"}
)

const microsPerDay = 24 * microsPerHour

func dateBin(c *call, rows []int32) {
	strides, times, origins := c.in[0].Spans, c.in[1].Ints, c.in[2].Ints
	for _, r := range rows {
		x, err := bin(strides[r], times[r], origins[r])
		if err != nil {
			c.fail(r, err)
		}
		c.out.Ints[r] = x
	}
}

// bin is timestamp_bin of PostgreSQL's timestamp.c.
func bin(stride datum.Span, ts, origin int64) (int64, *datum.Error) {
	switch {
	case !finiteTimestamp(ts):
		return ts, nil
	case !finiteTimestamp(origin):
		return 0, errBinOrigin
	case stride.Months != 0:
		return 0, errBinMonths
	}
	days, ok := mulInt8(int64(stride.Days), microsPerDay)
	step := days + stride.Micros
	if !ok || (days^step)&(stride.Micros^step) < 0 {
		return 0, errBinInterval
	}
	if step <= 0 {
		return 0, errBinStride
	}
	diff := ts - origin
	if (ts^origin)&(ts^diff) < 0 {
		return 0, errBinInterval
	}
	rest := diff % step
	x := origin + diff - rest
	if rest < 0 {
		if x < math.MinInt64+step {
			return 0, errBinRange
		}
		x -= step
	}
	if x < minTimestamp || x >= endTimestamp {
		return 0, errBinRange
	}
	return x, nil
}
