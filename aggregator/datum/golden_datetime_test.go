package datum_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

var timestampEdges = []string{
	"2000-01-01 00:00:00", "1970-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "2023-03-26 01:59:59", "2023-03-26 02:30:00", "2023-10-29 02:30:00",
	"2023-03-12 02:30:00", "2023-11-05 01:30:00", "0001-01-01 00:00:00", "0001-12-31 00:00:00 BC", "0044-03-15 12:00:00 BC", "4713-01-02 00:00:00 BC", "4714-11-24 00:00:00 BC",
	"294276-12-31 23:59:59.999999", "infinity", "-infinity", "2001-01-31 10:00:00", "2000-12-31 00:00:00", "1900-01-01 00:00:00", "1901-01-01 00:00:01", "2100-06-15 12:00:00",
	"2026-01-01 00:00:00", "2020-12-28 00:00:00", "2021-01-03 23:59:59", "1582-10-15 00:00:00", "2038-01-19 03:14:08", "0100-01-01 00:00:00 BC", "1000-12-31 00:00:00", "2500-07-01 00:00:00", "1893-03-31 23:59:59",
}

var dateEdges = []string{
	"2000-01-01", "1970-01-01", "1999-12-31", "2024-02-29", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity", "294276-12-31", "294277-01-01", "2023-03-26", "2020-12-31",
}

