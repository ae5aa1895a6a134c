package datum

import (
	"strconv"
	"time"
)

// AppendDate appends a date as date_out prints it with DateStyle ISO.
func AppendDate(dst []byte, days int64) []byte {
	switch days {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	year, month, day := CivilFromDays(days)
	dst = appendYMD(dst, year, month, day)
	return appendEra(dst, year)
}

// AppendTimestamp appends a timestamp as timestamp_out prints it with DateStyle ISO.
func AppendTimestamp(dst []byte, ts int64) []byte {
	if !isFinite(ts) {
		return appendInfinity(dst, ts)
	}
	c := breakDown(ts)
	dst = appendCivil(dst, &c)
	return appendEra(dst, c.year)
}

// AppendTimestampTZ appends a timestamptz as timestamptz_out prints it with
// DateStyle ISO and TimeZone zone.
func AppendTimestampTZ(dst []byte, ts int64, zone *time.Location) []byte {
	if !isFinite(ts) {
		return appendInfinity(dst, ts)
	}
	offset := offsetAt(ts, zone)
	c := breakDown(ts + int64(offset)*microsPerSecond)
	dst = appendCivil(dst, &c)
	dst = appendOffset(dst, offset)
	return appendEra(dst, c.year)
}

func appendInfinity(dst []byte, ts int64) []byte {
	if ts < 0 {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

// appendYMD writes year 0, which is 1 BC, as 0001; the era comes last.
func appendYMD(dst []byte, year, month, day int) []byte {
	if year <= 0 {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), month, 2)
	return appendPadded(append(dst, '-'), day, 2)
}

func appendEra(dst []byte, year int) []byte {
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendCivil(dst []byte, c *civil) []byte {
	dst = appendYMD(dst, c.year, c.month, c.day)
	dst = appendPadded(append(dst, ' '), c.hour, 2)
	dst = appendPadded(append(dst, ':'), c.minute, 2)
	return appendSeconds(append(dst, ':'), c.second, c.micro)
}

// appendSeconds writes two digits and the microseconds without trailing zeros.
func appendSeconds(dst []byte, second, micro int) []byte {
	dst = appendPadded(dst, second, 2)
	if micro == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), micro, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendOffset(dst []byte, offset int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = appendPadded(append(dst, sign), offset/3600, 2)
	minutes, seconds := offset/60%60, offset%60
	if minutes != 0 || seconds != 0 {
		dst = appendPadded(append(dst, ':'), minutes, 2)
	}
	if seconds != 0 {
		dst = appendPadded(append(dst, ':'), seconds, 2)
	}
	return dst
}

// appendPadded writes v, not negative, with at least width digits.
func appendPadded(dst []byte, v, width int) []byte {
	for unit := 10; width > 1; width-- {
		limit := unit
		for i := 2; i < width; i++ {
			limit *= 10
		}
		if v >= limit {
			break
		}
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(v), 10)
}
