package expr

import (
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// clockFunctions are the operators and casts of times of day, and AT TIME ZONE
// with an offset.
func clockFunctions() []function {
	d, tm, ts, tz, iv := datum.Date, datum.Time, datum.Timestamp, datum.TimestampTZ, datum.Interval
	return []function{
		{oid: 1747, name: "time_pl_interval", args: takes(tm, iv), result: tm, kernel: map2(datum.TimeAddInterval)},
		{oid: 1748, name: "time_mi_interval", args: takes(tm, iv), result: tm, kernel: map2(datum.TimeSubInterval)},
		{oid: 1848, name: "interval_pl_time", args: takes(iv, tm), result: tm, kernel: swapped(map2(datum.TimeAddInterval))},
		{oid: 1690, name: "time_mi_time", args: takes(tm, tm), result: iv, kernel: map2(datum.TimeSub)},
		{oid: 1272, name: "datetime_pl", args: takes(d, tm), result: ts, kernel: try2(datum.DateAddTime)},
		{oid: 2025, name: "timestamp", args: takes(d, tm), result: ts, kernel: try2(datum.DateAddTime)},
		{oid: 1296, name: "timedate_pl", args: takes(tm, d), result: ts, kernel: swapped(try2(datum.DateAddTime))},
		{oid: 1176, name: "timestamptz", args: takes(d, tm), result: tz, kernel: zoned2(dateAndTime)},
		{oid: 1316, name: "time", args: takes(ts), result: tm, kernel: timeOfDay(func(ts int64, _ *time.Location) (int64, bool) { return datum.TimestampToTime(ts) })},
		{oid: 2019, name: "time", args: takes(tz), result: tm, kernel: timeOfDay(datum.TimestampTZToTime)},
		{oid: 1419, name: "time", args: takes(iv), result: tm, kernel: map1(datum.SpanToTime)},
		{oid: 1370, name: "interval", args: takes(tm), result: iv, kernel: map1(datum.TimeToSpan)},
		{oid: 1968, name: "time", args: takes(tm, datum.Int4), result: tm, kernel: map2(timeScale)},
		{oid: 1026, name: "timezone", args: takes(iv, tz), result: ts, kernel: try2(func(s datum.Span, t int64) (int64, *datum.Error) { return atOffset(s, t, 1) })},
		{oid: 2070, name: "timezone", args: takes(iv, ts), result: tz, kernel: try2(func(s datum.Span, t int64) (int64, *datum.Error) { return atOffset(s, t, -1) })},
	}
}

func dateAndTime(days, us int64, zone *time.Location) (int64, *datum.Error) {
	ts, err := datum.DateAddTime(days, us)
	if err != nil {
		return 0, err
	}
	return datum.TimestampToTimestampTZ(ts, zone)
}

// timeOfDay is the kernel of a cast to time, NULL for what is infinite.
func timeOfDay(f func(int64, *time.Location) (int64, bool)) kernel {
	return func(c *call, rows []int32) {
		for _, r := range rows {
			us, ok := f(c.in[0].Ints[r], c.env.Zone)
			if !ok {
				c.out.SetNull(int(r))
				continue
			}
			c.out.Ints[r] = us
		}
	}
}

// timeScale rounds to the precision of time(p), up to 24:00.
func timeScale(us, typmod int64) int64 {
	if typmod < 0 || typmod > maxTimePrecision {
		return us
	}
	return roundMicros(us, typmod)
}

// atOffset is AT TIME ZONE interval: whole seconds east of UTC.
func atOffset(s datum.Span, ts, sign int64) (int64, *datum.Error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	if s.Months != 0 || s.Days != 0 {
		return 0, datum.Errorf(datum.CodeInvalidParameter, "interval time zone \"%s\" must not include months or days", datum.AppendInterval(nil, s))
	}
	// PostgreSQL keeps the offset in 32 bits.
	ts += sign * int64(int32(s.Micros/microsPerSecond)) * microsPerSecond
	if ts < minTimestamp || ts >= endTimestamp {
		return 0, errBinRange
	}
	return ts, nil
}