var datetimeTexts = append(append([]string{
	"2001-01-05", "2001-1-5", "01-05-2001", "1/5/2001", "1-5-01", "1/5/69", "1/5/70", "Jan 5 2001", "Jan 5, 2001", "5 Jan 2001", "January 5 2001", "Jan-5-2001", "5-Jan-2001", "2001-Jan-05", "2001 Jan 5", "05-jan-01", "01-jan-05", "jan 5 01",
	"20010105", "010105", "20010105T101112", "20010105 101112", "20010105T101112.345", "2001-01-05T10:11:12", "2001-01-05t10:11:12z", "2001-01-05T10:11:12.345678Z", "2001-01-05T10:11:12.3456789Z", "2001-01-05 10:11", "2001-01-05 10",
	"2001-01-05 10:11:12+02", "2001-01-05 10:11:12 +02", "2001-01-05 10:11:12+02:30", "2001-01-05 10:11:12-0230", "2001-01-05 10:11:12+02:30:15", "2001-01-05 10:11:12 +15:59", "2001-01-05 10:11:12 +16", "2001-01-05 10:11:12 +2:60", "2001-01-05 +02",
	"2001-01-05 10:11:12 UTC", "2001-01-05 10:11:12 GMT", "2001-01-05 10:11:12 EST", "2001-07-05 10:11:12 PDT", "2001-01-05 10:11:12 CEST", "2001-01-05 10:11:12 Europe/Berlin", "2001-07-05 10:11:12 America/New_York", "2001-07-05 10:11:12 america/new_york",
	"2001-07-05 10:11:12 Nowhere/Nothing", "2001-07-05 10:11:12 XYZ", "2001-07-05 10:11:12 zulu", "2023-03-26 02:30:00 Europe/Berlin", "2023-10-29 02:30:00 Europe/Berlin", "2001-01-05 Asia/Kolkata", "2001-01-05 10:11:12 America/Port_of_Spain",
	"infinity", "-infinity", "Infinity", "INFINITY", "epoch", "Epoch", "infinity 2001-01-01", "2001-01-05 BC", "2001-01-05 10:11:12 BC", "2001-01-05 AD", "0000-01-01", "0001-01-01 BC", "4714-11-24 BC", "4714-11-23 BC", "4715-01-01 BC",
	"5874897-12-31", "5874898-01-01", "294276-12-31 23:59:59.999999", "294277-01-01", "294276-12-31 23:59:59.9999999", "99999999-01-01", "999999999999-01-01",
	"", " ", "abc", "2001", "2001-01", "2001-13-01", "2001-00-01", "2001-01-32", "2001-01-00", "2001-02-29", "2000-02-29", "1900-02-29", "2001-02-30", "13/13/2001", "31/12/2001", "2001-01-05 24:00:00", "2001-01-05 24:00:01", "2001-01-05 25:00:00", "2001-01-05 23:60:00",
	"2001-01-05 23:59:60", "2001-01-05 23:59:60.5", "2001-01-05 23:59:61", "2001-01-05 10:11:12.9999995", "2001-01-05 23:59:59.9999999", "2001-01-05 10:11:12.0000005", "2001-01-05 10:11:12.0000015", "2001-01-05 10:11:12.",
	"2001-01-05 10:11:12 AM", "2001-01-05 10:11:12 pm", "2001-01-05 12:11 am", "2001-01-05 12:11 PM", "2001-01-05 13:11 pm", "2001-01-05 0:11 pm", "Fri Jan 5 2001", "Friday, January 5, 2001", "Fri Jan 05 10:11:12 2001 UTC", "Fri Jan 05 10:11:12 2001", "Jan 5 10:11:12 2001",
	"2001.005", "2001-005", "2001005", "2001.366", "2001.5.1", "5.1.2001", "J2451915", "j2451915.5", "julian 2451915", "JD 2451915 10:00", "j-1", "allballs", "2001-01-05 allballs",
	"10:11:12", "2001-01-05 2001-01-06", "2001-01-05 10:11 10:12", "2001-01-05T", "T10:11", "2001-01-05 T10:11", "2001-01-05 on 10:11", "2001-01-05 at 10:11", "2001-01-05x", "2001-01-05 x", "2001/01/05", "2001/1/5 10:11", "2001-01/05", "01/05-2001",
	" 2001-01-05 ", "\t2001-01-05\n", "(2001-01-05)", "2001-01-05;", "2001,01,05", "2001 01 05", "01 05 2001", "2001--01-05", "2001-01-05-", "-2001-01-05", "+2001-01-05", "2001-01-05 -", "20010105 10", "20011305", "20010132", "200101051011", "123", "12345", "123456", "1234567", "12345678", "123456789",
	"2001-01-05 101112", "2001-01-05 1011", "2001-01-05 101112.5", "2001-01-05T1011", "2001-01-05 101112-02", "2001-01-05T101112+02", "20010105101112", "1 1 1", "99 1 1", "1 1 99", "100 1 1", "2001-01-05é", "2001-01-05 10:11:12,5", "Jan 2001", "Jan 5", "5 2001 Jan",
	"Mar", "mar 5 2001", "sat 5 2001", "sept 5 2001", "Sept-05-2001", "septembre 5 2001", "2001-09-05 dst", "2001-09-05 10:00 EST DST", "1-1-1 BC", "1/1/1", "0-1-1", "00-01-01", "2001-01-05 10:11:12.123456789012", "2001-01-05 1:2:3", "2001-01-05 1:2", "2001-01-05 01:02:03 Z", "2001-01-05 10:11:12 +0000", "2001-01-05 10:11:12 -00",
	"1999-01-08 04:05:06 -8:00", "January 8, 99 BC", "19990108", "990108", "1999.008", "J2451187", "Jan-08-1999", "08-Jan-1999", "99-Jan-08", "08-Jan-99", "Jan-08-99", "2001-01-05 04:05:06.789-8", "04:05:06 2001-01-05", "2001-01-05 040506+0730", "1 Feb 2001 3 Mar",
	strings.Repeat(" ", 200) + "2001-01-05", "2001-01-05 10:11:12." + strings.Repeat("1", 90), "2001-01-05 10:11:12." + strings.Repeat("1", 160), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26",
}, timestampEdges...), dateEdges...)

// volatile words, which PostgreSQL reads and this package refuses, stand in parse_test.go.

var zones = []string{"UTC", "Europe/Berlin", "America/New_York"}

