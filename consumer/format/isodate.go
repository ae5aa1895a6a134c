package format

import (
	"encoding/binary"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
)

// maxDigits is how many digits a second has in PostgreSQL.
const maxDigits = 6

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// dateCache remembers the last date written YYYY-MM-DD, because that of the next
// record is most often the same.
type dateCache struct {
	text0 uint64 // its first eight bytes
	text1 uint16 // the other two
	days  int64
}

// date is date_in.
func (c *dateCache) date(text []byte) (int64, *datum.Error) {
	if len(text) == 10 {
		if days, ok := c.isoDate(text); ok {
			return days, nil
		}
	}
	return datum.ParseDate(text)
}

// timestamp is timestamp_in and timestamptz_in: YYYY-MM-DD HH:MM:SS here, with a
// T, a fraction and a zone as Z or ±HH:MM where present, everything else in datum.
func (c *dateCache) timestamp(text []byte, t datum.Type, zone *time.Location) (int64, *datum.Error) {
	local, ahead, zoned, ok := c.isoTimestamp(text)
	if t == datum.Timestamp {
		if ok {
			return local, nil // which ignores the zone, as PostgreSQL does
		}
		return datum.ParseTimestamp(text)
	}
	if zone == nil {
		zone = time.UTC
	}
	if ok && (zoned || zone == time.UTC) {
		return local - ahead, nil
	}
	return datum.ParseTimestampTZ(text, zone)
}

// isoDate reads the date in the first ten bytes.
func (c *dateCache) isoDate(b []byte) (days int64, ok bool) {
	text0, text1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:])
	if text0 == c.text0 && text1 == c.text1 {
		return c.days, true
	}
	century, ok0 := twoDigits(b[0], b[1])
	year, ok1 := twoDigits(b[2], b[3])
	month, ok2 := twoDigits(b[5], b[6])
	day, ok3 := twoDigits(b[8], b[9])
	if !(ok0 && ok1 && ok2 && ok3 && b[4] == '-' && b[7] == '-') {
		return 0, false
	}
	year += 100 * century
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	days = datum.DaysFromCivil(year, month, day)
	c.text0, c.text1, c.days = text0, text1, days
	return days, true
}

// isoTimestamp reads microseconds since 2000-01-01 and how many of them its zone
// is ahead of UTC, if it has one.
func (c *dateCache) isoTimestamp(b []byte) (local, ahead int64, zoned, ok bool) {
	if len(b) < 19 || b[10] != ' ' && b[10] != 'T' {
		return 0, 0, false, false
	}
	days, ok := c.isoDate(b)
	seconds, ok1 := isoTime(load(b, 11))
	if !ok || !ok1 {
		return 0, 0, false, false
	}
	local = days*microsPerDay + seconds*microsPerSecond
	b = b[19:]
	if len(b) > 0 && b[0] == '.' {
		w := word(b, 1) ^ '0'*swar
		n := digitCount(w)
		if n == 0 || n > maxDigits {
			return 0, 0, false, false
		}
		local += int64(leadingDigits(w, n) * smallPowers[maxDigits-n])
		b = b[1+n:]
	}
	if len(b) == 0 {
		return local, 0, false, true
	}
	ahead, ok = isoZone(b)
	return local, ahead, true, ok
}

// isoTime reads HH:MM:SS, all of it in a word.
func isoTime(w uint64) (seconds int64, ok bool) {
	const zeros = '0' | '0'<<8 | ':'<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56
	// What is added raises the top bit of a digit above 9 and of a colon that is none.
	const above = 0x76_76_7f_76_76_7f_76_76
	w ^= zeros
	if ((w+above)|w)&(0x80*swar) != 0 {
		return 0, false
	}
	w = w*10 + w>>8 // each byte ten times itself and the next one
	hour, minute, second := w&0xFF, w>>24&0xFF, w>>48&0xFF
	return int64(hour*3600 + minute*60 + second), hour <= 23 && minute <= 59 && second <= 59
}

// isoZone reads Z, ±HH or ±HH:MM, in microseconds; PostgreSQL's zones are less
// than 16 hours from UTC.
func isoZone(b []byte) (ahead int64, ok bool) {
	if len(b) == 1 && b[0] == 'Z' {
		return 0, true
	}
	if b[0] != '+' && b[0] != '-' || len(b) != 3 && (len(b) != 6 || b[3] != ':') {
		return 0, false
	}
	hours, ok := twoDigits(b[1], b[2])
	minutes, ok1 := 0, true
	if len(b) == 6 {
		minutes, ok1 = twoDigits(b[4], b[5])
	}
	if !ok || !ok1 || hours > 15 || minutes > 59 {
		return 0, false
	}
	ahead = int64(hours*60+minutes) * 60 * microsPerSecond
	if b[0] == '-' {
		ahead = -ahead
	}
	return ahead, true
}

func twoDigits(tens, ones byte) (n int, ok bool) {
	tens, ones = tens-'0', ones-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// daysIn is the length of a month of the Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
