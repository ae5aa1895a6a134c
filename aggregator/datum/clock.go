package datum

import (
	"bytes"
	"time"
)

// ParseTime reads a time of day as time_in does, in microseconds: 24:00 is one. A
// date before it and a zone behind it are checked and ignored.
func ParseTime(s []byte) (int64, *Error) {
	if us, ok := parsePlainTime(s); ok {
		return us, nil
	}
	p := dateParser{zone: time.UTC}
	fault := faultFormat
	if p.scan(s, 128+1) {
		fault = p.decodeTimeOnly()
	}
	if fault != noFault {
		return 0, dateError(fault, s, Time, p.zoneName)
	}
	return p.c.timeOfDay(), nil
}

// parsePlainTime reads hh:mm:ss[.f…] with at most six digits of fraction.
func parsePlainTime(s []byte) (us int64, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	hour, ok1 := twoDigits(s)
	minute, ok2 := twoDigits(s[3:])
	second, ok3 := twoDigits(s[6:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	us = int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(second)*microsPerSecond
	if len(s) == 8 {
		return us, true
	}
	if s[8] != '.' || len(s) > 15 {
		return 0, false
	}
	unit := int64(microsPerSecond)
	for _, c := range s[9:] {
		if !isDigit(c) {
			return 0, false
		}
		unit /= 10
		us += int64(c-'0') * unit
	}
	return us, true
}

// decodeTimeOnly gives the fields the meaning that DecodeTimeOnly gives them.
func (p *dateParser) decodeTimeOnly() dateFault {
	p.seen = hasDate // what follows is none of it
	dated := false
	for i := range p.n {
		text := p.text(i)
		var got mask
		var fault dateFault
		switch p.fields[i].kind {
		case fieldDate:
			if i == 0 && p.n >= 2 && (p.fields[p.n-1].kind == fieldDate || p.fields[1].kind == fieldTime) {
				p.seen, dated = 0, true
				_, fault = p.decodeDate(text)
				p.seen = hasDate
			} else if got, fault = p.decodeDateField(text); !isDigit(text[0]) && !dated && (fault == noFault || isPOSIXZone(text)) {
				fault = faultFormat // a zone's offset may hang on the date
			}
		case fieldTime:
			got, fault = p.decodeHours(text)
		case fieldZone:
			got, fault = hasZone, p.decodeOffset(text)
		case fieldNumber:
			got, fault = p.decodeTimeNumber(text)
		default:
			got, fault = p.decodeTimeWord(text, dated)
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
	return p.validateTime(dated)
}

// isPOSIXZone reports whether a word is letters, an offset and perhaps the letters
// of a summer time: a zone without a table.
func isPOSIXZone(word []byte) bool {
	isLetter := func(r rune) bool { return r >= 'a' && r <= 'z' }
	rest := bytes.TrimLeftFunc(word, isLetter)
	summer := bytes.TrimLeft(rest, "0123456789")
	return len(summer) < len(rest) && len(bytes.TrimLeftFunc(summer, isLetter)) == 0
}

// decodeHours is decodeTimeField with its limits looked at in the end.
func (p *dateParser) decodeHours(text []byte) (mask, dateFault) {
	if p.pending != wordUnknown && p.pending != wordTime {
		return 0, faultFormat
	}
	p.pending = wordUnknown
	t, fault := decodeTime(text)
	if fault == noFault && t.hour != int64(int32(t.hour)) {
		fault = faultOverflow
	}
	p.c.hour, p.c.minute, p.c.second, p.c.micro = int(t.hour), t.minute, t.second, t.micro
	return hasTime, fault
}

// decodeTimeNumber reads hhmmss[.f], hhmm, or what follows T.
func (p *dateParser) decodeTimeNumber(text []byte) (mask, dateFault) {
	if p.pending != wordUnknown {
		return p.decodeLabelled(text)
	}
	if point := bytes.IndexByte(text, '.'); point >= 0 && point <= 2 {
		return 0, faultFormat
	}
	return p.decodeConcatenated(text, p.seen)
}

// decodeTimeWord reads a word that may stand beside a time.
func (p *dateParser) decodeTimeWord(text []byte, dated bool) (mask, dateFault) {
	if _, _, ok := zoneAbbreviation(text); !ok {
		switch lookupDateWord(text).kind {
		case wordMonth, wordWeekday, wordInfinity, wordNegInfinity, wordEpoch:
			return 0, faultFormat
		case wordUnknown:
			if !dated {
				return 0, faultFormat
			}
		}
	}
	return p.decodeWord(text)
}

func (p *dateParser) validateTime(dated bool) dateFault {
	c := &p.c
	if dated {
		if fault := p.validateDate(); fault != noFault {
			return fault
		}
	}
	if p.half != 0 && c.hour > 12 {
		return faultOverflow
	}
	if p.half == 1 && c.hour == 12 {
		c.hour = 0
	} else if p.half == 2 && c.hour != 12 {
		c.hour += 12
	}
	if c.hour < 0 || c.hour > 24 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60 ||
		c.micro < 0 || c.timeOfDay() > microsPerDay {
		return faultOverflow
	}
	if p.seen&hasTime != hasTime {
		return faultFormat
	}
	return noFault
}

// AppendTime appends a time of day as time_out prints it.
func AppendTime(dst []byte, us int64) []byte {
	var c civil
	c.setTimeOfDay(us)
	dst = appendPadded(dst, c.hour, 2)
	dst = appendPadded(append(dst, ':'), c.minute, 2)
	return appendSeconds(append(dst, ':'), c.second, c.micro)
}

// ValidTime reports whether there is such a time of day.
func ValidTime(us int64) bool { return us >= 0 && us <= microsPerDay }
