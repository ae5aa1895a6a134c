package datum

import "time"

// ExtractTimestamp is EXTRACT(field FROM timestamp); ok is false where the
// result is NULL, as for the hour of infinity.
func ExtractTimestamp(field string, ts int64) (d Decimal, ok bool, err *Error) {
	return extractTimestamp(field, ts, 0, Timestamp)
}

// ExtractTimestampTZ is EXTRACT(field FROM timestamptz) in a zone.
func ExtractTimestampTZ(field string, ts int64, zone *time.Location) (d Decimal, ok bool, err *Error) {
	offset := 0
	if isFinite(ts) {
		offset = offsetAt(ts, zone)
	}
	return extractTimestamp(field, ts, offset, TimestampTZ)
}

func extractTimestamp(field string, ts int64, offset int, t Type) (Decimal, bool, *Error) {
	name := lowerUnit(field)
	u := lookupField([]byte(name))
	if u == unitUnknown {
		return Decimal{}, false, errUnitUnknown(name, t)
	}
	if !isFinite(ts) {
		return infiniteField(u, ts, unitMicrosecond, name, t)
	}
	if t == Timestamp && (u == unitZone || u == unitZoneHour || u == unitZoneMinute) {
		return Decimal{}, false, errUnitUnsupported(name, t)
	}
	local := ts + int64(offset)*microsPerSecond
	days := floorDiv(local, microsPerDay)
	inDay := local - days*microsPerDay
	switch u {
	case unitMicrosecond:
		return DecimalFromInt(inDay % microsPerMinute), true, nil
	case unitMillisecond:
		return Decimal{small: inDay % microsPerMinute, scale: 3}, true, nil
	case unitSecond:
		return Decimal{small: inDay % microsPerMinute, scale: 6}, true, nil
	case unitMinute:
		return DecimalFromInt(inDay / microsPerMinute % 60), true, nil
	case unitHour:
		return DecimalFromInt(inDay / microsPerHour), true, nil
	case unitZone:
		return DecimalFromInt(int64(offset)), true, nil
	case unitZoneHour:
		return DecimalFromInt(int64(offset / 3600)), true, nil
	case unitZoneMinute:
		return DecimalFromInt(int64(offset / 60 % 60)), true, nil
	case unitEpoch:
		d, err := epochOf(ts)
		return d, true, err
	case unitJulian:
		d, err := DecimalFromInt(inDay).Div(DecimalFromInt(microsPerDay))
		if err == nil {
			d, err = d.Add(DecimalFromInt(days + epochJulian))
		}
		return d, true, err
	}
	if v, ok := fieldOfDay(u, days); ok {
		return DecimalFromInt(v), true, nil
	}
	return Decimal{}, false, errUnitUnsupported(name, t)
}

// epochOf returns the seconds since 1970. Where their microseconds exceed an int64
// PostgreSQL divides, and rounds to the digits of a quotient.
func epochOf(ts int64) (Decimal, *Error) {
	if micros, ok := addInt(ts, -unixEpochDays*microsPerDay); ok {
		return Decimal{small: micros, scale: 6}, nil
	}
	d, err := DecimalFromInt(ts).Sub(DecimalFromInt(unixEpochDays * microsPerDay))
	if err == nil {
		d, err = d.Div(DecimalFromInt(microsPerSecond))
	}
	if err != nil {
		return Decimal{}, err
	}
	return d.Round(6)
}

// ExtractDate is EXTRACT(field FROM date). A date has no hour.
func ExtractDate(field string, days int64) (d Decimal, ok bool, err *Error) {
	name := lowerUnit(field)
	u := lookupField([]byte(name))
	switch {
	case u == unitUnknown:
		return Decimal{}, false, errUnitUnknown(name, Date)
	case !isFiniteDate(days):
		return infiniteField(u, days, unitDay, name, Date)
	case u == unitEpoch:
		return DecimalFromInt((days - unixEpochDays) * secondsPerDay), true, nil
	case u == unitJulian:
		return DecimalFromInt(days + epochJulian), true, nil
	}
	if v, ok := fieldOfDay(u, days); ok {
		return DecimalFromInt(v), true, nil
	}
	return Decimal{}, false, errUnitUnsupported(name, Date)
}

