package expr

import (
	"math"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// madeTimes put times together out of their fields.
func madeTimes() []function {
	i, f := datum.Int4, datum.Float8
	six := takes(i, i, i, i, i, f)
	return []function{
		{oid: 3847, name: "make_time", args: takes(i, i, f), result: datum.Time, kernel: try3(datum.MakeTime)},
		{oid: 3461, name: "make_timestamp", args: six, result: datum.Timestamp, kernel: makeTimestamp(nil)},
		{oid: 3462, name: "make_timestamptz", args: six, result: datum.TimestampTZ, kernel: makeTimestamp(datum.TimestampToTimestampTZ)},
		{oid: 3463, name: "make_timestamptz", args: append(takes(six...), datum.Text), result: datum.TimestampTZ, bind: bindZone(6, func(z *time.Location) kernel {
			return makeTimestamp(func(ts int64, _ *time.Location) (int64, *datum.Error) { return datum.TimestampToTimestampTZ(ts, z) })
		})},
		{oid: 3464, name: "make_interval", args: takes(i, i, i, i, i, i, f), result: datum.Interval, kernel: makeInterval},
	}
}

// makeTimestamp is the kernel of make_timestamp; convert, unless nil, makes an
// instant of the local time.
func makeTimestamp(convert func(int64, *time.Location) (int64, *datum.Error)) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			ts, err := c.timestampAt(r)
			if err == nil && convert != nil {
				ts, err = convert(ts, c.env.Zone)
			}
			if err != nil {
				c.fail(r, err)
				continue
			}
			c.out.Ints[r] = ts
		}
	}
}

// timestampAt puts together the fields of year to second in the arguments.
func (c *call) timestampAt(r int32) (int64, *datum.Error) {
	field := func(i int) int64 { return c.in[i].Ints[r] }
	year, month, day := civilYear(field(0)), field(1), field(2)
	switch {
	case field(0) == 0 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month):
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "date field value out of range: %d-%02d-%02d", field(0), month, day)
	case year < minYear || year == minYear && month < 11 || year > maxYear || year == maxYear && month > 5:
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "date out of range: %d-%02d-%02d", field(0), month, day)
	}
	us, err := datum.MakeTime(field(3), field(4), c.in[5].Floats[r])
	if err != nil {
		return 0, err
	}
	days := datum.DaysFromCivil(int(year), int(month), int(day))
	// A date may lie behind all timestamps by more than a word holds.
	if ts := days*microsPerDay + us; days < endTimestamp/microsPerDay && ts >= minTimestamp && ts < endTimestamp {
		return ts, nil
	}
	return 0, datum.Errorf(datum.CodeDatetimeOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
		field(0), month, day, field(3), field(4), datum.SecondText(c.in[5].Floats[r]))
}

// makeInterval is make_interval. Where PostgreSQL until 16 lets a field wrap
// around, the error of 17 is raised.
func makeInterval(c *call, rows []int32) {
	for _, r := range rows {
		field := func(i int) int64 { return c.in[i].Ints[r] }
		seconds := c.in[6].Floats[r]
		months, days := 12*field(0)+field(1), 7*field(2)+field(3)
		micros := math.RoundToEven(seconds * microsPerSecond)
		// Below 2^63 by far less than an hour's rounding.
		whole := field(4)*microsPerHour + field(5)*microsPerMinute
		if math.IsInf(seconds, 0) || seconds != seconds || math.Abs(micros) >= 1<<63 ||
			months != int64(int32(months)) || days != int64(int32(days)) {
			c.fail(r, errBinInterval)
			continue
		}
		sum := whole + int64(micros)
		if (whole^sum)&(int64(micros)^sum) < 0 {
			c.fail(r, errBinInterval)
			continue
		}
		c.out.Spans[r] = datum.Span{Months: int32(months), Days: int32(days), Micros: sum}
	}
}
