package datum

import (
	"bytes"
	"math"
	"strconv"
)

// decodeDate reads a date of numbers and a month's name, with delimiters between.
func (p *dateParser) decodeDate(text []byte) (mask, dateFault) {
	var parts [maxDateFields][]byte
	n := 0
	for len(text) > 0 && n < len(parts) {
		for len(text) > 0 && !isAlnum(text[0]) {
			text = text[1:]
		}
		if len(text) == 0 {
			return 0, faultFormat
		}
		in := isAlpha
		if isDigit(text[0]) {
			in = isDigit
		}
		end := 0
		for end < len(text) && in(text[end]) {
			end++
		}
		parts[n] = text[:end]
		n++
		text = text[min(end+1, len(text)):] // the delimiter, whatever it is
	}
	seen, got, textMonth := p.seen, mask(0), false
	for i, part := range parts[:n] {
		if !isAlpha(part[0]) {
			continue
		}
		w := lookupDateWord(part)
		if w.kind == wordIgnored {
			continue // and fails below, as a number that it is not
		}
		if w.kind != wordMonth || seen&hasMonth != 0 {
			return 0, faultFormat
		}
		p.c.month = w.value
		textMonth = true
		seen |= hasMonth
		got |= hasMonth
		parts[i] = nil
	}
	for _, part := range parts[:n] {
		if part == nil {
			continue
		}
		more, fault := p.decodeNumber(part, textMonth, seen)
		if fault != noFault {
			return 0, fault
		}
		if more&seen != 0 {
			return 0, faultFormat
		}
		seen |= more
		got |= more
	}
	if seen&^(hasDayOfYear|hasZone) != hasDate {
		return 0, faultFormat
	}
	return got, noFault
}

// decodeNumber reads one number of a date: year, month or day, in MDY order
// unless the year stands first.
func (p *dateParser) decodeNumber(text []byte, textMonth bool, seen mask) (mask, dateFault) {
	value, rest, ok := leadingInt(text)
	switch {
	case !ok:
		return 0, faultOverflow
	case len(rest) == len(text):
		return 0, faultFormat
	case len(rest) > 0 && rest[0] == '.':
		if len(text)-len(rest) > 2 {
			return p.decodeConcatenated(text, seen|hasDate)
		}
		if p.c.micro, ok = parseFractionalSecond(rest); !ok {
			return 0, faultFormat
		}
	case len(rest) > 0:
		return 0, faultFormat
	}
	if len(text) == 3 && seen&hasDate == hasYear && value >= 1 && value <= 366 {
		p.dayOfYear = value
		return hasDayOfYear | hasMonth | hasDay, noFault
	}
	long := len(text) >= 3
	got := hasDay
	switch seen & hasDate {
	case 0:
		if got = hasMonth; long {
			got = hasYear
		}
	case hasYear, hasDay:
		got = hasMonth
	case hasMonth:
		if textMonth && long {
			got = hasYear
		}
	case hasYear | hasMonth:
		if textMonth && long && p.twoDigits { // the first number was the day
			p.c.day, p.c.year = p.c.year, value
			p.twoDigits = false
			return hasDay, noFault
		}
	case hasMonth | hasDay:
		got = hasYear
	case hasDate:
		return p.decodeConcatenated(text, seen)
	default:
		return 0, faultFormat
	}
	switch got {
	case hasYear:
		p.c.year = value
		p.twoDigits = len(text) <= 2
	case hasMonth:
		p.c.month = value
	case hasDay:
		p.c.day = value
	}
	return got, noFault
}

