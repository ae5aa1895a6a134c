package datum

import "time"

// DateTruncTimestamp is date_trunc(unit, timestamp).
func DateTruncTimestamp(unit string, ts int64) (int64, *Error) {
	return truncTimestamp(unit, ts, time.UTC, Timestamp)
}

// DateTruncTimestampTZ is date_trunc(unit, timestamptz) in a zone: the session's,
// or date_trunc's third argument.
func DateTruncTimestampTZ(unit string, ts int64, zone *time.Location) (int64, *Error) {
	return truncTimestamp(unit, ts, zone, TimestampTZ)
}

func truncTimestamp(name string, ts int64, zone *time.Location, t Type) (int64, *Error) {
	if !isFinite(ts) {
		return ts, nil
	}
	name = lowerUnit(name)
	u := lookupUnit([]byte(name))
	switch u {
	case unitUnknown:
		return 0, errUnitUnknown(name, t)
	case unitZone, unitZoneHour, unitZoneMinute:
		return 0, errUnitUnsupported(name, t)
	}
	offset := int64(offsetAt(ts, zone)) * microsPerSecond
	local := ts + offset
	if u < unitDay { // the offset stays, even where the clocks change within the hour
		step := [...]int64{
			unitMicrosecond: 1, unitMillisecond: 1000, unitSecond: microsPerSecond,
			unitMinute: microsPerMinute, unitHour: microsPerHour,
		}[u]
		local = floorDiv(local, step) * step
		return checkTimestamp(local - offset)
	}
	days := floorDiv(local, microsPerDay)
	local, ok := mulInt(truncDays(u, days), microsPerDay)
	if !ok {
		return 0, errTimestampRange()
	}
	return checkTimestamp(localToUTC(local, zone))
}

func checkTimestamp(ts int64) (int64, *Error) {
	if !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// truncDays goes back to the first day of a day's week, month, …, millennium.
func truncDays(u unit, days int64) int64 {
	switch u {
	case unitDay:
		return days
	case unitWeek:
		return days - isoWeekday(days)
	}
	year, month, _ := CivilFromDays(days)
	switch u {
	case unitMonth:
		return DaysFromCivil(year, month, 1)
	case unitQuarter:
		return DaysFromCivil(year, (month-1)/3*3+1, 1)
	case unitDecade:
		year = int(floorDiv(int64(year), 10)) * 10
	case unitCentury: // from year 1, 101, … and, before, from 100 BC, which is -99
		year = int(floorDiv(int64(year)-1, 100))*100 + 1
	case unitMillennium:
		year = int(floorDiv(int64(year)-1, 1000))*1000 + 1
	}
	return DaysFromCivil(year, 1, 1)
}

// isoWeekday returns 0 for Monday to 6 for Sunday. 2000-01-01 was a Saturday.
func isoWeekday(days int64) int64 {
	w := days + 5
	return w - floorDiv(w, 7)*7
}

// DateTruncInterval is date_trunc(unit, interval).
func DateTruncInterval(unit string, s Span) (Span, *Error) {
	name := lowerUnit(unit)
	months := func(n int32) (Span, *Error) { return Span{Months: s.Months / n * n}, nil }
	micros := func(n int64) (Span, *Error) {
		return Span{Months: s.Months, Days: s.Days, Micros: s.Micros / n * n}, nil
	}
	switch u := lookupUnit([]byte(name)); u {
	case unitUnknown:
		return Span{}, errUnitUnknown(name, Interval)
	case unitMillennium:
		return months(1000 * monthsPerYear)
	case unitCentury:
		return months(100 * monthsPerYear)
	case unitDecade:
		return months(10 * monthsPerYear)
	case unitYear:
		return months(monthsPerYear)
	case unitQuarter:
		return months(3)
	case unitMonth:
		return months(1)
	case unitDay:
		return Span{Months: s.Months, Days: s.Days}, nil
	case unitHour:
		return micros(microsPerHour)
	case unitMinute:
		return micros(microsPerMinute)
	case unitSecond:
		return micros(microsPerSecond)
	case unitMillisecond:
		return micros(1000)
	case unitMicrosecond:
		return s, nil
	case unitWeek:
		err := errUnitUnsupported(name, Interval)
		err.Detail = "Months usually have fractional weeks."
		return Span{}, err
	}
	return Span{}, errUnitUnsupported(name, Interval)
}
