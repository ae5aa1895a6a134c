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

// mathFunctions are the functions of float8. exp, ln, log and power are not the
// C library's: the last one of the seventeen digits may differ from PostgreSQL's.
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
		{oid: 232, name: "dpow", args: two, result: f, kernel: try2(power)},
		{oid: 1346, name: "pow", args: two, result: f, kernel: try2(power)},
		{oid: 1368, name: "power", args: two, result: f, kernel: try2(power)},
		{oid: 233, name: "dexp", args: one, result: f, kernel: try1(exp)},
		{oid: 1347, name: "exp", args: one, result: f, kernel: try1(exp)},
		{oid: 234, name: "dlog1", args: one, result: f, kernel: try1(logarithm(math.Log))},
		{oid: 1341, name: "ln", args: one, result: f, kernel: try1(logarithm(math.Log))},
		{oid: 1339, name: "dlog10", args: one, result: f, kernel: try1(logarithm(math.Log10))},
		{oid: 1340, name: "log", args: one, result: f, kernel: try1(logarithm(math.Log10))},
		{oid: 1194, name: "log10", args: one, result: f, kernel: try1(logarithm(math.Log10))},
	}
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

func exp(x float64) (float64, *datum.Error) {
	if math.IsInf(x, 0) || x != x {
		return math.Exp(x), nil
	}
	y := expFinite(x)
	switch {
	case math.IsInf(y, 0):
		return 0, errOverflow
	case y == 0:
		return 0, errUnderflow
	}
	return y, nil
}

// expFinite is e**x by the method of FreeBSD's e_exp.c, as in Go's portable
// math.Exp. The assembly that math.Exp has for some processors overflows
// before the range of float8 ends.
func expFinite(x float64) float64 {
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10

		p1 = 1.66666666666666657415e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	switch {
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k := math.Floor(x*math.Log2E + 0.5) // x = k·ln 2 + r, |r| ≤ ln 2 / 2
	hi, lo := x-k*ln2Hi, k*ln2Lo
	r := hi - lo
	t := r * r
	c := r - t*(p1+t*(p2+t*(p3+t*(p4+t*p5))))
	return math.Ldexp(1-((lo-(r*c)/(2-c))-hi), int(k))
}

// logarithm takes subnormal numbers, for which the assembly of math.Log gives
// a wrong answer, apart by 2**52.
func logarithm(log func(float64) float64) func(float64) (float64, *datum.Error) {
	const smallestNormal = 0x1p-1022
	return func(x float64) (float64, *datum.Error) {
		switch {
		case x == 0:
			return 0, errLogZero
		case x < 0:
			return 0, errLogNegative
		case x < smallestNormal:
			return log(x*0x1p52) - log(0x1p52), nil
		}
		return log(x), nil
	}
}

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
	z := math.Pow(x, y)
	switch {
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		if x == -1 { // pow(-1, ±Inf)
			return 1, nil
		}
		return z, nil
	case math.IsInf(z, 0):
		return 0, errOverflow
	case z == 0 && x != 0:
		return 0, errUnderflow
	}
	return z, nil
}
