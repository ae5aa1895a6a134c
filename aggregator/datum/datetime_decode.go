package datum

import (
	"bytes"
	"time"
)

// mask is a set of what the fields so far have given.
type mask uint32

const (
	hasMonth mask = 1 << iota
	hasYear
	hasDay
	hasZone
	hasDaylight
	hasDST // the word DST after a zone
	hasHour
	hasMinute
	hasSecond
	hasMilli
	hasMicro
	hasDayOfYear
	hasWeekday
	hasAMPM
	hasEra
	hasWeek
	hasDecade
	hasCentury
	hasMillennium

	hasDate    = hasYear | hasMonth | hasDay
	hasSeconds = hasSecond | hasMilli | hasMicro
	hasTime    = hasHour | hasMinute | hasSeconds
)

// dateFault is why a text is no date, in PostgreSQL's classes (its DTERR codes).
type dateFault uint8

const (
	noFault dateFault = iota
	faultFormat
	faultOverflow
	faultMonthDay // overflow that another DateStyle might cure
	faultInterval
	faultDisplacement
	faultZone
	faultVolatile
)

// dateParser gives the fields their meaning, as DecodeDateTime does.
type dateParser struct {
	dateScanner
	c         civil
	dayOfYear int
	special   wordKind // wordInfinity, wordNegInfinity, wordEpoch or none

	seen      mask
	pending   wordKind // wordJulian, wordTime or wordUnit: a label for the next field
	textMonth bool
	isJulian  bool
	twoDigits bool // the year had at most two
	era       int  // 1: BC
	half      int  // 1: AM, 2: PM

	east     int            // the text's offset east of UTC in seconds, where it names one
	zone     *time.Location // the zone of a text without an offset
	zoneName string         // that could not be found
}

// run reads s as a value of type t.
func (p *dateParser) run(s []byte, t Type, zone *time.Location) *Error {
	p.zone = zone
	// The sizes of PostgreSQL's work buffers: MAXDATELEN + 1, MAXDATELEN + MAXDATEFIELDS.
	limit := 128 + maxDateFields
	if t == Date {
		limit = 128 + 1
	}
	fault := faultFormat
	if p.scan(s, limit) {
		fault = p.decode()
	}
	return dateError(fault, s, t, p.zoneName)
}

func dateError(fault dateFault, s []byte, t Type, zone string) *Error {
	switch fault {
	case noFault:
		return nil
	case faultOverflow:
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
	case faultMonthDay:
		err := Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
		err.Hint = "Perhaps you need a different \"datestyle\" setting."
		return err
	case faultInterval:
		return Errorf(CodeIntervalOverflow, "interval field value out of range: \"%s\"", s)
	case faultDisplacement:
		return Errorf("22009", "time zone displacement out of range: \"%s\"", s)
	case faultZone:
		return Errorf(CodeInvalidParameter, "time zone \"%s\" not recognized", zone)
	case faultVolatile:
		err := Errorf(CodeFeatureNotSupported, "\"%s\" means another %v each time it is read", s, t)
		err.Hint = "Write the date itself."
		return err
	}
	name := t.String()
	switch t {
	case Timestamp:
		name = "timestamp"
	case Time:
		name = "time"
	}
	return Errorf(CodeInvalidDatetime, "invalid input syntax for type %s: \"%s\"", name, s)
}

// offset is how far east of UTC the local time is.
func (p *dateParser) offset(local int64) int {
	if p.seen&hasZone != 0 && p.zone == nil {
		return p.east
	}
	return offsetOfLocal(local, p.zone)
}

