package datum

import (
	"bytes"
	"math"
	"strconv"
)

// ParseInterval reads an interval as interval_in does with IntervalStyle postgres:
// PostgreSQL's own forms, the SQL standard's and ISO 8601's. What only some of
// PostgreSQL 15 to 18 accept is refused: infinity (since 17), "1 day day" and "ago
// 1 day" (until 15).
func ParseInterval(s []byte) (Span, *Error) {
	var p spanParser
	fault := faultFormat
	if p.scan(s, 256) {
		fault = p.decode()
	}
	if fault == faultFormat {
		p.sum = spanSum{}
		fault = p.sum.decodeISO(s)
	}
	if fault == faultOverflow {
		fault = faultInterval
	}
	if err := dateError(fault, s, Interval, ""); err != nil {
		return Span{}, err
	}
	months := p.sum.years*monthsPerYear + p.sum.months
	return spanOf(months, p.sum.days, p.sum.micros, true)
}

// spanSum adds up an interval's fields; years, months and days stay within int32.
type spanSum struct{ years, months, days, micros int64 }

// addTo32 adds to a field of 32 bits.
func addTo32(field *int64, v int64) bool {
	if v != int64(int32(v)) {
		return false
	}
	*field += v
	return *field == int64(int32(*field))
}

func (s *spanSum) addMonths(v int64) bool { return addTo32(&s.months, v) }

func (s *spanSum) addDays(v, scale int64) bool {
	return v == int64(int32(v)) && addTo32(&s.days, v*scale)
}

func (s *spanSum) addYears(v, scale int64) bool {
	return v == int64(int32(v)) && addTo32(&s.years, v*scale)
}

// addFractionOfYears adds years as months, rounded.
func (s *spanSum) addFractionOfYears(f float64, scale int) bool {
	return addTo32(&s.months, int64(math.RoundToEven(f*float64(scale)*monthsPerYear)))
}

// addFractionOfDays adds f × scale days, their fraction as time.
func (s *spanSum) addFractionOfDays(f float64, scale int) bool {
	if f == 0 {
		return true
	}
	f *= float64(scale)
	days := int64(f)
	return addTo32(&s.days, days) && s.addFraction(f-float64(days), microsPerDay)
}

// addFraction adds f × scale microseconds, rounded; a half is cut.
func (s *spanSum) addFraction(f float64, scale int64) bool {
	if f == 0 {
		return true
	}
	f *= float64(scale)
	micros := int64(f)
	if f -= float64(micros); f > 0.5 {
		micros++
	} else if f < -0.5 {
		micros--
	}
	var ok bool
	s.micros, ok = addInt(s.micros, micros)
	return ok
}

// addMicros adds (v + f) × scale microseconds.
func (s *spanSum) addMicros(v int64, f float64, scale int64) bool {
	sum, ok := mulAdd(v, scale, s.micros)
	s.micros = sum
	return ok && s.addFraction(f, scale)
}

// spanParser reads the fields from the last to the first, so that it meets a unit
// before its number.
type spanParser struct {
	dateScanner
	sum     spanSum
	unit    unit // of the number to come; unitUnknown: none was named
	waiting bool // the unit has no number yet
	ago     bool
	seen    mask
}

func (p *spanParser) decode() dateFault {
	for i := p.n - 1; i >= 0; i-- {
		text := p.text(i)
		var got mask
		fault := faultFormat
		switch p.fields[i].kind {
		case fieldTime:
			got, fault = p.decodeClock(text, 1)
		case fieldZone: // signed: hh:mm, a number or years-months
			if bytes.IndexByte(text, ':') >= 0 {
				sign := int64(1)
				if text[0] == '-' {
					sign = -1
				}
				got, fault = p.decodeClock(text[1:], sign)
			}
			if fault != noFault {
				got, fault = p.decodeAmount(text)
			}
		case fieldDate, fieldNumber:
			got, fault = p.decodeAmount(text)
		default:
			fault = p.decodeWord(text, i == p.n-1)
		}
		if fault != noFault {
			return fault
		}
		if got&p.seen != 0 {
			return faultFormat
		}
		p.seen |= got
	}
	if p.seen == 0 || p.waiting {
		return faultFormat
	}
	if p.ago {
		s := &p.sum
		if s.micros == math.MinInt64 || s.days == math.MinInt32 || s.months == math.MinInt32 || s.years == math.MinInt32 {
			return faultOverflow
		}
		s.years, s.months, s.days, s.micros = -s.years, -s.months, -s.days, -s.micros
	}
	return noFault
}

// decodeClock reads hh:mm[:ss]. It sets the time, as PostgreSQL does, and does not add to it.
func (p *spanParser) decodeClock(text []byte, sign int64) (mask, dateFault) {
	t, fault := decodeTime(text)
	if fault != noFault {
		return 0, fault
	}
	micros, ok := mulAdd(t.hour, microsPerHour, int64(t.micro))
	if ok {
		micros, ok = addInt(micros, int64(t.minute)*microsPerMinute+int64(t.second)*microsPerSecond)
	}
	if !ok {
		return 0, faultOverflow
	}
	p.sum.micros = sign * micros
	p.unit, p.waiting = unitDay, false // of a number before it
	return hasTime, noFault
}

