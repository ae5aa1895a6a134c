package expr

import "math"

// double is the unevaluated sum of two floats, hi the nearest float to it:
// some 106 bits. Logarithms and powers are computed in it and rounded once, so
// that they have the C library's last digit in all but a few of 10,000 cases.
// The sums and products are Dekker's and Knuth's, as in Hida, Li and Bailey,
// "Library for Double-Double and Quad-Double Arithmetic".
type double struct{ hi, lo float64 }

var (
	ln2         = double{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
	oneOverLn10 = double{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57}
)

// exactSum is a+b.
func exactSum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

// renormed is a+b where |a| >= |b|.
func renormed(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

// exactProduct is a*b.
func exactProduct(a, b float64) double {
	p := a * b
	return double{p, math.FMA(a, b, -p)}
}

func (a double) plus(b double) double {
	s, t := exactSum(a.hi, b.hi), exactSum(a.lo, b.lo)
	s = renormed(s.hi, s.lo+t.hi)
	return renormed(s.hi, s.lo+t.lo)
}

func (a double) times(b double) double {
	p := exactProduct(a.hi, b.hi)
	return renormed(p.hi, math.FMA(a.hi, b.lo, math.FMA(a.lo, b.hi, p.lo)))
}

func (a double) over(b double) double {
	q := a.hi / b.hi
	rest := a.plus(b.times(double{-q, 0}))
	return renormed(q, rest.hi/b.hi)
}

// scaled is a times a power of two.
func (a double) scaled(p float64) double { return double{a.hi * p, a.lo * p} }

// logDouble is ln(x) for x > 0 and finite: x = m·2^e with m around 1, and
// ln m = 2·artanh((m-1)/(m+1)) as a series in s² <= 0.0295.
func logDouble(x float64) double {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	s := double{m - 1, 0}.over(exactSum(m, 1))
	square := s.times(s)
	const terms = 20
	sum := double{}
	for k := terms; k >= 0; k-- {
		sum = sum.times(square).plus(double{1, 0}.over(double{float64(2*k + 1), 0}))
	}
	return s.times(sum).scaled(2).plus(ln2.times(double{float64(e), 0}))
}

// expDouble is e^p: p = k·ln 2 + 16·r, and e^r by its series.
func expDouble(p double) float64 {
	switch {
	case p.hi > 710:
		return math.Inf(1)
	case p.hi < -746:
		return 0
	}
	k := math.Round(p.hi / math.Ln2)
	r := p.plus(ln2.times(double{-k, 0})).scaled(1.0 / 16)
	const terms = 14
	sum := double{1, 0}
	for n := terms; n >= 1; n-- {
		sum = double{1, 0}.plus(sum.times(r).over(double{float64(n), 0}))
	}
	for range 4 {
		sum = sum.times(sum)
	}
	return math.Ldexp(sum.hi, int(k))
}

// powDouble is x^y for finite x and y, x not 0, and y an integer where x < 0.
func powDouble(x, y float64) float64 {
	log := logDouble(math.Abs(x))
	sign := 1.0
	if x < 0 && math.Mod(y, 2) != 0 {
		sign = -1
	}
	switch p := log.hi * y; {
	case p > 720:
		return sign * math.Inf(1)
	case p < -760:
		return sign * 0
	}
	return sign * expDouble(log.times(double{y, 0}))
}
