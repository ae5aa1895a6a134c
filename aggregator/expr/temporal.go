package expr

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// timeFunctions are the operators, casts and functions of dates, timestamps
// and intervals.
func timeFunctions() []function {
	return slices.Concat(timeArithmetic(), timeCasts(), clockFunctions(), madeTimes(), truncations(), fields())
}

func timeArithmetic() []function {
	d, ts, tz, iv := datum.Date, datum.Timestamp, datum.TimestampTZ, datum.Interval
	return []function{
		{oid: 1141, name: "date_pli", args: takes(d, datum.Int4), result: d, kernel: try2(datum.DateAdd)},
		{oid: 1142, name: "date_mii", args: takes(d, datum.Int4), result: d, kernel: try2(func(days, n int64) (int64, *datum.Error) { return datum.DateAdd(days, -n) })},
		{oid: 2550, name: "integer_pl_date", args: takes(datum.Int4, d), result: d, kernel: swapped(try2(datum.DateAdd))},
		{oid: 1140, name: "date_mi", args: takes(d, d), result: datum.Int4, kernel: try2(datum.DateSub)},
		{oid: 2071, name: "date_pl_interval", args: takes(d, iv), result: ts, kernel: try2(dateAddInterval)},
		{oid: 2072, name: "date_mi_interval", args: takes(d, iv), result: ts, kernel: try2(dateSubInterval)},
		{oid: 2546, name: "interval_pl_date", args: takes(iv, d), result: ts, kernel: swapped(try2(dateAddInterval))},
		{oid: 2032, name: "timestamp_pl_interval", args: takes(ts, iv), result: ts, kernel: try2(datum.TimestampAddInterval)},
		{oid: 2033, name: "timestamp_mi_interval", args: takes(ts, iv), result: ts, kernel: try2(datum.TimestampSubInterval)},
		{oid: 2548, name: "interval_pl_timestamp", args: takes(iv, ts), result: ts, kernel: swapped(try2(datum.TimestampAddInterval))},
		{oid: 1189, name: "timestamptz_pl_interval", args: takes(tz, iv), result: tz, kernel: zoned2(datum.TimestampTZAddInterval)},
		{oid: 1190, name: "timestamptz_mi_interval", args: takes(tz, iv), result: tz, kernel: zoned2(datum.TimestampTZSubInterval)},
		{oid: 2549, name: "interval_pl_timestamptz", args: takes(iv, tz), result: tz, kernel: swapped(zoned2(datum.TimestampTZAddInterval))},
		{oid: 2031, name: "timestamp_mi", args: takes(ts, ts), result: iv, kernel: try2(datum.TimestampSub)},
		{oid: 1188, name: "timestamptz_mi", args: takes(tz, tz), result: iv, kernel: try2(datum.TimestampSub)},
		{oid: 1169, name: "interval_pl", args: takes(iv, iv), result: iv, kernel: try2(datum.Span.Add)},
		{oid: 1170, name: "interval_mi", args: takes(iv, iv), result: iv, kernel: try2(datum.Span.Sub)},
		{oid: 1168, name: "interval_um", args: takes(iv), result: iv, kernel: try1(datum.Span.Neg)},
		{oid: 1618, name: "interval_mul", args: takes(iv, datum.Float8), result: iv, kernel: try2(datum.Span.Mul)},
		{oid: 1624, name: "mul_d_interval", args: takes(datum.Float8, iv), result: iv, kernel: swapped(try2(datum.Span.Mul))},
		{oid: 1326, name: "interval_div", args: takes(iv, datum.Float8), result: iv, kernel: try2(datum.Span.Div)},
		{oid: 2711, name: "justify_interval", args: takes(iv), result: iv, kernel: try1(datum.Span.JustifyInterval)},
		{oid: 1175, name: "justify_hours", args: takes(iv), result: iv, kernel: try1(datum.Span.JustifyHours)},
		{oid: 1295, name: "justify_days", args: takes(iv), result: iv, kernel: try1(datum.Span.JustifyDays)},
		{oid: 1373, name: "isfinite", args: takes(d), result: datum.Bool, kernel: map1(finiteDate)},
		{oid: 2048, name: "isfinite", args: takes(ts), result: datum.Bool, kernel: map1(finiteTimestamp)},
		{oid: 1390, name: "isfinite", args: takes(iv), result: datum.Bool, kernel: map1(func(datum.Span) bool { return true })},
		{oid: 1389, name: "isfinite", args: takes(tz), result: datum.Bool, kernel: map1(finiteTimestamp)},
	}
}

func dateAddInterval(days int64, s datum.Span) (int64, *datum.Error) {
	ts, err := datum.DateToTimestamp(days)
	if err != nil {
		return 0, err
	}
	return datum.TimestampAddInterval(ts, s)
}