func randomTimestamps(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 4))
	var out []string
	for i := range n {
		var ts int64
		switch i % 4 {
		case 0: // anywhere
			ts = r.Int64N(9e18) - 211813488000000000
		case 1: // this century, near the quarter hours of clock changes too
			ts = r.Int64N(3e15) - 1e15
		case 2:
			ts = (r.Int64N(3300000) - 1100000) * 900 * 1e6
		default: // late March, October, November
			month := []time.Month{time.March, time.October, time.November}[r.IntN(3)]
			at := time.Date(1975+r.IntN(80), month, 1+r.IntN(31), r.IntN(4), r.IntN(4)*15, 0, 0, time.UTC)
			ts = at.UnixMicro() - 946684800e6
		}
		out = append(out, string(datum.AppendTimestamp(nil, ts)))
	}
	return out
}

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func timestampOf(s string) int64 {
	ts, err := datum.ParseTimestamp([]byte(s))
	if err != nil {
		panic(err)
	}
	return ts
}

func dateOf(s string) int64 {
	d, err := datum.ParseDate([]byte(s))
	if err != nil {
		panic(err)
	}
	return d
}

func timestampText(ts int64) string { return string(datum.AppendTimestamp(nil, ts)) }
func dateText(d int64) string       { return string(datum.AppendDate(nil, d)) }

func timestampPlus(f func(ts int64, s datum.Span) (int64, *datum.Error)) func([]string) string {
	return func(args []string) string {
		ts, err := f(timestampOf(args[0]), intervalOf(args[1]))
		return answer(ts, err, timestampText)
	}
}

var steps = []string{
	"1 mon", "-1 mon", "12 mons", "1 day", "-1 day", "24:00:00", "-00:00:01", "1 year 2 mons 3 days 04:05:06.789", "-1 mon 1 day 02:00:00", "300000 years", "-300000 years", "100000000 days", "-2147483648 days", "178956970 years 7 mons",
	"2562047788:00:54.775807", "11 mons", "13 mons -1 days", "0", "00:30:00", "-6 mons",
}

func timestampSteps() [][]string {
	return cross(append(randomTimestamps(1, 30), timestampEdges...), steps)
}

func unitTimestamps() [][]string {
	return thinned(2, cross(units, append(randomTimestamps(2, 24), timestampEdges...)))
}