func (p *dateParser) decode() dateFault {
	for i := range p.n {
		text := p.text(i)
		var got mask
		var fault dateFault
		switch p.fields[i].kind {
		case fieldDate:
			got, fault = p.decodeDateField(text)
		case fieldTime:
			got, fault = p.decodeTimeField(text)
		case fieldZone:
			got = hasZone
			fault = p.decodeOffset(text)
		case fieldNumber:
			got, fault = p.decodeNumberField(text)
		default:
			got, fault = p.decodeWord(text)
		}
		if fault != noFault {
			return fault
		}
		if got&p.seen != 0 {
			return faultFormat
		}
		p.seen |= got
	}
	if p.pending != wordUnknown {
		return faultFormat
	}
	if p.special != wordUnknown {
		return noFault
	}
	if fault := p.validateDate(); fault != noFault {
		return fault
	}
	if p.half != 0 && p.c.hour > 12 {
		return faultOverflow
	}
	if p.half == 1 && p.c.hour == 12 {
		p.c.hour = 0
	} else if p.half == 2 && p.c.hour != 12 {
		p.c.hour += 12
	}
	if p.seen&hasDate != hasDate {
		return faultFormat
	}
	if p.seen&hasDST != 0 && (p.seen&hasZone == 0 || p.zone != nil) {
		return faultFormat // DST modifies an offset, not a zone
	}
	return noFault
}

// decodeDateField reads a field with delimiters: a date, a zone's name after
// one, or a run-together time with an offset.
func (p *dateParser) decodeDateField(text []byte) (mask, dateFault) {
	if p.pending == wordJulian {
		day, rest, ok := leadingInt(text)
		if !ok {
			return 0, faultOverflow
		}
		p.setJulian(day)
		p.pending = wordUnknown
		return hasDate | hasTime | hasZone, p.decodeOffset(rest)
	}
	if p.pending == wordUnknown && p.seen&(hasMonth|hasDay) != hasMonth|hasDay {
		return p.decodeDate(text)
	}
	if !isDigit(text[0]) && p.pending == wordUnknown {
		return hasZone, p.decodeZoneName(text)
	}
	if p.pending != wordUnknown && p.pending != wordTime {
		return 0, faultFormat
	}
	p.pending = wordUnknown
	if p.seen&hasTime == hasTime {
		return 0, faultFormat
	}
	dash := bytes.IndexByte(text, '-')
	if dash < 0 {
		return 0, faultFormat
	}
	if fault := p.decodeOffset(text[dash:]); fault != noFault {
		return 0, fault
	}
	got, fault := p.decodeConcatenated(text[:dash], p.seen)
	return got | hasZone, fault
}

// decodeTimeField reads hh:mm[:ss[.f]], perhaps after T.
func (p *dateParser) decodeTimeField(text []byte) (mask, dateFault) {
	if p.pending != wordUnknown && p.pending != wordTime {
		return 0, faultFormat
	}
	p.pending = wordUnknown
	t, fault := decodeTime(text)
	if fault != noFault {
		return 0, fault
	}
	if t.hour > 24 {
		return 0, faultOverflow
	}
	p.c.hour, p.c.minute, p.c.second, p.c.micro = int(t.hour), t.minute, t.second, t.micro
	if p.c.timeOfDay() > microsPerDay {
		return 0, faultOverflow
	}
	return hasTime, noFault
}

// decodeNumberField reads digits with at most one point, by what is known so far.
func (p *dateParser) decodeNumberField(text []byte) (mask, dateFault) {
	if p.pending != wordUnknown {
		return p.decodeLabelled(text)
	}
	point := bytes.IndexByte(text, '.')
	switch {
	case point >= 0 && p.seen&hasDate == 0:
		return p.decodeDate(text)
	case point > 2:
		return p.decodeConcatenated(text, p.seen)
	case len(text) >= 6 && (p.seen&hasDate == 0 || p.seen&hasTime == 0):
		return p.decodeConcatenated(text, p.seen)
	}
	return p.decodeNumber(text, p.textMonth, p.seen)
}

