package datum

import (
	"math"
	"time"
)

// TimeAddInterval returns time + interval: the interval's time alone counts, and
// the clock goes round.
func TimeAddInterval(us int64, s Span) int64 { return aroundTheClock(us + s.Micros) }

// TimeSubInterval returns time - interval.
func TimeSubInterval(us int64, s Span) int64 { return aroundTheClock(us - s.Micros) }

func aroundTheClock(us int64) int64 {
	us %= microsPerDay
	if us < 0 {
		us += microsPerDay
	}
	return us
}

// TimeSub returns a - b of two times of day.
func TimeSub(a, b int64) Span { return Span{Micros: a - b} }

// SpanToTime is the cast of an interval to time: what the clock shows so long
// after midnight.
func SpanToTime(s Span) int64 { return aroundTheClock(s.Micros) }

// TimeToSpan is the cast of a time to interval.
func TimeToSpan(us int64) Span { return Span{Micros: us} }

// DateAddTime returns date + time, a timestamp.
func DateAddTime(days, us int64) (int64, *Error) {
	ts, err := DateToTimestamp(days)
	if err != nil || !isFinite(ts) {
		return ts, err
	}
	return checkTimestamp(ts + us)
}

// TimestampToTime is the cast of a timestamp to time; ok is false, for NULL, where
// it is infinite.
func TimestampToTime(ts int64) (us int64, ok bool) {
	return ts - floorDiv(ts, microsPerDay)*microsPerDay, isFinite(ts)
}

// TimestampTZToTime is the cast of a timestamptz to the time of day in zone.
func TimestampTZToTime(ts int64, zone *time.Location) (us int64, ok bool) {
	if isFinite(ts) {
		ts = utcToLocal(ts, zone)
	}
	return TimestampToTime(ts)
}

// MakeTime is make_time(hour, minute, second).
func MakeTime(hour, minute int64, second float64) (int64, *Error) {
	micros := math.RoundToEven(second * microsPerSecond)
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(micros >= 0 && micros <= microsPerMinute) {
		return 0, errTimeField(hour, minute, second)
	}
	us := hour*microsPerHour + minute*microsPerMinute + int64(micros)
	if us > microsPerDay {
		return 0, errTimeField(hour, minute, second)
	}
	return us, nil
}

func errTimeField(hour, minute int64, second float64) *Error {
	return Errorf(CodeDatetimeOverflow, "time field value out of range: %d:%02d:%s", hour, minute, SecondText(second))
}

// SecondText is a second as messages show it: C's %02g.
func SecondText(second float64) string {
	text := appendG(nil, second, 6)
	if len(text) < 2 {
		return "0" + string(text)
	}
	return string(text)
}

// ExtractTime is EXTRACT(field FROM time).
func ExtractTime(field string, us int64) (d Decimal, ok bool, err *Error) {
	name := lowerUnit(field)
	inMinute := us % microsPerMinute
	switch u := lookupField([]byte(name)); u {
	case unitUnknown:
		return Decimal{}, false, errUnitUnknown(name, Time)
	case unitMicrosecond:
		return DecimalFromInt(inMinute), true, nil
	case unitMillisecond:
		return Decimal{small: inMinute, scale: 3}, true, nil
	case unitSecond:
		return Decimal{small: inMinute, scale: 6}, true, nil
	case unitMinute:
		return DecimalFromInt(us / microsPerMinute % 60), true, nil
	case unitHour:
		return DecimalFromInt(us / microsPerHour), true, nil
	case unitEpoch:
		return Decimal{small: us, scale: 6}, true, nil
	}
	return Decimal{}, false, errUnitUnsupported(name, Time)
}

// DatePartTime is date_part(field, time), calculated in floating point.
func DatePartTime(field string, us int64) (f float64, ok bool, err *Error) {
	d, ok, err := ExtractTime(field, us)
	if err != nil || !ok {
		return 0, ok, err
	}
	inMinute := us % microsPerMinute
	whole, rest := float64(inMinute/microsPerSecond), float64(inMinute%microsPerSecond)
	switch lookupField([]byte(lowerUnit(field))) {
	case unitMillisecond:
		return float64(whole*1000) + rest/1000, true, nil
	case unitSecond:
		return whole + rest/microsPerSecond, true, nil
	case unitEpoch:
		return float64(us) / microsPerSecond, true, nil
	}
	f, err = d.Float8()
	return f, true, err
}