var datetimeOperations = []operation{
	{name: "date", sql: "{1}::date", args: func() [][]string { return each(datetimeTexts) }, run: func(args []string) string {
		d, err := datum.ParseDate([]byte(args[0]))
		return answer(d, err, dateText)
	}},
	{name: "timestamp", sql: "{1}::timestamp", args: func() [][]string { return each(append(randomTimestamps(3, 200), datetimeTexts...)) }, run: func(args []string) string {
		ts, err := datum.ParseTimestamp([]byte(args[0]))
		return answer(ts, err, timestampText)
	}},
	{name: "date_trunc", sql: "date_trunc({1}, {2}::timestamp)", args: unitTimestamps, run: func(args []string) string {
		ts, err := datum.DateTruncTimestamp(args[0], timestampOf(args[1]))
		return answer(ts, err, timestampText)
	}},
	{name: "extract", sql: "extract({1} from {2}::timestamp)", args: unitTimestamps, run: func(args []string) string {
		d, ok, err := datum.ExtractTimestamp(args[0], timestampOf(args[1]))
		return nullable(d, ok, err, datum.Decimal.String)
	}},
	{name: "date_part", sql: "date_part({1}, {2}::timestamp)", args: unitTimestamps, run: func(args []string) string {
		f, ok, err := datum.DatePartTimestamp(args[0], timestampOf(args[1]))
		return nullable(f, ok, err, float8Text)
	}},
	{name: "date.extract", sql: "extract({1} from {2}::date)", args: func() [][]string { return cross(units, dateEdges) }, run: func(args []string) string {
		d, ok, err := datum.ExtractDate(args[0], dateOf(args[1]))
		return nullable(d, ok, err, datum.Decimal.String)
	}},
	{name: "date.date_part", sql: "date_part({1}, {2}::date)", args: func() [][]string { return cross(units, dateEdges) }, run: func(args []string) string {
		f, ok, err := datum.DatePartDate(args[0], dateOf(args[1]))
		return nullable(f, ok, err, float8Text)
	}},
	{name: "timestamp+interval", sql: "{1}::timestamp + {2}::interval", args: timestampSteps, run: timestampPlus(datum.TimestampAddInterval)},
	{name: "timestamp-interval", sql: "{1}::timestamp - {2}::interval", args: func() [][]string {
		var kept [][]string
		for _, p := range timestampSteps() {
			if p[1] != "-2147483648 days" { // PostgreSQL 15 lets its negation wrap
				kept = append(kept, p)
			}
		}
		return kept
	}, run: timestampPlus(datum.TimestampSubInterval)},
	{
		name: "timestamp-timestamp", sql: "{1}::timestamp - {2}::timestamp", args: func() [][]string {
			return pairsWithin(append(randomTimestamps(4, 15), timestampEdges[:17]...), timestampEdges[:20])
		},
		run: func(args []string) string {
			s, err := datum.TimestampSub(timestampOf(args[0]), timestampOf(args[1]))
			return answer(s, err, intervalText)
		},
	},
	{name: "date+int", sql: "{1}::date + {2}::int", args: func() [][]string {
		return cross(dateEdges, []string{"0", "1", "-1", "2147483647", "-2147483648", "365"})
	}, run: func(args []string) string {
		n, _ := strconv.ParseInt(args[1], 10, 64)
		d, err := datum.DateAdd(dateOf(args[0]), n)
		return answer(d, err, dateText)
	}},
	{name: "date-date", sql: "{1}::date - {2}::date", args: func() [][]string { return cross(dateEdges, dateEdges) }, run: func(args []string) string {
		n, err := datum.DateSub(dateOf(args[0]), dateOf(args[1]))
		return answer(n, err, intText)
	}},
	{name: "date+interval", sql: "{1}::date + {2}::interval", args: func() [][]string { return cross(dateEdges, steps) }, run: func(args []string) string {
		ts, err := datum.DateAddInterval(dateOf(args[0]), intervalOf(args[1]))
		return answer(ts, err, timestampText)
	}},
	{name: "date->timestamp", sql: "{1}::date::timestamp", args: func() [][]string { return each(dateEdges) }, run: func(args []string) string {
		ts, err := datum.DateToTimestamp(dateOf(args[0]))
		return answer(ts, err, timestampText)
	}},
	{name: "timestamp->date", sql: "{1}::timestamp::date", args: func() [][]string { return each(append(randomTimestamps(5, 50), timestampEdges...)) }, run: func(args []string) string {
		d, err := datum.TimestampToDate(timestampOf(args[0]))
		return answer(d, err, dateText)
	}},
}

// zoned puts each zone before each tuple.
func zoned(tuples func() [][]string) func() [][]string {
	return func() (all [][]string) {
		for _, zone := range zones {
			for _, t := range tuples() {
				all = append(all, append([]string{zone}, t...))
			}
		}
		return all
	}
}

// instant reads a timestamptz in the case's zone.
func instant(args []string, i int) (int64, *time.Location) {
	zone := zoneOf(args[0])
	ts, err := datum.ParseTimestampTZ([]byte(args[i]), zone)
	if err != nil {
		panic(fmt.Sprint(args, err))
	}
	return ts, zone
}

func instantText(zone *time.Location) func(int64) string {
	return func(ts int64) string { return string(datum.AppendTimestampTZ(nil, ts, zone)) }
}

// inRange leaves out what some zone moves out of range.
func inRange(texts []string) (kept []string) {
	for _, s := range texts {
		if !strings.HasPrefix(s, "4714") && !strings.HasPrefix(s, "294276-12-31") {
			kept = append(kept, s)
		}
	}
	return kept
}

func instantSteps() [][]string {
	return thinned(2, cross(append(inRange(randomTimestamps(6, 24)), inRange(timestampEdges)...), append(steps[:12:12], "2 hours", "1 mon 00:30:00")))
}

func unitInstants() [][]string {
	return thinned(5, cross(units, append(inRange(randomTimestamps(7, 16)), inRange(timestampEdges)...)))
}

