package datum

import "strconv"

// AppendInterval appends an interval as interval_out prints it with IntervalStyle postgres.
func AppendInterval(dst []byte, s Span) []byte {
	start, before := len(dst), false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if before && v > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, v, 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		before = v < 0
	}
	part(int64(s.Months/monthsPerYear), "year")
	part(int64(s.Months%monthsPerYear), "mon")
	part(int64(s.Days), "day")
	if s.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	if s.Micros < 0 {
		dst = append(dst, '-')
	} else if before {
		dst = append(dst, '+')
	}
	u := magnitude(s.Micros)
	dst = appendPadded(dst, int(u/microsPerHour), 2)
	dst = appendPadded(append(dst, ':'), int(u/microsPerMinute%60), 2)
	return appendSeconds(append(dst, ':'), int(u/microsPerSecond%60), int(u%microsPerSecond))
}
