package datum

import "time"

// TimestampAddInterval returns timestamp + interval: months first, the day cut
// to the month's length, then days, then time. Infinity stays what it is.
func TimestampAddInterval(ts int64, s Span) (int64, *Error) { return addInterval(ts, s, time.UTC) }

// TimestampSubInterval returns timestamp - interval.
func TimestampSubInterval(ts int64, s Span) (int64, *Error) {
	return TimestampTZSubInterval(ts, s, time.UTC)
}

// TimestampTZAddInterval returns timestamptz + interval: months and days move
// the local time in zone, whatever the clocks do between; time moves the instant.
func TimestampTZAddInterval(ts int64, s Span, zone *time.Location) (int64, *Error) {
	return addInterval(ts, s, zone)
}

// TimestampTZSubInterval returns timestamptz - interval.
func TimestampTZSubInterval(ts int64, s Span, zone *time.Location) (int64, *Error) {
	n, err := s.Neg()
	if err != nil {
		return 0, err
	}
	return addInterval(ts, n, zone)
}

func addInterval(ts int64, s Span, zone *time.Location) (int64, *Error) {
	if !isFinite(ts) {
		return ts, nil
	}
	var ok bool
	if s.Months != 0 {
		c := breakDown(utcToLocal(ts, zone))
		month := int64(c.month) - 1 + int64(s.Months)
		if month > 1<<31-2 {
			return 0, errTimestampRange()
		}
		years := floorDiv(month, monthsPerYear)
		c.year += int(years)
		c.month = int(month-years*monthsPerYear) + 1
		c.day = min(c.day, daysInMonth(c.year, c.month))
		if ts, ok = c.micros(); !ok {
			return 0, errTimestampRange()
		}
		if ts = localToUTC(ts, zone); !validTimestamp(ts) {
			return 0, errTimestampRange()
		}
	}
	if s.Days != 0 {
		local := utcToLocal(ts, zone)
		days := floorDiv(local, microsPerDay)
		if ts, ok = mulAdd(days+int64(s.Days), microsPerDay, local-days*microsPerDay); !ok || !validTimestamp(ts) {
			return 0, errTimestampRange()
		}
		if ts = localToUTC(ts, zone); !validTimestamp(ts) {
			return 0, errTimestampRange()
		}
	}
	if ts, ok = addInt(ts, s.Micros); !ok || !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// TimestampSub returns a - b of two timestamps or two timestamptz: days of 24
// hours and time. Spans beyond 292 thousand years are refused; PostgreSQL up to 16 lets
// them wrap around.
func TimestampSub(a, b int64) (Span, *Error) {
	if !isFinite(a) || !isFinite(b) {
		return Span{}, Errorf(CodeDatetimeOverflow, "cannot subtract infinite timestamps")
	}
	micros := a - b
	if (a^b)&(a^micros) < 0 {
		return Span{}, errIntervalRange()
	}
	return Span{Days: int32(micros / microsPerDay), Micros: micros % microsPerDay}, nil
}

// DateAdd returns date + n days. Infinity stays what it is.
func DateAdd(days, n int64) (int64, *Error) {
	if !isFiniteDate(days) {
		return days, nil
	}
	sum := days + n
	if n != int64(int32(n)) || !validDate(sum) {
		return 0, errDateRange()
	}
	return sum, nil
}

// DateSub returns a - b in days.
func DateSub(a, b int64) (int64, *Error) {
	if !isFiniteDate(a) || !isFiniteDate(b) {
		return 0, Errorf(CodeDatetimeOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil
}

// DateAddInterval returns date + interval, a timestamp.
func DateAddInterval(days int64, s Span) (int64, *Error) {
	ts, err := DateToTimestamp(days)
	if err != nil {
		return 0, err
	}
	return TimestampAddInterval(ts, s)
}

// DateSubInterval returns date - interval, a timestamp.
func DateSubInterval(days int64, s Span) (int64, *Error) {
	ts, err := DateToTimestamp(days)
	if err != nil {
		return 0, err
	}
	return TimestampSubInterval(ts, s)
}