var zonedOperations = []operation{
	{
		name: "timestamptz", sql: "{1}::timestamptz", zoned: true, args: zoned(func() [][]string { return each(append(randomTimestamps(8, 250), datetimeTexts...)) }),
		run: func(args []string) string {
			zone := zoneOf(args[0])
			ts, err := datum.ParseTimestampTZ([]byte(args[1]), zone)
			return answer(ts, err, instantText(zone))
		},
	},
	{name: "date_trunc", sql: "date_trunc({1}, {2}::timestamptz)", zoned: true, args: zoned(unitInstants), run: func(args []string) string {
		ts, zone := instant(args, 2)
		ts, err := datum.DateTruncTimestampTZ(args[1], ts, zone)
		return answer(ts, err, instantText(zone))
	}},
	{name: "extract", sql: "extract({1} from {2}::timestamptz)", zoned: true, args: zoned(unitInstants), run: func(args []string) string {
		ts, zone := instant(args, 2)
		d, ok, err := datum.ExtractTimestampTZ(args[1], ts, zone)
		return nullable(d, ok, err, datum.Decimal.String)
	}},
	{name: "date_part", sql: "date_part({1}, {2}::timestamptz)", zoned: true, args: zoned(unitInstants), run: func(args []string) string {
		ts, zone := instant(args, 2)
		f, ok, err := datum.DatePartTimestampTZ(args[1], ts, zone)
		return nullable(f, ok, err, float8Text)
	}},
	{name: "timestamptz+interval", sql: "{1}::timestamptz + {2}::interval", zoned: true, args: zoned(instantSteps), run: func(args []string) string {
		ts, zone := instant(args, 1)
		ts, err := datum.TimestampTZAddInterval(ts, intervalOf(args[2]), zone)
		return answer(ts, err, instantText(zone))
	}},
	{name: "timestamptz-interval", sql: "{1}::timestamptz - {2}::interval", zoned: true, args: zoned(instantSteps), run: func(args []string) string {
		ts, zone := instant(args, 1)
		ts, err := datum.TimestampTZSubInterval(ts, intervalOf(args[2]), zone)
		return answer(ts, err, instantText(zone))
	}},
	{name: "timestamptz->timestamp", sql: "{1}::timestamptz::timestamp", zoned: true, args: zoned(func() [][]string { return each(inRange(randomTimestamps(9, 100))) }), run: func(args []string) string {
		ts, zone := instant(args, 1)
		ts, err := datum.TimestampTZToTimestamp(ts, zone)
		return answer(ts, err, timestampText)
	}},
	{name: "timestamptz->date", sql: "{1}::timestamptz::date", zoned: true, args: zoned(func() [][]string { return each(inRange(randomTimestamps(10, 100))) }), run: func(args []string) string {
		ts, zone := instant(args, 1)
		d, err := datum.TimestampTZToDate(ts, zone)
		return answer(d, err, dateText)
	}},
	{name: "timestamp->timestamptz", sql: "{1}::timestamp::timestamptz", zoned: true, args: zoned(func() [][]string { return each(append(randomTimestamps(11, 150), timestampEdges...)) }), run: func(args []string) string {
		zone := zoneOf(args[0])
		ts, err := datum.TimestampToTimestampTZ(timestampOf(args[1]), zone)
		return answer(ts, err, instantText(zone))
	}},
	{name: "date->timestamptz", sql: "{1}::date::timestamptz", zoned: true, args: zoned(func() [][]string { return each(dateEdges) }), run: func(args []string) string {
		zone := zoneOf(args[0])
		ts, err := datum.DateToTimestampTZ(dateOf(args[1]), zone)
		return answer(ts, err, instantText(zone))
	}},
}

// pairsWithin leaves out the pairs whose difference PostgreSQL up to 16 lets wrap around.
func pairsWithin(a, b []string) (kept [][]string) {
	for _, p := range cross(a, b) {
		x, y := timestampOf(p[0]), timestampOf(p[1])
		finite := x != datum.TimestampInfinity && x != datum.TimestampNegInfinity && y != datum.TimestampInfinity && y != datum.TimestampNegInfinity
		if d := float64(x) - float64(y); !finite || d > -9.2e18 && d < 9.2e18 {
			kept = append(kept, p)
		}
	}
	return kept
}

// thinned keeps every nth tuple.
func thinned(n int, tuples [][]string) (kept [][]string) {
	for i, t := range tuples {
		if i%n == 0 {
			kept = append(kept, t)
		}
	}
	return kept
}
