package datum

import (
	"math"
	"time"
)

// DatePartTimestamp is date_part(field, timestamp): EXTRACT in float8, calculated
// in floating point as PostgreSQL does.
func DatePartTimestamp(field string, ts int64) (f float64, ok bool, err *Error) {
	d, ok, err := ExtractTimestamp(field, ts)
	return partOf(field, ts, ts, d, ok, err)
}

// DatePartTimestampTZ is date_part(field, timestamptz) in a zone.
func DatePartTimestampTZ(field string, ts int64, zone *time.Location) (f float64, ok bool, err *Error) {
	d, ok, err := ExtractTimestampTZ(field, ts, zone)
	local := ts
	if isFinite(ts) {
		local = utcToLocal(ts, zone)
	}
	return partOf(field, ts, local, d, ok, err)
}

// DatePartDate is date_part(field, date): that of the date's midnight.
func DatePartDate(field string, days int64) (f float64, ok bool, err *Error) {
	ts, err := DateToTimestamp(days)
	if err != nil {
		return 0, false, err
	}
	return DatePartTimestamp(field, ts)
}

// DatePartInterval is date_part(field, interval).
func DatePartInterval(field string, s Span) (f float64, ok bool, err *Error) {
	d, ok, err := ExtractInterval(field, s)
	if err != nil || !ok {
		return 0, ok, err
	}
	if lookupField([]byte(lowerUnit(field))) != unitEpoch {
		return partOf(field, s.Micros, s.Micros, d, ok, err)
	}
	f = float64(s.Micros) / microsPerSecond
	f += float64(365.25 * secondsPerDay * float64(s.Months/monthsPerYear))
	f += float64(daysPerMonth * secondsPerDay * float64(s.Months%monthsPerYear))
	f += float64(secondsPerDay * float64(s.Days))
	return f, true, nil
}

// partOf recalculates the fields that have fractions.
func partOf(field string, ts, local int64, d Decimal, ok bool, err *Error) (float64, bool, *Error) {
	if err != nil || !ok {
		return 0, ok, err
	}
	if d.form != finite {
		return math.Inf(d.Sign()), true, nil
	}
	inMinute := local % microsPerMinute
	if inMinute < 0 && d.Sign() >= 0 {
		inMinute += microsPerMinute
	}
	switch lookupField([]byte(lowerUnit(field))) {
	case unitMillisecond:
		return float64(float64(inMinute/microsPerSecond)*1000) + float64(inMinute%microsPerSecond)/1000, true, nil
	case unitSecond:
		return float64(inMinute/microsPerSecond) + float64(inMinute%microsPerSecond)/microsPerSecond, true, nil
	case unitEpoch:
		if n := ts - unixEpochDays*microsPerDay; ts <= math.MaxInt64+unixEpochDays*microsPerDay {
			return float64(n) / microsPerSecond, true, nil
		}
		return (float64(ts) - float64(unixEpochDays*microsPerDay)) / microsPerSecond, true, nil
	case unitJulian:
		days := floorDiv(local, microsPerDay)
		return float64(days+epochJulian) + float64(local-days*microsPerDay)/microsPerDay, true, nil
	}
	f, err := d.Float8()
	return f, true, err
}
