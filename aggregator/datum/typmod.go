package datum

// AnyTypmod is the typmod of a type without a length or precision.
const AnyTypmod int32 = -1

// secondDigits is how many digits a second has in PostgreSQL.
const secondDigits = 6

// FitNumeric gives a numeric the precision and scale of a typmod
// (numeric_typmod_precision and numeric_typmod_scale), or an error where it has
// more digits.
func FitNumeric(d Decimal, typmod int32) (Decimal, *Error) {
	if typmod < typmodHeader {
		return d, nil
	}
	precision, scale := int((typmod-typmodHeader)>>16&0xFFFF), int(((typmod-typmodHeader)&0x7FF)^1024)-1024
	return d.ApplyTypmod(precision, scale)
}

// FitTimestamp is AdjustTimestampForTypmod: it rounds to the typmod's digits of the
// second.
func FitTimestamp(ts int64, typmod int32) int64 {
	if typmod < 0 || !isFinite(ts) {
		return ts
	}
	return FitMicros(ts, typmod)
}

// FitInterval rounds an interval to the digits of the second in its typmod; 0xFFFF
// in it is none. The fields of a restricted interval (INTERVAL DAY TO HOUR) are not
// looked at: see [RestrictsInterval].
func FitInterval(s Span, typmod int32) Span {
	if typmod >= 0 {
		s.Micros = FitMicros(s.Micros, typmod&0xFFFF)
	}
	return s
}

// RestrictsInterval reports whether a typmod leaves an interval some of its fields
// alone.
func RestrictsInterval(typmod int32) bool { return typmod >= 0 && typmod>>16&0x7FFF != 0x7FFF }

// FitMicros rounds microseconds to a number of digits of the second, halves away
// from zero; a number below zero is none.
func FitMicros(us int64, digits int32) int64 {
	if digits < 0 || digits >= secondDigits {
		return us
	}
	unit := int64(1)
	for range secondDigits - digits {
		unit *= 10
	}
	if us < 0 {
		return -((-us + unit/2) / unit * unit)
	}
	return (us + unit/2) / unit * unit
}