// decodeConcatenated reads yymmdd, yyyymmdd, hhmmss[.f] or hhmm.
func (p *dateParser) decodeConcatenated(text []byte, seen mask) (mask, dateFault) {
	for _, c := range text {
		if !isDigit(c) && c != '.' {
			return 0, faultFormat
		}
	}
	if point := bytes.IndexByte(text, '.'); point >= 0 {
		var ok bool
		if p.c.micro, ok = parseFractionalSecond(text[point:]); !ok {
			return 0, faultFormat
		}
		text = text[:point]
	} else if n := len(text); seen&hasDate != hasDate && n >= 6 {
		p.c.day = atoi(text[n-2:])
		p.c.month = atoi(text[n-4 : n-2])
		p.c.year = atoi(text[:n-4])
		if n == 6 {
			p.twoDigits = true
		}
		return hasDate, noFault
	}
	if seen&hasTime == hasTime {
		return 0, faultFormat
	}
	switch len(text) {
	case 6:
		p.c.second = atoi(text[4:])
	case 4:
		p.c.second = 0
	default:
		return 0, faultFormat
	}
	p.c.minute = atoi(text[2:4])
	p.c.hour = atoi(text[:2])
	return hasTime, noFault
}

// clock is a time of day, or of an interval, where the hours have no end.
type clock struct {
	hour                  int64
	minute, second, micro int
}

// decodeTime reads h:m, m:s.f or h:m:s[.f].
func decodeTime(text []byte) (t clock, fault dateFault) {
	hour, rest, ok := leadingInt64(text)
	if !ok {
		return t, faultOverflow
	}
	if len(rest) == 0 || rest[0] != ':' {
		return t, faultFormat
	}
	minute, rest, ok := leadingInt(rest[1:])
	if !ok {
		return t, faultOverflow
	}
	t.hour, t.minute = hour, minute
	switch {
	case len(rest) == 0:
	case rest[0] == '.':
		if hour > math.MaxInt32 {
			return t, faultOverflow
		}
		t.hour, t.minute, t.second = 0, int(hour), minute
	case rest[0] == ':':
		if t.second, rest, ok = leadingInt(rest[1:]); !ok {
			return t, faultOverflow
		}
		if len(rest) > 0 && rest[0] != '.' {
			return t, faultFormat
		}
	default:
		return t, faultFormat
	}
	if len(rest) > 0 {
		if t.micro, ok = parseFractionalSecond(rest); !ok {
			return t, faultFormat
		}
	}
	if t.minute > 59 || t.second > 60 {
		return t, faultOverflow
	}
	return t, noFault
}

// leadingInt reads the digits at the start as C's strtol does into an int: no
// digits are 0; ok is false on overflow.
func leadingInt(s []byte) (v int, rest []byte, ok bool) {
	w, rest, ok := leadingInt64(s)
	return int(w), rest, ok && w == int64(int32(w))
}

func leadingInt64(s []byte) (v int64, rest []byte, ok bool) {
	neg, i := false, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	start := i
	ok = true
	for ; i < len(s) && isDigit(s[i]); i++ {
		d := int64(s[i] - '0')
		if v < (math.MinInt64+d)/10 {
			ok = false
		}
		if ok {
			v = 10*v - d
		}
	}
	if i == start {
		return 0, s, true
	}
	if !neg {
		if v == math.MinInt64 {
			return 0, s[i:], false
		}
		v = -v
	}
	return v, s[i:], ok
}

// atoi reads digits, keeping the low 32 bits of what is too large, as C's does
// with PostgreSQL's usual library.
func atoi(s []byte) int {
	v, _, ok := leadingInt64(s)
	if !ok {
		return -1
	}
	return int(int32(v))
}

// parseFraction reads a point and digits.
func parseFraction(s []byte) (f float64, ok bool) {
	if len(s) == 1 {
		return 0, true
	}
	for _, c := range s[1:] {
		if !isDigit(c) {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(s), 64)
	return f, err == nil
}

// parseFractionalSecond reads a fraction as microseconds, rounded; it may be a whole second.
func parseFractionalSecond(s []byte) (micros int, ok bool) {
	f, ok := parseFraction(s)
	return int(math.RoundToEven(f * microsPerSecond)), ok
}