// decodeLabelled reads the number after a word that says what it is.
func (p *dateParser) decodeLabelled(text []byte) (mask, dateFault) {
	value, rest, ok := leadingInt(text)
	if !ok {
		return 0, faultOverflow
	}
	if len(rest) > 0 && rest[0] != '.' {
		return 0, faultFormat
	}
	label := p.pending
	p.pending = wordUnknown
	switch label {
	case wordJulian:
		p.setJulian(value)
		if len(rest) == 0 {
			return hasDate, noFault
		}
		fraction, ok := parseFraction(rest)
		if !ok {
			return 0, faultFormat
		}
		p.c.setTimeOfDay(int64(fraction * microsPerDay))
		return hasDate | hasTime, noFault
	case wordTime:
		got, fault := p.decodeConcatenated(text, p.seen|hasDate)
		if fault == noFault && got != hasTime {
			fault = faultFormat
		}
		return got, fault
	}
	return 0, faultFormat
}

func (p *dateParser) setJulian(day int) {
	p.c.year, p.c.month, p.c.day = CivilFromDays(int64(day) - epochJulian)
	p.isJulian = true
}

// decodeWord reads a word.
func (p *dateParser) decodeWord(text []byte) (mask, dateFault) {
	if east, daylight, ok := zoneAbbreviation(text); ok {
		p.zone, p.east = nil, east
		if daylight {
			return hasZone | hasDaylight, noFault
		}
		return hasZone, noFault
	}
	w := lookupDateWord(text)
	switch w.kind {
	case wordIgnored:
		return 0, noFault
	case wordMonth:
		got := hasMonth
		// "1 Feb": the number before was the day after all.
		if p.seen&hasMonth != 0 && !p.textMonth && p.seen&hasDay == 0 && p.c.month >= 1 && p.c.month <= 31 {
			p.c.day = p.c.month
			got = hasDay
		}
		p.textMonth = true
		p.c.month = w.value
		return got, noFault
	case wordWeekday:
		return hasWeekday, noFault
	case wordAMPM:
		p.half = 1 + w.value
		return hasAMPM, noFault
	case wordEra:
		p.era = w.value
		return hasEra, noFault
	case wordInfinity, wordNegInfinity, wordEpoch:
		p.special = w.kind
		return hasDate | hasTime | hasZone, noFault
	case wordMidnight:
		p.c.setTimeOfDay(0)
		p.zone, p.east = nil, 0
		return hasTime | hasZone, noFault
	case wordNow:
		return 0, faultVolatile
	case wordTime:
		if p.seen&hasDate != hasDate {
			return 0, faultFormat
		}
		fallthrough
	case wordJulian, wordUnit:
		if p.pending != wordUnknown {
			return 0, faultFormat
		}
		p.pending = w.kind
		return 0, noFault
	case wordDST:
		p.east += 3600
		return hasDST | hasDaylight, noFault
	case wordUnknown:
		if p.decodeZoneName(text) == noFault {
			return hasZone, noFault
		}
	}
	return 0, faultFormat
}

// validateDate checks the date as a whole, once its year is known.
func (p *dateParser) validateDate() dateFault {
	c := &p.c
	if p.seen&hasYear != 0 && !p.isJulian {
		switch {
		case p.era == 1:
			if c.year <= 0 {
				return faultOverflow
			}
			c.year = 1 - c.year
		case p.twoDigits && c.year < 70:
			c.year += 2000
		case p.twoDigits && c.year < 100:
			c.year += 1900
		case c.year <= 0:
			return faultOverflow
		}
	}
	if p.seen&hasDayOfYear != 0 {
		c.year, c.month, c.day = CivilFromDays(DaysFromCivil(c.year, 1, 1) + int64(p.dayOfYear) - 1)
	}
	if p.seen&hasMonth != 0 && (c.month < 1 || c.month > 12) {
		return faultMonthDay
	}
	if p.seen&hasDay != 0 && (c.day < 1 || c.day > 31) {
		return faultMonthDay
	}
	if p.seen&hasDate == hasDate && c.day > daysInMonth(c.year, c.month) {
		return faultOverflow
	}
	return noFault
}
