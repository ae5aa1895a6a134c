package expr

import (
	"math"
	"math/bits"

	"github.com/millrace/millrace/aggregator/datum"
)

var errDivisionByZero = &datum.Error{Code: datum.CodeDivisionByZero, Message: "division by zero"}

// intRange is what an integer type holds, and the error of what it does not.
type intRange struct {
	lo, hi int64
	err    *datum.Error
}

func rangeOf(t datum.Type) intRange {
	r := intRange{lo: math.MinInt64, hi: math.MaxInt64}
	name := "bigint"
	switch t {
	case datum.Int2:
		r.lo, r.hi, name = math.MinInt16, math.MaxInt16, "smallint"
	case datum.Int4:
		r.lo, r.hi, name = math.MinInt32, math.MaxInt32, "integer"
	}
	r.err = datum.Errorf(datum.CodeOutOfRange, "%s out of range", name)
	return r
}

// integerFunctions are the operators and functions within the integer types.
func integerFunctions() []function {
	var table []function
	for _, f := range []struct {
		name       string
		a, b       datum.Type
		add, sub   uint32
		times, div uint32
	}{
		{"int2", datum.Int2, datum.Int2, 176, 180, 152, 153},
		{"int4", datum.Int4, datum.Int4, 177, 181, 141, 154},
		{"int8", datum.Int8, datum.Int8, 463, 464, 465, 466},
		{"int24", datum.Int2, datum.Int4, 178, 182, 170, 172},
		{"int28", datum.Int2, datum.Int8, 841, 942, 943, 948},
		{"int42", datum.Int4, datum.Int2, 179, 183, 171, 173},
		{"int48", datum.Int4, datum.Int8, 1278, 1279, 1280, 1281},
		{"int82", datum.Int8, datum.Int2, 837, 838, 839, 840},
		{"int84", datum.Int8, datum.Int4, 1274, 1275, 1276, 1277},
	} {
		result := max(f.a, f.b) // the wider one: Int2 < Int4 < Int8
		two := takes(f.a, f.b)
		table = append(table,
			function{oid: f.add, name: f.name + "pl", args: two, result: result, kernel: addInts(result)},
			function{oid: f.sub, name: f.name + "mi", args: two, result: result, kernel: subInts(result)},
			function{oid: f.times, name: f.name + "mul", args: two, result: result, kernel: mulInts(result)},
			function{oid: f.div, name: f.name + "div", args: two, result: result, kernel: divInts(result)},
		)
	}
	for _, f := range []struct {
		name                  string
		t                     datum.Type
		mod, mod2, abs, abs2  uint32
		minus, plus           uint32
		and, or, xor, not     uint32
		shiftLeft, shiftRight uint32
	}{
		{"int2", datum.Int2, 155, 940, 1253, 1398, 213, 1911, 1892, 1893, 1894, 1895, 1896, 1897},
		{"int4", datum.Int4, 156, 941, 1251, 1397, 212, 1912, 1898, 1899, 1900, 1901, 1902, 1903},
		{"int8", datum.Int8, 945, 947, 1230, 1396, 462, 1910, 1904, 1905, 1906, 1907, 1908, 1909},
	} {
		one, two, shift := takes(f.t), takes(f.t, f.t), takes(f.t, datum.Int4)
		table = append(table,
			function{oid: f.mod, name: f.name + "mod", args: two, result: f.t, kernel: modInts},
			function{oid: f.mod2, name: "mod", args: two, result: f.t, kernel: modInts},
			function{oid: f.abs, name: f.name + "abs", args: one, result: f.t, kernel: absInts(f.t)},
			function{oid: f.abs2, name: "abs", args: one, result: f.t, kernel: absInts(f.t)},
			function{oid: f.minus, name: f.name + "um", args: one, result: f.t, kernel: negInts(f.t)},
			function{oid: f.plus, name: f.name + "up", args: one, result: f.t, kernel: same},
			function{oid: f.and, name: f.name + "and", args: two, result: f.t, kernel: map2(func(a, b int64) int64 { return a & b })},
			function{oid: f.or, name: f.name + "or", args: two, result: f.t, kernel: map2(func(a, b int64) int64 { return a | b })},
			function{oid: f.xor, name: f.name + "xor", args: two, result: f.t, kernel: map2(func(a, b int64) int64 { return a ^ b })},
			function{oid: f.not, name: f.name + "not", args: one, result: f.t, kernel: map1(func(a int64) int64 { return ^a })},
			function{oid: f.shiftLeft, name: f.name + "shl", args: shift, result: f.t, kernel: map2(shiftLeft(f.t))},
			function{oid: f.shiftRight, name: f.name + "shr", args: shift, result: f.t, kernel: map2(shiftRight(f.t))},
		)
	}
	return table
}

