package datum

import "time"

// ParseDate reads a date as date_in does with DateStyle ISO, MDY. today, now and
// their like are refused: a continuous view must read a record the same way
// whenever it reads it.
func ParseDate(s []byte) (int64, *Error) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		if days, ok := parseISODate(s); ok {
			return days, nil
		}
	}
	var p dateParser
	if err := p.run(s, Date, time.UTC); err != nil {
		return 0, err
	}
	switch p.special {
	case wordInfinity:
		return DateInfinity, nil
	case wordNegInfinity:
		return DateNegInfinity, nil
	case wordEpoch:
		return unixEpochDays, nil
	}
	if p.c.validJulian() {
		if days := DaysFromCivil(p.c.year, p.c.month, p.c.day); validDate(days) {
			return days, nil
		}
	}
	return 0, Errorf(CodeDatetimeOverflow, "date out of range: \"%s\"", s)
}

// ParseTimestamp reads a timestamp without time zone as timestamp_in does; a zone
// in the text is checked and ignored.
func ParseTimestamp(s []byte) (int64, *Error) {
	if ts, n, ok := parseISOTimestamp(s); ok && n == len(s) {
		return ts, nil
	}
	return parseTimestamp(s, Timestamp, time.UTC)
}

// ParseTimestampTZ reads a timestamp with time zone as timestamptz_in does; zone
// is that of text which names none.
func ParseTimestampTZ(s []byte, zone *time.Location) (int64, *Error) {
	if ts, n, ok := parseISOTimestamp(s); ok {
		if n == len(s) {
			if ts = localToUTC(ts, zone); validTimestamp(ts) {
				return ts, nil
			}
		} else if offset, ok := parseISOOffset(s[n:]); ok {
			if ts -= int64(offset) * microsPerSecond; validTimestamp(ts) {
				return ts, nil
			}
		}
	}
	return parseTimestamp(s, TimestampTZ, zone)
}

func parseTimestamp(s []byte, t Type, zone *time.Location) (int64, *Error) {
	var p dateParser
	if err := p.run(s, t, zone); err != nil {
		return 0, err
	}
	switch p.special {
	case wordInfinity:
		return TimestampInfinity, nil
	case wordNegInfinity:
		return TimestampNegInfinity, nil
	case wordEpoch:
		return unixEpochDays * microsPerDay, nil
	}
	if p.c.validJulian() {
		days := DaysFromCivil(p.c.year, p.c.month, p.c.day)
		ts, ok := mulAdd(days, microsPerDay, p.c.timeOfDay())
		if ok && t == TimestampTZ {
			ts, ok = addInt(ts, -int64(p.offset(ts))*microsPerSecond)
		}
		if ok && validTimestamp(ts) {
			return ts, nil
		}
	}
	return 0, Errorf(CodeDatetimeOverflow, "timestamp out of range: \"%s\"", s)
}

// parseISODate reads YYYY-MM-DD at the start of s; ok is false for anything
// unusual, which the general parser then judges.
func parseISODate(s []byte) (days int64, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	hi, ok1 := twoDigits(s)
	lo, ok2 := twoDigits(s[2:])
	month, ok3 := twoDigits(s[5:])
	day, ok4 := twoDigits(s[8:])
	year := 100*hi + lo
	if !ok1 || !ok2 || !ok3 || !ok4 || year == 0 || month < 1 || month > 12 ||
		day < 1 || day > daysInMonth(year, month) {
		return 0, false
	}
	return DaysFromCivil(year, month, day), true
}

// parseISOTimestamp reads YYYY-MM-DD{T| }HH:MM:SS[.f…] with at most six digits of
// fraction, and says how many bytes that took.
func parseISOTimestamp(s []byte) (ts int64, n int, ok bool) {
	days, ok := parseISODate(s)
	if !ok || len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, 0, false
	}
	hour, ok1 := twoDigits(s[11:])
	minute, ok2 := twoDigits(s[14:])
	second, ok3 := twoDigits(s[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, 0, false
	}
	ts = days*microsPerDay + int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(second)*microsPerSecond
	n = 19
	if n < len(s) && s[n] == '.' {
		n++
		unit := int64(microsPerSecond)
		for n < len(s) && isDigit(s[n]) {
			if unit /= 10; unit == 0 {
				return 0, 0, false
			}
			ts += int64(s[n]-'0') * unit
			n++
		}
	}
	return ts, n, true
}

// parseISOOffset reads Z, ±hh or ±hh:mm, in seconds east of UTC.
func parseISOOffset(s []byte) (east int, ok bool) {
	if len(s) == 1 && s[0] == 'Z' {
		return 0, true
	}
	if len(s) != 3 && (len(s) != 6 || s[3] != ':') || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hour, ok := twoDigits(s[1:])
	if !ok || hour > maxZoneHours {
		return 0, false
	}
	minute := 0
	if len(s) == 6 {
		if minute, ok = twoDigits(s[4:]); !ok || minute > 59 {
			return 0, false
		}
	}
	if east = (hour*60 + minute) * 60; s[0] == '-' {
		east = -east
	}
	return east, true
}

func twoDigits(s []byte) (v int, ok bool) {
	return int(s[0]-'0')*10 + int(s[1]-'0'), isDigit(s[0]) && isDigit(s[1])
}
