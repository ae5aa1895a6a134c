package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

// castFunctions are the casts that are functions, but for those of times.
func castFunctions() []function {
	return append([]function{
		{oid: 314, name: "int2", args: takes(datum.Int4), result: datum.Int2, kernel: narrowInts(datum.Int2)},
		{oid: 714, name: "int2", args: takes(datum.Int8), result: datum.Int2, kernel: narrowInts(datum.Int2)},
		{oid: 480, name: "int4", args: takes(datum.Int8), result: datum.Int4, kernel: narrowInts(datum.Int4)},
		{oid: 313, name: "int4", args: takes(datum.Int2), result: datum.Int4, kernel: same},
		{oid: 481, name: "int8", args: takes(datum.Int4), result: datum.Int8, kernel: same},
		{oid: 754, name: "int8", args: takes(datum.Int2), result: datum.Int8, kernel: same},

		{oid: 236, name: "float4", args: takes(datum.Int2), result: datum.Float4, kernel: map1(singleOfInt)},
		{oid: 318, name: "float4", args: takes(datum.Int4), result: datum.Float4, kernel: map1(singleOfInt)},
		{oid: 652, name: "float4", args: takes(datum.Int8), result: datum.Float4, kernel: map1(singleOfInt)},
		{oid: 312, name: "float4", args: takes(datum.Float8), result: datum.Float4, kernel: try1(single)},
		{oid: 235, name: "float8", args: takes(datum.Int2), result: datum.Float8, kernel: map1(doubleOfInt)},
		{oid: 316, name: "float8", args: takes(datum.Int4), result: datum.Float8, kernel: map1(doubleOfInt)},
		{oid: 482, name: "float8", args: takes(datum.Int8), result: datum.Float8, kernel: map1(doubleOfInt)},
		{oid: 311, name: "float8", args: takes(datum.Float4), result: datum.Float8, kernel: same},

		{oid: 237, name: "int2", args: takes(datum.Float8), result: datum.Int2, kernel: intsOfFloats(datum.Int2)},
		{oid: 238, name: "int2", args: takes(datum.Float4), result: datum.Int2, kernel: intsOfFloats(datum.Int2)},
		{oid: 317, name: "int4", args: takes(datum.Float8), result: datum.Int4, kernel: intsOfFloats(datum.Int4)},
		{oid: 319, name: "int4", args: takes(datum.Float4), result: datum.Int4, kernel: intsOfFloats(datum.Int4)},
		{oid: 483, name: "int8", args: takes(datum.Float8), result: datum.Int8, kernel: intsOfFloats(datum.Int8)},
		{oid: 653, name: "int8", args: takes(datum.Float4), result: datum.Int8, kernel: intsOfFloats(datum.Int8)},

		{oid: 2557, name: "bool", args: takes(datum.Int4), result: datum.Bool, kernel: map1(func(x int64) bool { return x != 0 })},
		{oid: 2558, name: "int4", args: takes(datum.Bool), result: datum.Int4, kernel: same},
	}, numericCasts()...)
}

func numericCasts() []function {
	n := datum.Numeric
	return []function{
		{oid: 1782, name: "numeric", args: takes(datum.Int2), result: n, kernel: map1(datum.DecimalFromInt)},
		{oid: 1740, name: "numeric", args: takes(datum.Int4), result: n, kernel: map1(datum.DecimalFromInt)},
		{oid: 1781, name: "numeric", args: takes(datum.Int8), result: n, kernel: map1(datum.DecimalFromInt)},
		{oid: 1742, name: "numeric", args: takes(datum.Float4), result: n, kernel: try1(func(x float64) (datum.Decimal, *datum.Error) { return datum.DecimalFromFloat(x, 32) })},
		{oid: 1743, name: "numeric", args: takes(datum.Float8), result: n, kernel: try1(func(x float64) (datum.Decimal, *datum.Error) { return datum.DecimalFromFloat(x, 64) })},
		{oid: 1783, name: "int2", args: takes(n), result: datum.Int2, kernel: try1(datum.Decimal.Int2)},
		{oid: 1744, name: "int4", args: takes(n), result: datum.Int4, kernel: try1(datum.Decimal.Int4)},
		{oid: 1779, name: "int8", args: takes(n), result: datum.Int8, kernel: try1(datum.Decimal.Int8)},
		{oid: 1745, name: "float4", args: takes(n), result: datum.Float4, kernel: try1(datum.Decimal.Float4)},
		{oid: 1746, name: "float8", args: takes(n), result: datum.Float8, kernel: try1(datum.Decimal.Float8)},
	}
}

func singleOfInt(x int64) float64 { return float64(float32(x)) }

func doubleOfInt(x int64) float64 { return float64(x) }

func single(x float64) (float64, *datum.Error) {
	y := float64(float32(x))
	switch {
	case math.IsInf(y, 0) && !math.IsInf(x, 0):
		return 0, errOverflow
	case y == 0 && x != 0:
		return 0, errUnderflow
	}
	return y, nil
}

func narrowInts(t datum.Type) kernel {
	limit := rangeOf(t)
	return func(c *call, rows []int32) {
		a, out := c.in[0].Ints, c.out.Ints
		for _, r := range rows {
			out[r] = a[r]
			if a[r] < limit.lo || a[r] > limit.hi {
				c.fail(r, limit.err)
			}
		}
	}
}

// intsOfFloats rounds half to even, as the processor does for PostgreSQL.
func intsOfFloats(t datum.Type) kernel {
	limit := rangeOf(t)
	// -lo is hi+1 and, unlike hi, exact as a float for every width.
	below, end := float64(limit.lo), -float64(limit.lo)
	return func(c *call, rows []int32) {
		a, out := c.in[0].Floats, c.out.Ints
		for _, r := range rows {
			x := math.RoundToEven(a[r])
			if x >= below && x < end {
				out[r] = int64(x)
			} else { // NaN too
				c.fail(r, limit.err)
			}
		}
	}
}