func addInts(t datum.Type) kernel {
	limit := rangeOf(t)
	if t == datum.Int8 {
		return func(c *call, rows []int32) {
			a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
			for _, r := range rows {
				x := a[r] + b[r]
				out[r] = x
				if (a[r]^x)&(b[r]^x) < 0 {
					c.fail(r, limit.err)
				}
			}
		}
	}
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
		for _, r := range rows {
			x := a[r] + b[r]
			out[r] = x
			if x < limit.lo || x > limit.hi {
				c.fail(r, limit.err)
			}
		}
	}
}

func subInts(t datum.Type) kernel {
	limit := rangeOf(t)
	if t == datum.Int8 {
		return func(c *call, rows []int32) {
			a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
			for _, r := range rows {
				x := a[r] - b[r]
				out[r] = x
				if (a[r]^b[r])&(a[r]^x) < 0 {
					c.fail(r, limit.err)
				}
			}
		}
	}
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
		for _, r := range rows {
			x := a[r] - b[r]
			out[r] = x
			if x < limit.lo || x > limit.hi {
				c.fail(r, limit.err)
			}
		}
	}
}

func mulInts(t datum.Type) kernel {
	limit := rangeOf(t)
	if t == datum.Int8 {
		return func(c *call, rows []int32) {
			a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
			for _, r := range rows {
				x, ok := mulInt8(a[r], b[r])
				out[r] = x
				if !ok {
					c.fail(r, limit.err)
				}
			}
		}
	}
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
		for _, r := range rows {
			x := a[r] * b[r]
			out[r] = x
			if x < limit.lo || x > limit.hi {
				c.fail(r, limit.err)
			}
		}
	}
}

// mulInt8 multiplies; ok is false where the product needs more than 64 bits.
func mulInt8(a, b int64) (x int64, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// From the unsigned to the signed high word.
	high := int64(hi) - (a>>63)&b - (b>>63)&a
	return int64(lo), high == int64(lo)>>63
}

func divInts(t datum.Type) kernel {
	limit := rangeOf(t)
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
		for _, r := range rows {
			switch b[r] {
			case 0:
				c.fail(r, errDivisionByZero)
			case -1:
				out[r] = -a[r]
				if a[r] == limit.lo {
					c.fail(r, limit.err)
				}
			default:
				out[r] = a[r] / b[r]
			}
		}
	}
}

func modInts(c *call, rows []int32) {
	a, b, out := c.in[0].Ints, c.in[1].Ints, c.out.Ints
	for _, r := range rows {
		switch b[r] {
		case 0:
			c.fail(r, errDivisionByZero)
		case -1:
			out[r] = 0
		default:
			out[r] = a[r] % b[r]
		}
	}
}

func negInts(t datum.Type) kernel {
	limit := rangeOf(t)
	return try1(func(a int64) (int64, *datum.Error) {
		if a == limit.lo {
			return 0, limit.err
		}
		return -a, nil
	})
}

func absInts(t datum.Type) kernel {
	limit := rangeOf(t)
	return try1(func(a int64) (int64, *datum.Error) {
		switch {
		case a == limit.lo:
			return 0, limit.err
		case a < 0:
			return -a, nil
		}
		return a, nil
	})
}

// Shifts take the count modulo the width of the machine's shift, as the
// processor does for PostgreSQL: 32 for smallint and integer, 64 for bigint.
func shiftLeft(t datum.Type) func(a, n int64) int64 {
	switch t {
	case datum.Int2:
		return func(a, n int64) int64 { return int64(int16(int32(a) << (n & 31))) }
	case datum.Int4:
		return func(a, n int64) int64 { return int64(int32(a) << (n & 31)) }
	default:
		return func(a, n int64) int64 { return a << (n & 63) }
	}
}

func shiftRight(t datum.Type) func(a, n int64) int64 {
	if t == datum.Int8 {
		return func(a, n int64) int64 { return a >> (n & 63) }
	}
	return func(a, n int64) int64 { return a >> (n & 31) }
}
