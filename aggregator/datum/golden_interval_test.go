package datum_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/millrace/millrace/aggregator/datum"
)

var intervalEdges = []string{
	"0", "1 day", "-1 day", "1 mon", "30 days", "720:00:00", "1 mon -30 days", "24:00:00", "-00:00:01", "1 year 2 mons 3 days 04:05:06.789",
	"-1 year -2 mons +3 days -04:05:06.789", "1 mon -1 days", "-1 mon 1 day 00:00:00.000001", "1 year", "-1 year 1 mon",
	"178956970 years 7 mons", "-178956970 years -8 mons", "2147483647 days", "-2147483648 days", "2562047788:00:54.775807", "-2562047788:00:54.775807",
	"00:00:00.5", "1.5 hours", "99 years 11 mons 29 days 23:59:59.999999", "7 days", "13 mons", "1000 years", "1 microsecond",
}

var intervalTexts = append([]string{
	"1 day 02:03:04", "P1DT2H", "@ 1 day ago", "@ 1 day 2 hours ago", "1-2", "-1-2", "+1-2", "1-2 3 4:5:6", "1 12:34", "1 2:03:04.5678", "1.5 days", "1.5 months", "1.5 years", "1.1 years",
	"1.5 weeks", "0.3 decades", "1.25 centuries", "0.001 millennium", "2 weeks", "3 w", "1 y 2 mon 3 d 4 h 5 m 6 s", "1y2mon3d", "1 yr 2 yrs", "1 ms", "1.5 ms", "1.5 us", "15 msec 3 usec",
	"1 microseconds", "2 milliseconds", "1 quarter", "1 century", "2 centuries", "1 decade", "1 mil", "1 c", "1 dec",
	"", " ", "1", "1.5", "-1.5", "+2", "1 2", "1:2", "1:2:3", "1:2.5", "12:34:56.7891234", "-1:2:3", "+1:2:3", "1:60", "1:59:60", "1:59:61", "100:00", "day", "1 day 2 days",
	"1 dayx", "1 fortnight", "ago", "1 ago", "epoch", "now", "1 dow", "1 julian", "1 j",
	"P1Y2M3DT4H5M6S", "P1Y", "P1M", "P1W", "P1D", "PT1M", "PT1S", "PT0.5S", "P0.5Y", "P0.5M", "P0.5W", "P0.5D", "PT1.5H", "P-1Y-2M3DT-4H", "P0001-02-03T04:05:06", "P1-2", "P1-2-3", "P1", "P12",
	"P00010203T040506", "P00010203", "PT040506", "PT04:05:06.5", "PT04:05", "PT4", "PT", "P", "p1d", "P1S", "PT1D", "P1Y2", "P1H", "P1e2D", "P1e20D", "P1DT", "PX", "P1DX", "P 1D",
	"1e3 days", "1 day,2 hours", "1 day, 2 hours", "1 day and 2 hours", "1-13", "1-12", "1-2-3", "1-", "1-2 days", "3 days 1-2",
	"99999999999 days", "9999999999999999999 days", "2147483648 months", "200000000 years", "-200000000 years", "99999999999999 hours", "3000000000 seconds", "9223372036854775807 us", "9223372036854775808 us",
	"2147483647 years", "178956970 years 8 mons", "2562047788:00:54.775808", "2562047788:01", "1 day -1 hour", "-1 day +02:03", "- 1 day", "+ 1 day", "-1 day -02:03", "1 day 1 hour 1:00", "1 hour 1:00",
	"0.5 day 0.5 hour", "0.1 mon", "0.333333333333 mon", "2.75 mons 1.3 days", "1 day 5", "5 1:00", "1 2 3", "1 second 2 seconds", "1.5 seconds 3 ms", "1 second 3 ms 4 us",
	"1 day\t2 hours\n", "1 DAY 2 HOURS AGO", "@@ 1 day", "1 day;", "(1 day)", "1 day é", "1 d'ay", "1 mon 1 month", ".5 day", "-.5 day", "1. day", "1.5.5 days", "1 timezone", "1d2h", "1 h30m",
	"3 years 2 months ago", "-3 years ago", "1 year -2 months", "0.000001 s", "0.0000005 s", "0.0000015 s", "1.0000005 s",
	"1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day 1 day", "1 century ago", "1 mon 2 mons", "10:00 pm",
}, intervalEdges...)

func randomIntervals(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 3))
	var out []string
	for range n {
		size := []int{10, 100, 10000}[r.IntN(3)]
		out = append(out, fmt.Sprintf("%d mons %d days %d us", r.IntN(2*size)-size, r.IntN(2*size)-size, r.Int64N(int64(size)*1e9)-int64(size)*5e8))
	}
	return out
}

