package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

// SQLSTATEs of arguments outside a function's domain.
const (
	codeBadLogarithm = "2201E" // invalid_argument_for_logarithm
	codeBadPower     = "2201F" // invalid_argument_for_power_function
)

var (
	errSqrtNegative  = &datum.Error{Code: codeBadPower, Message: "cannot take square root of a negative number"}
	errLogZero       = &datum.Error{Code: codeBadLogarithm, Message: "cannot take logarithm of zero"}
	errLogNegative   = &datum.Error{Code: codeBadLogarithm, Message: "cannot take logarithm of a negative number"}
	errZeroToNeg     = &datum.Error{Code: codeBadPower, Message: "zero raised to a negative power is undefined"}
	errComplexResult = &datum.Error{Code: codeBadPower, Message: "a negative number raised to a non-integer power yields a complex result"}
)

// mathFunctions are the functions of float8. exp, ln, log, power and cbrt are
// computed more precisely than the C library that PostgreSQL uses does: in rare cases the
// last of the seventeen digits differs.
func mathFunctions() []function {
	f := datum.Float8
	one, two := takes(f), takes(f, f)
	return []function{
		{oid: 228, name: "dround", args: one, result: f, kernel: map1(math.RoundToEven)},
		{oid: 1342, name: "round", args: one, result: f, kernel: map1(math.RoundToEven)},
		{oid: 229, name: "dtrunc", args: one, result: f, kernel: map1(math.Trunc)},
		{oid: 1343, name: "trunc", args: one, result: f, kernel: map1(math.Trunc)},
		{oid: 2308, name: "ceil", args: one, result: f, kernel: map1(math.Ceil)},
		{oid: 2320, name: "ceiling", args: one, result: f, kernel: map1(math.Ceil)},
		{oid: 2309, name: "floor", args: one, result: f, kernel: map1(math.Floor)},
		{oid: 2310, name: "sign", args: one, result: f, kernel: map1(floatSign)},
		{oid: 230, name: "dsqrt", args: one, result: f, kernel: try1(sqrt)},
		{oid: 1344, name: "sqrt", args: one, result: f, kernel: try1(sqrt)},
		{oid: 1608, name: "degrees", args: one, result: f, kernel: try1(degrees)},
		{oid: 1609, name: "radians", args: one, result: f, kernel: try1(radians)},
		{oid: 232, name: "dpow", args: two, result: f, kernel: try2(power)},
		{oid: 1346, name: "pow", args: two, result: f, kernel: try2(power)},
		{oid: 1368, name: "power", args: two, result: f, kernel: try2(power)},
		{oid: 233, name: "dexp", args: one, result: f, kernel: try1(exp)},
		{oid: 1347, name: "exp", args: one, result: f, kernel: try1(exp)},
		{oid: 234, name: "dlog1", args: one, result: f, kernel: try1(logarithm(naturalLog))},
		{oid: 1341, name: "ln", args: one, result: f, kernel: try1(logarithm(naturalLog))},
		{oid: 1339, name: "dlog10", args: one, result: f, kernel: try1(logarithm(decimalLog))},
		{oid: 1340, name: "log", args: one, result: f, kernel: try1(logarithm(decimalLog))},
		{oid: 1194, name: "log10", args: one, result: f, kernel: try1(logarithm(decimalLog))},
		{oid: 231, name: "dcbrt", args: one, result: f, kernel: map1(cubeRoot)},
		{oid: 1345, name: "cbrt", args: one, result: f, kernel: map1(cubeRoot)},
		{oid: 320, name: "width_bucket", args: takes(f, f, f, datum.Int4), result: datum.Int4, kernel: try4(datum.WidthBucketFloat)},
	}
}

// cubeRoot is correctly rounded in nearly all cases: a step of Newton's method
// from Go's own, in numbers around 1.
func cubeRoot(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || x != x {
		return x
	}
	m, e := math.Frexp(x)
	shift := e % 3
	m, e = math.Ldexp(m, shift), e-shift
	y := math.Cbrt(m)
	square := exactProduct(y, y)
	rest := square.times(double{y, 0}).plus(double{-m, 0})
	return math.Ldexp(y-rest.hi/(3*square.hi), e/3)
}

// floatSign is 0 for NaN, as PostgreSQL has it.
func floatSign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func sqrt(x float64) (float64, *datum.Error) {
	if x < 0 {
		return 0, errSqrtNegative
	}
	return math.Sqrt(x), nil
}

func degrees(x float64) (float64, *datum.Error) {
	return checkedFloat(x, x/(math.Pi/180))
}

func radians(x float64) (float64, *datum.Error) {
	return checkedFloat(x, x*(math.Pi/180))
}

// checkedFloat is y, computed from x, unless it left the range.
func checkedFloat(x, y float64) (float64, *datum.Error) {
	switch {
	case math.IsInf(y, 0) && !math.IsInf(x, 0):
		return 0, errOverflow
	case y == 0 && x != 0:
		return 0, errUnderflow
	}
	return y, nil
}

func exp(x float64) (float64, *datum.Error) {
	if math.IsInf(x, 0) || x != x {
		return math.Exp(x), nil
	}
	return checkedExp(expDouble(double{x, 0}))
}

func checkedExp(y float64) (float64, *datum.Error) {
	switch {
	case math.IsInf(y, 0):
		return 0, errOverflow
	case y == 0:
		return 0, errUnderflow
	}
	return y, nil
}

func logarithm(log func(float64) float64) func(float64) (float64, *datum.Error) {
	return func(x float64) (float64, *datum.Error) {
		switch {
		case x == 0:
			return 0, errLogZero
		case x < 0:
			return 0, errLogNegative
		case math.IsInf(x, 1) || x != x:
			return x, nil
		}
		return log(x), nil
	}
}

func naturalLog(x float64) float64 { return logDouble(x).hi }

func decimalLog(x float64) float64 { return logDouble(x).times(oneOverLn10).hi }

// power is dpow of PostgreSQL's float.c: POSIX's pow with the errors that SQL
// asks for.
func power(x, y float64) (float64, *datum.Error) {
	switch {
	case x != x && y == 0, y != y && x == 1:
		return 1, nil
	case x != x || y != y:
		return math.NaN(), nil
	case x == 0 && y < 0:
		return 0, errZeroToNeg
	case x < 0 && math.Floor(y) != y:
		return 0, errComplexResult
	}
	if math.IsInf(x, 0) || math.IsInf(y, 0) || x == 0 || y == 0 {
		return math.Pow(x, y), nil
	}
	return checkedExp(powDouble(x, y))
}
