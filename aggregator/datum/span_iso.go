package datum

import "bytes"

// decodeISO reads ISO 8601's intervals: with designators (P1Y2M3DT4H5M6S) and the
// alternative form (P0001-02-03T04:05:06), as DecodeISO8601Interval does.
func (s *spanSum) decodeISO(text []byte) dateFault {
	if len(text) < 2 || text[0] != 'P' {
		return faultFormat
	}
	text = text[1:]
	date, fields := true, false
	for len(text) > 0 {
		if text[0] == 'T' {
			date, fields = false, false
			text = text[1:]
			continue
		}
		start := text
		v, f, rest, fault := isoNumber(text)
		if fault != noFault {
			return fault
		}
		mark := byte(0)
		if text = rest; len(text) > 0 {
			mark = text[0]
			text = text[1:]
		}
		ok, alternative := false, false
		if date {
			ok, alternative = s.addISODate(mark, v, f)
		} else {
			ok, alternative = s.addISOTime(mark, v, f)
		}
		if !alternative {
			if !ok {
				return faultOverflow
			}
			fields = true
			continue
		}
		basic := isoWidth(start) == 8 && date || isoWidth(start) == 6 && !date && mark == 0
		switch {
		case !isAlternative(mark, date) || fields:
			return faultFormat
		case basic && date && mark != '-':
			ok = s.addYears(v/10000, 1) && s.addMonths(v/100%100) && s.addDays(v%100, 1) && s.addFraction(f, microsPerDay)
		case basic && !date:
			ok = s.addMicros(v/10000, 0, microsPerHour) && s.addMicros(v/100%100, 0, microsPerMinute) &&
				s.addMicros(v%100, 0, microsPerSecond) && s.addFraction(f, 1)
		case date:
			text, mark, fault = s.addISOYearMonthDay(v, f, mark, text)
			ok = true
		default:
			return s.addISOClock(v, f, mark, text)
		}
		if fault != noFault {
			return fault
		}
		if !ok {
			return faultOverflow
		}
		if mark == 0 {
			return noFault
		}
		date, fields = false, false
	}
	return noFault
}

// addISODate adds a designated field of the date part; alternative is true for
// marks that are no designator.
func (s *spanSum) addISODate(mark byte, v int64, f float64) (ok, alternative bool) {
	switch mark {
	case 'Y':
		return s.addYears(v, 1) && s.addFractionOfYears(f, 1), false
	case 'M':
		return s.addMonths(v) && s.addFractionOfDays(f, daysPerMonth), false
	case 'W':
		return s.addDays(v, 7) && s.addFractionOfDays(f, 7), false
	case 'D':
		return s.addDays(v, 1) && s.addFraction(f, microsPerDay), false
	}
	return false, true
}

// addISOTime likewise adds a field of the time part.
func (s *spanSum) addISOTime(mark byte, v int64, f float64) (ok, alternative bool) {
	switch mark {
	case 'H':
		return s.addMicros(v, f, microsPerHour), false
	case 'M':
		return s.addMicros(v, f, microsPerMinute), false
	case 'S':
		return s.addMicros(v, f, microsPerSecond), false
	}
	return false, true
}

// isAlternative says which marks follow a number of the alternative form.
func isAlternative(mark byte, date bool) bool {
	if date {
		return mark == 0 || mark == 'T' || mark == '-'
	}
	return mark == 0 || mark == ':'
}

// isoWidth counts the integer digits.
func isoWidth(s []byte) int {
	s = bytes.TrimPrefix(s, []byte("-"))
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// addISOYearMonthDay reads on after a year: [-month[-day]], to the end or T,
// which it returns as the mark.
func (s *spanSum) addISOYearMonthDay(v int64, f float64, mark byte, text []byte) ([]byte, byte, dateFault) {
	if !s.addYears(v, 1) || !s.addFractionOfYears(f, 1) {
		return nil, 0, faultOverflow
	}
	for step := 0; mark == '-'; step++ {
		v, f, rest, fault := isoNumber(text)
		if fault != noFault {
			return nil, 0, fault
		}
		ok := false
		if step == 0 {
			ok = s.addMonths(v) && s.addFractionOfDays(f, daysPerMonth)
		} else {
			ok = s.addDays(v, 1) && s.addFraction(f, microsPerDay)
		}
		if !ok {
			return nil, 0, faultOverflow
		}
		mark, text = 0, rest
		if len(text) > 0 {
			mark, text = text[0], text[1:]
		}
		if mark != 0 && mark != 'T' && (mark != '-' || step == 1) {
			return nil, 0, faultFormat
		}
	}
	return text, mark, noFault
}

// addISOClock reads on after hours: [:minutes[:seconds]], to the end.
func (s *spanSum) addISOClock(v int64, f float64, mark byte, text []byte) dateFault {
	if !s.addMicros(v, f, microsPerHour) {
		return faultOverflow
	}
	for _, scale := range [...]int64{microsPerMinute, microsPerSecond} {
		if mark == 0 {
			return noFault
		}
		v, f, rest, fault := isoNumber(text)
		if fault != noFault {
			return fault
		}
		if !s.addMicros(v, f, scale) {
			return faultOverflow
		}
		if text = rest; len(text) == 0 {
			return noFault
		}
		if mark, text = text[0], text[1:]; mark != ':' {
			return faultFormat
		}
	}
	return faultFormat
}
