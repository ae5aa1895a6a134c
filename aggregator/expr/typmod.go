package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

// powersOfTen are those up to a microsecond's six places.
var powersOfTen = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000}

const maxTimePrecision = 6

// timestampScale rounds to the precision of timestamp(p), half away from zero,
// like AdjustTimestampForTypmod.
func timestampScale(ts, typmod int64) (int64, *datum.Error) {
	if !finiteTimestamp(ts) || typmod == -1 || typmod == maxTimePrecision {
		return ts, nil
	}
	if typmod < 0 || typmod > maxTimePrecision {
		return 0, datum.Errorf(datum.CodeInvalidParameter, "timestamp(%d) precision must be between 0 and 6", typmod)
	}
	return roundMicros(ts, typmod), nil
}

func roundMicros(micros, precision int64) int64 {
	unit := powersOfTen[maxTimePrecision-precision]
	if micros >= 0 {
		return (micros + unit/2) / unit * unit
	}
	return -((-micros + unit/2) / unit * unit)
}

// The fields that a restricted interval type keeps, as bits of its typmod's
// upper half: 1 << MONTH, YEAR, DAY, HOUR, MINUTE, SECOND of datetime.h.
const (
	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12

	fullIntervalRange     = 0x7fff
	fullIntervalPrecision = 0xffff
)

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
)

// intervalScale drops the fields that the type does not have and rounds the
// seconds, like AdjustIntervalForTypmod.
func intervalScale(s datum.Span, typmod int64) (datum.Span, *datum.Error) {
	if typmod < 0 {
		return s, nil
	}
	switch typmod >> 16 & fullIntervalRange {
	case fullIntervalRange, maskDay | maskHour | maskMinute | maskSecond,
		maskHour | maskMinute | maskSecond, maskMinute | maskSecond, maskSecond:
		return intervalPrecision(s, typmod&fullIntervalPrecision)
	case maskYear:
		return datum.Span{Months: s.Months / 12 * 12}, nil
	case maskMonth, maskYear | maskMonth:
		return datum.Span{Months: s.Months}, nil
	case maskDay:
		s.Micros = 0
	case maskHour, maskDay | maskHour:
		s.Micros = s.Micros / microsPerHour * microsPerHour
	case maskMinute, maskDay | maskHour | maskMinute, maskHour | maskMinute:
		s.Micros = s.Micros / microsPerMinute * microsPerMinute
	default:
		return s, datum.Errorf("XX000", "unrecognized interval typmod: %d", typmod)
	}
	return s, nil
}

func intervalPrecision(s datum.Span, precision int64) (datum.Span, *datum.Error) {
	if precision == fullIntervalPrecision {
		return s, nil
	}
	if precision > maxTimePrecision {
		return s, datum.Errorf(datum.CodeInvalidParameter, "interval(%d) precision must be between 0 and 6", precision)
	}
	if half := powersOfTen[maxTimePrecision-precision] / 2; s.Micros > math.MaxInt64-half || s.Micros < math.MinInt64+half {
		return s, datum.Errorf(datum.CodeDatetimeOverflow, "interval out of range")
	}
	s.Micros = roundMicros(s.Micros, precision)
	return s, nil
}