// decodeWord reads a unit or ago.
func (p *spanParser) decodeWord(text []byte, last bool) dateFault {
	if p.waiting {
		return faultFormat
	}
	if string(text) == "ago" {
		if !last {
			return faultFormat
		}
		p.ago, p.unit = true, unitEpoch // which no number before it can have
		return noFault
	}
	u := lookupUnit(text)
	if u == unitUnknown {
		return faultFormat
	}
	p.unit, p.waiting = u, true
	return noFault
}

// decodeAmount reads a number, with a fraction perhaps, or years-months.
func (p *spanParser) decodeAmount(text []byte) (mask, dateFault) {
	u := p.unit
	if u == unitUnknown {
		u = unitSecond
	}
	p.unit = u
	neg := text[0] == '-'
	v, rest, ok := leadingInt64(text)
	if !ok {
		return 0, faultOverflow
	}
	var f float64
	switch {
	case len(rest) == 0:
	case rest[0] == '-':
		months, rest, ok := leadingInt(rest[1:])
		if !ok || months < 0 || months >= monthsPerYear {
			return 0, faultOverflow
		}
		if len(rest) > 0 {
			return 0, faultFormat
		}
		if neg {
			months = -months
		}
		if v, ok = mulAdd(v, monthsPerYear, int64(months)); !ok {
			return 0, faultOverflow
		}
		u = unitMonth
		p.unit = u
	case rest[0] == '.':
		if f, ok = parseFraction(rest); !ok {
			return 0, faultFormat
		}
		if neg {
			f = -f
		}
	default:
		return 0, faultFormat
	}
	p.waiting = false
	return p.add(u, v, f)
}

// add adds an amount of a unit.
func (p *spanParser) add(u unit, v int64, f float64) (got mask, fault dateFault) {
	var ok bool
	s := &p.sum
	switch u {
	case unitMicrosecond:
		got, ok = hasMicro, s.addMicros(v, f, 1)
	case unitMillisecond:
		got, ok = hasMilli, s.addMicros(v, f, 1000)
	case unitSecond:
		if got = hasSecond; f != 0 {
			got = hasSeconds
		}
		ok = s.addMicros(v, f, microsPerSecond)
	case unitMinute:
		got, ok = hasMinute, s.addMicros(v, f, microsPerMinute)
	case unitHour:
		got, ok = hasHour, s.addMicros(v, f, microsPerHour)
		p.unit = unitDay // of a number before it
	case unitDay:
		got, ok = hasDay, s.addDays(v, 1) && s.addFraction(f, microsPerDay)
	case unitWeek:
		got, ok = hasWeek, s.addDays(v, 7) && s.addFractionOfDays(f, 7)
	case unitMonth:
		got, ok = hasMonth, s.addMonths(v) && s.addFractionOfDays(f, daysPerMonth)
	case unitYear:
		got, ok = hasYear, s.addYears(v, 1) && s.addFractionOfYears(f, 1)
	case unitDecade:
		got, ok = hasDecade, s.addYears(v, 10) && s.addFractionOfYears(f, 10)
	case unitCentury:
		got, ok = hasCentury, s.addYears(v, 100) && s.addFractionOfYears(f, 100)
	case unitMillennium:
		got, ok = hasMillennium, s.addYears(v, 1000) && s.addFractionOfYears(f, 1000)
	default:
		return 0, faultFormat
	}
	if !ok {
		return 0, faultOverflow
	}
	return got, noFault
}

// isoNumber reads a number as ParseISO8601Number does: what C's strtod reads,
// exponents included, within 1e15.
func isoNumber(s []byte) (v int64, f float64, rest []byte, fault dateFault) {
	if len(s) == 0 || !isDigit(s[0]) && s[0] != '-' && s[0] != '.' {
		return 0, 0, nil, faultFormat
	}
	end := 0
	if s[0] == '-' {
		end++
	}
	digits, point := 0, false
	for ; end < len(s); end++ {
		if s[end] == '.' && !point {
			point = true
		} else if isDigit(s[end]) {
			digits++
		} else {
			break
		}
	}
	if digits == 0 {
		return 0, 0, nil, faultFormat
	}
	if e := end; e < len(s) && s[e]|0x20 == 'e' {
		if e++; e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		for ; e < len(s) && isDigit(s[e]); e++ {
			end = e + 1
		}
	}
	number, err := strconv.ParseFloat(string(s[:end]), 64)
	if err != nil {
		return 0, 0, nil, faultFormat
	}
	if number < -1e15 || number > 1e15 {
		return 0, 0, nil, faultOverflow
	}
	whole := math.Trunc(number)
	return int64(whole), number - whole, s[end:], noFault
}
