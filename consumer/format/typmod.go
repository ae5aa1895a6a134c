package format

import (
	"unicode/utf8"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// fitVarchar is varchar_input: spaces beyond n characters are cut off, anything
// else there is an error.
func fitVarchar(text []byte, n int) ([]byte, *datum.Error) {
	if len(text) <= n {
		return text, nil
	}
	cut := 0
	for range n {
		if cut == len(text) {
			return text, nil
		}
		_, size := utf8.DecodeRune(text[cut:])
		cut += size
	}
	for _, c := range text[cut:] {
		if c != ' ' {
			return nil, datum.Errorf(datum.CodeStringTooLong, "value too long for type character varying(%d)", n)
		}
	}
	return text[:cut], nil
}

// setNumeric is numeric_in: precision and scale of the typmod are those of
// numeric_typmod_precision and numeric_typmod_scale.
func setNumeric(typmod int32, vec *column.Vector, row int, text []byte) *datum.Error {
	x, err := datum.ParseDecimal(text)
	if err != nil {
		return err
	}
	if typmod >= 4 {
		precision, scale := int((typmod-4)>>16&0xFFFF), int(((typmod-4)&0x7FF)^1024)-1024
		if x, err = x.ApplyTypmod(precision, scale); err != nil {
			return err
		}
	}
	setNull(vec, row)
	off := len(vec.Arena)
	vec.Arena = datum.AppendDecimal(vec.Arena, x)
	vec.Slices[row] = column.Slice{Off: uint32(off), Len: uint32(len(vec.Arena) - off)}
	vec.Valid.Set(row)
	return nil
}

// maxDigits is how many digits a second has in PostgreSQL.
const maxDigits = 6

// roundTimestamp is AdjustTimestampForTypmod.
func roundTimestamp(ts int64, typmod int32) int64 {
	if typmod < 0 || ts == datum.TimestampInfinity || ts == datum.TimestampNegInfinity {
		return ts
	}
	return roundMicros(ts, typmod)
}

// roundMicros rounds microseconds to a number of digits of the second, halves
// away from zero.
func roundMicros(us int64, digits int32) int64 {
	if digits < 0 || digits >= maxDigits {
		return us
	}
	unit := int64(1)
	for range maxDigits - digits {
		unit *= 10
	}
	if us < 0 {
		return -((-us + unit/2) / unit * unit)
	}
	return (us + unit/2) / unit * unit
}

// intervalDigits is INTERVAL_PRECISION of a typmod; 0xFFFF in it is none. The
// fields of a restricted interval (INTERVAL DAY TO HOUR) are not looked at: such
// columns are not native.
func intervalDigits(typmod int32) int32 {
	if typmod < 0 {
		return maxDigits
	}
	return typmod & 0xFFFF
}
