package expr

import "github.com/millrace/millrace/aggregator/datum"

// numericFunctions are the operators and functions within numeric.
func numericFunctions() []function {
	n := datum.Numeric
	one, two, scaled := takes(n), takes(n, n), takes(n, datum.Int4)
	return []function{
		{oid: 1724, name: "numeric_add", args: two, result: n, kernel: try2(datum.Decimal.Add)},
		{oid: 1725, name: "numeric_sub", args: two, result: n, kernel: try2(datum.Decimal.Sub)},
		{oid: 1726, name: "numeric_mul", args: two, result: n, kernel: try2(datum.Decimal.Mul)},
		{oid: 1727, name: "numeric_div", args: two, result: n, kernel: try2(datum.Decimal.Div)},
		{oid: 1973, name: "div", args: two, result: n, kernel: try2(numericDiv)},
		{oid: 1980, name: "numeric_div_trunc", args: two, result: n, kernel: try2(numericDiv)},
		{oid: 1729, name: "numeric_mod", args: two, result: n, kernel: try2(datum.Decimal.Mod)},
		{oid: 1728, name: "mod", args: two, result: n, kernel: try2(datum.Decimal.Mod)},
		{oid: 1771, name: "numeric_uminus", args: one, result: n, kernel: map1(datum.Decimal.Neg)},
		{oid: 1915, name: "numeric_uplus", args: one, result: n, kernel: same},
		{oid: 1704, name: "numeric_abs", args: one, result: n, kernel: map1(datum.Decimal.Abs)},
		{oid: 1705, name: "abs", args: one, result: n, kernel: map1(datum.Decimal.Abs)},
		{oid: 1706, name: "sign", args: one, result: n, kernel: map1(numericSign)},
		{oid: 1711, name: "ceil", args: one, result: n, kernel: try1(datum.Decimal.Ceil)},
		{oid: 2167, name: "ceiling", args: one, result: n, kernel: try1(datum.Decimal.Ceil)},
		{oid: 1712, name: "floor", args: one, result: n, kernel: try1(datum.Decimal.Floor)},
		{oid: 1707, name: "round", args: scaled, result: n, kernel: try2(numericRound)},
		{oid: 1708, name: "round", args: one, result: n, kernel: try1(func(d datum.Decimal) (datum.Decimal, *datum.Error) { return d.Round(0) })},
		{oid: 1709, name: "trunc", args: scaled, result: n, kernel: map2(numericTrunc)},
		{oid: 1710, name: "trunc", args: one, result: n, kernel: map1(func(d datum.Decimal) datum.Decimal { return d.Trunc(0) })},
		{oid: 1703, name: "numeric", args: scaled, result: n, kernel: try2(numericTypmod)},
		{oid: 1730, name: "sqrt", args: one, result: n, kernel: try1(datum.Decimal.Sqrt)},
		{oid: 1731, name: "numeric_sqrt", args: one, result: n, kernel: try1(datum.Decimal.Sqrt)},
		{oid: 1732, name: "exp", args: one, result: n, kernel: try1(datum.Decimal.Exp)},
		{oid: 1733, name: "numeric_exp", args: one, result: n, kernel: try1(datum.Decimal.Exp)},
		{oid: 1734, name: "ln", args: one, result: n, kernel: try1(datum.Decimal.Ln)},
		{oid: 1735, name: "numeric_ln", args: one, result: n, kernel: try1(datum.Decimal.Ln)},
		{oid: 1736, name: "log", args: two, result: n, kernel: try2(datum.Log)},
		{oid: 1737, name: "numeric_log", args: two, result: n, kernel: try2(datum.Log)},
		{oid: 1741, name: "log", args: one, result: n, kernel: try1(numericLog10)},
		{oid: 1481, name: "log10", args: one, result: n, kernel: try1(numericLog10)},
		{oid: 1738, name: "pow", args: two, result: n, kernel: try2(datum.Decimal.Pow)},
		{oid: 1739, name: "numeric_power", args: two, result: n, kernel: try2(datum.Decimal.Pow)},
		{oid: 2169, name: "power", args: two, result: n, kernel: try2(datum.Decimal.Pow)},
		{oid: 2170, name: "width_bucket", args: takes(n, n, n, datum.Int4), result: datum.Int4, kernel: try4(datum.WidthBucket)},
		{oid: 3281, name: "scale", args: one, result: datum.Int4, kernel: numericScale},
	}
}

func numericSign(d datum.Decimal) datum.Decimal {
	if d.IsNaN() {
		return d
	}
	return datum.DecimalFromInt(int64(d.Sign()))
}

// numericDiv is the quotient truncated to an integer: that of what the remainder
// leaves, which divides exactly.
func numericDiv(d, e datum.Decimal) (datum.Decimal, *datum.Error) {
	rest, err := d.Mod(e)
	switch {
	case err != nil:
		return d, err
	case d.IsNaN() || e.IsNaN() || d.IsInf():
		return d.Div(e)
	case e.IsInf():
		return datum.DecimalFromInt(0), nil
	}
	if d, err = d.Sub(rest); err != nil {
		return d, err
	}
	if d, err = d.Div(e); err != nil {
		return d, err
	}
	return d.Trunc(0), nil
}

func numericRound(d datum.Decimal, scale int64) (datum.Decimal, *datum.Error) {
	return d.Round(int(scale))
}

func numericTrunc(d datum.Decimal, scale int64) datum.Decimal { return d.Trunc(int(scale)) }

// numericTypmod applies the type modifier of numeric(p,s): 4 + (p<<16 | s), s
// in 11 bits with its sign.
func numericTypmod(d datum.Decimal, typmod int64) (datum.Decimal, *datum.Error) {
	if typmod < 4 {
		return d, nil
	}
	typmod -= 4
	return d.ApplyTypmod(int(typmod>>16&0xffff), int((typmod&0x7ff)^1024)-1024)
}

func numericScale(c *call, rows []int32) {
	for _, r := range rows {
		d := datum.DecodeDecimal(c.in[0].Bytes(int(r)))
		if d.IsNaN() || d.IsInf() {
			c.out.SetNull(int(r))
			continue
		}
		c.out.Ints[r] = int64(d.Scale())
	}
}

func numericLog10(d datum.Decimal) (datum.Decimal, *datum.Error) {
	return datum.Log(datum.DecimalFromInt(10), d)
}
