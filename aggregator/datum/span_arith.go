package datum

import (
	"math"
	"math/bits"
)

// Add returns s + o, field by field.
func (s Span) Add(o Span) (Span, *Error) {
	micros, ok := addInt(s.Micros, o.Micros)
	return spanOf(int64(s.Months)+int64(o.Months), int64(s.Days)+int64(o.Days), micros, ok)
}

// Sub returns s - o, field by field.
func (s Span) Sub(o Span) (Span, *Error) {
	micros := s.Micros - o.Micros
	ok := (s.Micros^o.Micros)&(s.Micros^micros) >= 0
	return spanOf(int64(s.Months)-int64(o.Months), int64(s.Days)-int64(o.Days), micros, ok)
}

// Neg returns -s.
func (s Span) Neg() (Span, *Error) { return Span{}.Sub(s) }

func spanOf(months, days, micros int64, ok bool) (Span, *Error) {
	if !ok || months != int64(int32(months)) || days != int64(int32(days)) {
		return Span{}, errIntervalRange()
	}
	return Span{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

// Mul returns s × f as interval_mul does: fractions of months cascade into days
// of 1/30 month, fractions of days into time.
func (s Span) Mul(f float64) (Span, *Error) {
	return s.scaled(float64(s.Months)*f, float64(s.Days)*f, float64(s.Micros)*f)
}

// Div returns s / f as interval_div does.
func (s Span) Div(f float64) (Span, *Error) {
	if f == 0 {
		return Span{}, errDivisionByZero()
	}
	return s.scaled(float64(s.Months)/f, float64(s.Days)/f, float64(s.Micros)/f)
}

// scaled cascades. Each product is converted explicitly so that no compiler
// fuses it with the addition after it, which would change the last digit.
func (s Span) scaled(months, days, micros float64) (Span, *Error) {
	if !fitsInt32(months) || !fitsInt32(days) {
		return Span{}, errIntervalRange()
	}
	wholeMonths, wholeDays := int64(months), int64(days)
	monthDays := roundMicro(float64((months - float64(wholeMonths)) * daysPerMonth))
	extraDays := int64(monthDays)
	seconds := days - float64(wholeDays) + monthDays - float64(extraDays)
	seconds = roundMicro(float64(seconds * secondsPerDay))
	if math.Abs(seconds) >= secondsPerDay {
		more := int64(seconds / secondsPerDay)
		wholeDays += more
		seconds -= float64(more * secondsPerDay)
	}
	wholeDays += extraDays
	micros = math.RoundToEven(micros + float64(seconds*microsPerSecond))
	if !(micros >= -1<<63 && micros < 1<<63) {
		return Span{}, errIntervalRange()
	}
	return spanOf(wholeMonths, wholeDays, int64(micros), true)
}

func fitsInt32(f float64) bool { return f >= math.MinInt32 && f <= math.MaxInt32 }

// roundMicro is timestamp.h's TSROUND.
func roundMicro(f float64) float64 {
	return math.RoundToEven(float64(f*microsPerSecond)) / microsPerSecond
}

// CanonicalMicros returns the interval's length as a 128-bit number of
// microseconds, counting a month as 30 days and a day as 24 hours: what
// PostgreSQL compares intervals by.
func (s Span) CanonicalMicros() (hi int64, lo uint64) {
	days := int64(s.Months)*daysPerMonth + int64(s.Days)
	h, l := bits.Mul64(magnitude(days), microsPerDay)
	if days < 0 {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	l, carry := bits.Add64(l, uint64(s.Micros), 0)
	h, _ = bits.Add64(h, uint64(s.Micros>>63), carry)
	return int64(h), l
}

// Cmp compares by CanonicalMicros: -1, 0 or 1.
func (s Span) Cmp(o Span) int {
	h1, l1 := s.CanonicalMicros()
	h2, l2 := o.CanonicalMicros()
	switch {
	case h1 != h2:
		return compareInt(h1, h2)
	case l1 < l2:
		return -1
	case l1 > l2:
		return 1
	}
	return 0
}