var factors = []string{"0", "1", "-1", "2", "0.5", "1.5", "-0.1", "3", "7", "1e-3", "0.333333333333333", "1e6", "1e10", "-1e12", "1e300", "NaN", "Infinity", "12.25"}

func intervalOf(s string) datum.Span {
	v, err := datum.ParseInterval([]byte(s))
	if err != nil {
		panic(err)
	}
	return v
}

func intervalText(s datum.Span) string { return string(datum.AppendInterval(nil, s)) }

func intervalTimesFloat(f func(s datum.Span, f float64) (datum.Span, *datum.Error)) func([]string) string {
	return func(args []string) string {
		x, _ := datum.ParseFloat([]byte(args[1]), datum.Float8)
		s, err := f(intervalOf(args[0]), x)
		return answer(s, err, intervalText)
	}
}

func twoIntervals(f func(a, b datum.Span) (datum.Span, *datum.Error)) func([]string) string {
	return func(args []string) string {
		s, err := f(intervalOf(args[0]), intervalOf(args[1]))
		return answer(s, err, intervalText)
	}
}

func intervalPairs() [][]string {
	pairs := cross(intervalEdges, intervalEdges)
	a, b := randomIntervals(1, 150), randomIntervals(2, 150)
	for i := range a {
		pairs = append(pairs, []string{a[i], b[i]})
	}
	return pairs
}

func intervalFactors() [][]string {
	return cross(append(randomIntervals(3, 60), intervalEdges...), factors)
}

var units = []string{
	"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium", "MONTH", "Months", "usec", "centuries",
	"timezone", "timezone_hour", "timezone_minute", "epoch", "dow", "isodow", "doy", "isoyear", "julian", "nonsense", "", "mm", "j", "y", "at", "microsecondsx",
}

func nullable[T any](v T, ok bool, err *datum.Error, text func(T) string) string {
	if err == nil && !ok {
		return "NULL"
	}
	return answer(v, err, text)
}

var intervalOperations = []operation{
	{
		name: "parse", sql: "{1}::interval", args: func() [][]string { return each(append(randomIntervals(4, 200), intervalTexts...)) },
		run: func(args []string) string {
			s, err := datum.ParseInterval([]byte(args[0]))
			return answer(s, err, intervalText)
		},
	},
	{name: "mul", sql: "{1}::interval * {2}::float8", args: intervalFactors, run: intervalTimesFloat(datum.Span.Mul)},
	{name: "div", sql: "{1}::interval / {2}::float8", args: intervalFactors, run: intervalTimesFloat(datum.Span.Div)},
	{name: "add", sql: "{1}::interval + {2}::interval", args: intervalPairs, run: twoIntervals(datum.Span.Add)},
	{name: "sub", sql: "{1}::interval - {2}::interval", args: intervalPairs, run: twoIntervals(datum.Span.Sub)},
	{name: "cmp", sql: "interval_cmp({1}, {2})", args: intervalPairs, run: func(args []string) string {
		return strconv.Itoa(intervalOf(args[0]).Cmp(intervalOf(args[1])))
	}},
	{name: "neg", sql: "-({1}::interval)", args: func() [][]string { return each(intervalEdges) }, run: func(args []string) string {
		s, err := intervalOf(args[0]).Neg()
		return answer(s, err, intervalText)
	}},
	{
		name: "date_trunc", sql: "date_trunc({1}, {2}::interval)", args: func() [][]string { return cross(units, append(randomIntervals(5, 10), intervalEdges...)) },
		run: func(args []string) string {
			s, err := datum.DateTruncInterval(args[0], intervalOf(args[1]))
			return answer(s, err, intervalText)
		},
	},
	{
		name: "extract", sql: "extract({1} from {2}::interval)", args: func() [][]string { return cross(units, append(randomIntervals(6, 10), intervalEdges...)) },
		run: func(args []string) string {
			d, ok, err := datum.ExtractInterval(args[0], intervalOf(args[1]))
			return nullable(d, ok, err, datum.Decimal.String)
		},
	},
	{
		name: "date_part", sql: "date_part({1}, {2}::interval)", args: func() [][]string { return cross(units, append(randomIntervals(7, 10), intervalEdges...)) },
		run: func(args []string) string {
			f, ok, err := datum.DatePartInterval(args[0], intervalOf(args[1]))
			return nullable(f, ok, err, float8Text)
		},
	},
}
