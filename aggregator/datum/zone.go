package datum

import "time"

// unixShift is from Unix seconds to seconds since 2000-01-01.
const unixShift = unixEpochDays * secondsPerDay

// offsetAt returns a zone's offset east of UTC, in seconds, at an instant.
func offsetAt(ts int64, zone *time.Location) int {
	if zone == time.UTC {
		return 0
	}
	_, offset := time.Unix(floorDiv(ts, microsPerSecond)-unixShift, 0).In(zone).Zone()
	return offset
}

// offsetOfLocal returns the offset, east of UTC in seconds, that a local time has
// in a zone. A time that a change of the clocks skipped takes the offset before
// the change, one that it repeated the offset after it: PostgreSQL's rule
// (DetermineTimeZoneOffset). The local time is in microseconds since 2000-01-01.
func offsetOfLocal(local int64, zone *time.Location) int {
	if zone == time.UTC {
		return 0
	}
	seconds := floorDiv(local, microsPerSecond) - unixShift
	before := time.Unix(seconds-secondsPerDay, 0).In(zone)
	_, offset := before.Zone()
	_, end := before.ZoneBounds()
	if end.IsZero() {
		return offset
	}
	boundary := end.Unix()
	_, next := end.Zone()
	asBefore, asAfter := seconds-int64(offset), seconds-int64(next)
	switch {
	case asBefore < boundary && asAfter < boundary:
		return offset
	case asBefore > boundary && asAfter >= boundary:
		return next
	case asBefore > asAfter:
		return offset
	}
	return next
}

// localToUTC turns a local time into an instant, which may be out of range.
func localToUTC(local int64, zone *time.Location) int64 {
	return local - int64(offsetOfLocal(local, zone))*microsPerSecond
}

// utcToLocal is the inverse.
func utcToLocal(ts int64, zone *time.Location) int64 {
	return ts + int64(offsetAt(ts, zone))*microsPerSecond
}

// DateToTimestamp is the cast of a date to timestamp: its midnight.
func DateToTimestamp(days int64) (int64, *Error) {
	switch {
	case days == DateInfinity:
		return TimestampInfinity, nil
	case days == DateNegInfinity:
		return TimestampNegInfinity, nil
	case days >= endTimestampTZ:
		return 0, Errorf(CodeDatetimeOverflow, "date out of range for timestamp")
	}
	return days * microsPerDay, nil
}

// DateToTimestampTZ is the cast of a date to timestamptz: its midnight in zone.
func DateToTimestampTZ(days int64, zone *time.Location) (int64, *Error) {
	local, err := DateToTimestamp(days)
	if err != nil || !isFinite(local) {
		return local, err
	}
	ts := localToUTC(local, zone)
	if !validTimestamp(ts) {
		return 0, Errorf(CodeDatetimeOverflow, "date out of range for timestamp")
	}
	return ts, nil
}

// TimestampToDate is the cast of a timestamp to date.
func TimestampToDate(ts int64) (int64, *Error) {
	switch ts {
	case TimestampInfinity:
		return DateInfinity, nil
	case TimestampNegInfinity:
		return DateNegInfinity, nil
	}
	return floorDiv(ts, microsPerDay), nil
}

// TimestampTZToDate is the cast of a timestamptz to its date in zone.
func TimestampTZToDate(ts int64, zone *time.Location) (int64, *Error) {
	if isFinite(ts) {
		ts = utcToLocal(ts, zone)
	}
	return TimestampToDate(ts)
}

// TimestampToTimestampTZ is the cast of a timestamp to timestamptz, and
// timestamp AT TIME ZONE zone: the instant at which zone's clocks show ts.
func TimestampToTimestampTZ(ts int64, zone *time.Location) (int64, *Error) {
	if !isFinite(ts) {
		return ts, nil
	}
	if ts = localToUTC(ts, zone); !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// TimestampTZToTimestamp is the cast of a timestamptz to timestamp, and
// timestamptz AT TIME ZONE zone: what zone's clocks show then.
func TimestampTZToTimestamp(ts int64, zone *time.Location) (int64, *Error) {
	if !isFinite(ts) {
		return ts, nil
	}
	if ts = utcToLocal(ts, zone); !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}