// infiniteField is NULL for the fields that go round, from least on, and ±infinity for those that only grow.
func infiniteField(u unit, sign int64, least unit, name string, t Type) (Decimal, bool, *Error) {
	switch u {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitISOYear, unitEpoch:
		if sign < 0 {
			return DecimalInf(-1), true, nil
		}
		return DecimalInf(1), true, nil
	}
	if u < least || t == Date && (u == unitZone || u == unitZoneHour || u == unitZoneMinute) {
		return Decimal{}, false, errUnitUnsupported(name, t)
	}
	return Decimal{}, false, nil
}

// fieldOfDay returns the fields that a date has.
func fieldOfDay(u unit, days int64) (v int64, ok bool) {
	y, month, day := CivilFromDays(days)
	year := int64(y)
	switch u {
	case unitDay:
		return int64(day), true
	case unitMonth:
		return int64(month), true
	case unitQuarter:
		return int64(month-1)/3 + 1, true
	case unitWeek:
		_, week := isoWeek(days)
		return week, true
	case unitYear:
		return withoutYearZero(year), true
	case unitDecade:
		return floorDiv(year, 10), true
	case unitCentury:
		return withoutYearZero(floorDiv(year-1, 100) + 1), true
	case unitMillennium:
		return withoutYearZero(floorDiv(year-1, 1000) + 1), true
	case unitISOYear:
		isoYear, _ := isoWeek(days)
		return withoutYearZero(isoYear), true
	case unitDayOfWeek:
		return (isoWeekday(days) + 1) % 7, true
	case unitISODayOfWeek:
		return isoWeekday(days) + 1, true
	case unitDayOfYear:
		return days - DaysFromCivil(y, 1, 1) + 1, true
	}
	return 0, false
}

// withoutYearZero numbers what lies before year 1 from -1 down.
func withoutYearZero(v int64) int64 {
	if v <= 0 {
		return v - 1
	}
	return v
}

// isoWeek returns the ISO 8601 year and week: those of the week's Thursday.
func isoWeek(days int64) (year, week int64) {
	thursday := days - isoWeekday(days) + 3
	y, _, _ := CivilFromDays(thursday)
	return int64(y), (thursday-DaysFromCivil(y, 1, 1))/7 + 1
}

// ExtractInterval is EXTRACT(field FROM interval).
func ExtractInterval(field string, s Span) (d Decimal, ok bool, err *Error) {
	name := lowerUnit(field)
	u := lookupField([]byte(name))
	year := int64(s.Months / monthsPerYear)
	switch u {
	case unitUnknown:
		return Decimal{}, false, errUnitUnknown(name, Interval)
	case unitMicrosecond:
		return DecimalFromInt(s.Micros % microsPerMinute), true, nil
	case unitMillisecond:
		return Decimal{small: s.Micros % microsPerMinute, scale: 3}, true, nil
	case unitSecond:
		return Decimal{small: s.Micros % microsPerMinute, scale: 6}, true, nil
	case unitMinute:
		return DecimalFromInt(s.Micros / microsPerMinute % 60), true, nil
	case unitHour:
		return DecimalFromInt(s.Micros / microsPerHour), true, nil
	case unitDay:
		return DecimalFromInt(int64(s.Days)), true, nil
	case unitMonth:
		return DecimalFromInt(int64(s.Months % monthsPerYear)), true, nil
	case unitQuarter:
		return DecimalFromInt(int64(s.Months%monthsPerYear)/3 + 1), true, nil
	case unitYear:
		return DecimalFromInt(year), true, nil
	case unitDecade:
		return DecimalFromInt(year / 10), true, nil
	case unitCentury:
		return DecimalFromInt(year / 100), true, nil
	case unitMillennium:
		return DecimalFromInt(year / 1000), true, nil
	case unitEpoch:
		d, err := Decimal{small: s.Micros, scale: 6}.Add(DecimalFromInt(s.daySeconds()))
		return d, true, err
	}
	return Decimal{}, false, errUnitUnsupported(name, Interval)
}

// daySeconds returns the seconds of years of 365.25 days, months of 30 and days.
func (s Span) daySeconds() int64 {
	quarterDays := 1461*int64(s.Months/monthsPerYear) + 120*int64(s.Months%monthsPerYear) + 4*int64(s.Days)
	return quarterDays * (secondsPerDay / 4)
}