func dateSubInterval(days int64, s datum.Span) (int64, *datum.Error) {
	ts, err := datum.DateToTimestamp(days)
	if err != nil {
		return 0, err
	}
	return datum.TimestampSubInterval(ts, s)
}

func finiteDate(days int64) bool { return days != datum.DateInfinity && days != datum.DateNegInfinity }

func finiteTimestamp(ts int64) bool {
	return ts != datum.TimestampInfinity && ts != datum.TimestampNegInfinity
}

func timeCasts() []function {
	d, ts, tz, iv := datum.Date, datum.Timestamp, datum.TimestampTZ, datum.Interval
	return []function{
		{oid: 2024, name: "timestamp", args: takes(d), result: ts, kernel: try1(datum.DateToTimestamp)},
		{oid: 2027, name: "timestamp", args: takes(tz), result: ts, kernel: zoned1(datum.TimestampTZToTimestamp)},
		{oid: 1174, name: "timestamptz", args: takes(d), result: tz, kernel: zoned1(datum.DateToTimestampTZ)},
		{oid: 2028, name: "timestamptz", args: takes(ts), result: tz, kernel: zoned1(datum.TimestampToTimestampTZ)},
		{oid: 2029, name: "date", args: takes(ts), result: d, kernel: try1(datum.TimestampToDate)},
		{oid: 1178, name: "date", args: takes(tz), result: d, kernel: zoned1(datum.TimestampTZToDate)},
		{oid: 3846, name: "make_date", args: takes(datum.Int4, datum.Int4, datum.Int4), result: d, kernel: makeDate},
		{oid: 1158, name: "to_timestamp", args: takes(datum.Float8), result: tz, kernel: try1(timestampOfEpoch)},
		{oid: 1961, name: "timestamp", args: takes(ts, datum.Int4), result: ts, kernel: try2(timestampScale)},
		{oid: 1967, name: "timestamptz", args: takes(tz, datum.Int4), result: tz, kernel: try2(timestampScale)},
		{oid: 1200, name: "interval", args: takes(iv, datum.Int4), result: iv, kernel: try2(intervalScale)},
		{oid: 1159, name: "timezone", args: takes(datum.Text, tz), result: ts, bind: bindZone(0, func(z *time.Location) kernel {
			return atZone(z, datum.TimestampTZToTimestamp)
		})},
		{oid: 2069, name: "timezone", args: takes(datum.Text, ts), result: tz, bind: bindZone(0, func(z *time.Location) kernel {
			return atZone(z, datum.TimestampToTimestampTZ)
		})},
	}
}

func atZone(z *time.Location, f func(int64, *time.Location) (int64, *datum.Error)) kernel {
	return swapped(try2(func(ts int64, _ []byte) (int64, *datum.Error) { return f(ts, z) }))
}

// bindZone makes the kernel of a function whose argument number arg names a
// time zone. Only a literal name of the IANA database is native: abbreviations
// and POSIX rules mean something else to PostgreSQL than to Go.
func bindZone(arg int, make func(z *time.Location) kernel) func(n *Call) (kernel, bool) {
	return func(n *Call) (kernel, bool) {
		lit, ok := n.Args[arg].(*Const)
		if !ok {
			return nil, false
		}
		if lit.Value.IsNull(0) {
			return func(*call, []int32) {}, true // strict: never a row
		}
		name := string(lit.Value.Bytes(0))
		if !strings.Contains(name, "/") && name != "UTC" && name != "GMT" {
			return nil, false
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil, false
		}
		return make(zone), true
	}
}

const (
	secondsPerDay    = 86400
	unixEpochJulian  = 2440588   // 1970-01-01
	epochJulian      = 2451545   // 2000-01-01
	timestampEndDays = 109203528 // PostgreSQL's TIMESTAMP_END_JULIAN

	minTimestamp = -epochJulian * microsPerDay                     // PostgreSQL's MIN_TIMESTAMP
	endTimestamp = (timestampEndDays - epochJulian) * microsPerDay // END_TIMESTAMP
)

// timestampOfEpoch is to_timestamp(float8): seconds since 1970.
func timestampOfEpoch(seconds float64) (int64, *datum.Error) {
	switch {
	case seconds != seconds:
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "timestamp cannot be NaN")
	case math.IsInf(seconds, 1):
		return datum.TimestampInfinity, nil
	case math.IsInf(seconds, -1):
		return datum.TimestampNegInfinity, nil
	case seconds < secondsPerDay*-unixEpochJulian, seconds >= secondsPerDay*(timestampEndDays-unixEpochJulian):
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "timestamp out of range: \"%.6g\"", seconds)
	}
	micros := math.RoundToEven((seconds - secondsPerDay*(epochJulian-unixEpochJulian)) * 1e6)
	if micros < minTimestamp || micros >= endTimestamp {
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "timestamp out of range: \"%.6g\"", seconds)
	}
	return int64(micros), nil
}
