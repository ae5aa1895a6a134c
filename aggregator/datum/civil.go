package datum

// The sentinels of dates and timestamps, PostgreSQL's own.
const (
	DateInfinity         int64 = 1<<31 - 1
	DateNegInfinity      int64 = -1 << 31
	TimestampInfinity    int64 = 1<<63 - 1
	TimestampNegInfinity int64 = -1 << 63
)

// Units of time.
const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour
	secondsPerDay   = 86400
	daysPerMonth    = 30
	monthsPerYear   = 12
)

// The calendar's limits, in days and microseconds since 2000-01-01
// (src/include/datatype/timestamp.h): 4714-11-24 BC up to, not including,
// 5874898-01-01 for dates and 294277-01-01 for timestamps.
const (
	epochJulian    = 2451545 // 2000-01-01 as a Julian day
	unixEpochDays  = -10957  // 1970-01-01
	minDate        = -epochJulian
	endDate        = 2147483494 - epochJulian
	minTimestamp   = minDate * microsPerDay
	endTimestamp   = 9223371331200000000
	endTimestampTZ = endTimestamp / microsPerDay // in days
)

// civil is a point in time taken apart, without a zone. Year 0 is 1 BC.
type civil struct {
	year, month, day     int
	hour, minute, second int
	micro                int
}

// DaysFromCivil returns the days from 2000-01-01 to a date of the proleptic
// Gregorian calendar. Year 0 is 1 BC; month is 1..12; day may be any number.
func DaysFromCivil(year, month, day int) int64 {
	// Years that begin in March put the leap day last
	// (http://howardhinnant.github.io/date_algorithms.html).
	y := int64(year)
	if month <= 2 {
		y--
		month += 12
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	dayOfYear := int64((153*(month-3)+2)/5 + day - 1)
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 730425
}

// CivilFromDays is the inverse of DaysFromCivil.
func CivilFromDays(days int64) (year, month, day int) {
	z := days + 730425
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	year = int(yoe + era*400)
	if month = int(mp) + 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func daysInMonth(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// validJulian is IS_VALID_JULIAN: whether the date lies where PostgreSQL's day arithmetic works.
func (c *civil) validJulian() bool {
	return (c.year > -4713 || c.year == -4713 && c.month >= 11) &&
		(c.year < 5874898 || c.year == 5874898 && c.month < 6)
}

func (c *civil) timeOfDay() int64 {
	return int64(c.hour)*microsPerHour + int64(c.minute)*microsPerMinute +
		int64(c.second)*microsPerSecond + int64(c.micro)
}

func (c *civil) setTimeOfDay(micros int64) {
	c.hour = int(micros / microsPerHour)
	c.minute = int(micros / microsPerMinute % 60)
	c.second = int(micros / microsPerSecond % 60)
	c.micro = int(micros % microsPerSecond)
}

// breakDown takes finite microseconds since 2000-01-01 apart.
func breakDown(micros int64) (c civil) {
	days := floorDiv(micros, microsPerDay)
	c.year, c.month, c.day = CivilFromDays(days)
	c.setTimeOfDay(micros - days*microsPerDay)
	return c
}

// micros puts a time together; ok is false where no timestamp holds it.
func (c *civil) micros() (ts int64, ok bool) {
	if !c.validJulian() {
		return 0, false
	}
	days := DaysFromCivil(c.year, c.month, c.day)
	ts, ok = mulAdd(days, microsPerDay, c.timeOfDay())
	return ts, ok && validTimestamp(ts)
}

func validTimestamp(ts int64) bool { return ts >= minTimestamp && ts < endTimestamp }

func validDate(days int64) bool { return days >= minDate && days < endDate }

func isFinite(ts int64) bool { return ts != TimestampInfinity && ts != TimestampNegInfinity }

func isFiniteDate(days int64) bool { return days != DateInfinity && days != DateNegInfinity }

// mulAdd returns a×b + c; ok is false where that overflows.
func mulAdd(a, b, c int64) (r int64, ok bool) {
	p, ok := mulInt(a, b)
	if !ok {
		return 0, false
	}
	return addInt(p, c)
}

func mulInt(a, b int64) (p int64, ok bool) {
	p = a * b
	if a != 0 && (p/a != b || a == -1 && b == -1<<63) {
		return 0, false
	}
	return p, true
}

func addInt(a, b int64) (s int64, ok bool) {
	s = a + b
	return s, (a^s)&(b^s) >= 0
}

func errTimestampRange() *Error { return Errorf(CodeDatetimeOverflow, "timestamp out of range") }

func errDateRange() *Error { return Errorf(CodeDatetimeOverflow, "date out of range") }

func errIntervalRange() *Error { return Errorf(CodeDatetimeOverflow, "interval out of range") }
