package datum

import "math"

// ParseInt reads a smallint, integer or bigint as their input functions do:
// decimal digits with a sign and white space around them.
func ParseInt(s []byte, t Type) (int64, *Error) {
	digits := trimSpace(s)
	neg := false
	if len(digits) > 0 && (digits[0] == '+' || digits[0] == '-') {
		neg = digits[0] == '-'
		digits = digits[1:]
	}
	if len(digits) == 0 {
		return 0, errSyntax(t, s)
	}
	lo, hi := intRange(t)
	// Accumulate below zero: the negative range is the larger one.
	v := int64(0)
	for _, c := range digits {
		if !isDigit(c) {
			return 0, errSyntax(t, s)
		}
		d := int64(c - '0')
		if v < (lo+d)/10 { // before anything that follows is looked at
			return 0, errIntText(s, t)
		}
		v = 10*v - d
	}
	if neg {
		return v, nil
	}
	if v < -hi {
		return 0, errIntText(s, t)
	}
	return -v, nil
}

func errIntText(s []byte, t Type) *Error {
	return Errorf(CodeOutOfRange, "value \"%s\" is out of range for type %v", s, t)
}

// intRange returns the least and the greatest value of an integer type.
func intRange(t Type) (lo, hi int64) {
	switch t {
	case Int2:
		return math.MinInt16, math.MaxInt16
	case Int4:
		return math.MinInt32, math.MaxInt32
	case Int8:
		return math.MinInt64, math.MaxInt64
	}
	panic("bug: not an integer type: " + t.String())
}

func errIntRange(t Type) *Error { return Errorf(CodeOutOfRange, "%v out of range", t) }

// CheckInt returns v, or PostgreSQL's "integer out of range" where t, a smallint,
// integer or bigint, does not hold it.
func CheckInt(v int64, t Type) (int64, *Error) {
	if lo, hi := intRange(t); v < lo || v > hi {
		return 0, errIntRange(t)
	}
	return v, nil
}
