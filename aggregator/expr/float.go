package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

var (
	errOverflow  = &datum.Error{Code: datum.CodeOutOfRange, Message: "value out of range: overflow"}
	errUnderflow = &datum.Error{Code: datum.CodeOutOfRange, Message: "value out of range: underflow"}
)

// floatFunctions are the operators within the float types. Those of a float4
// and a float8 work in float8.
func floatFunctions() []function {
	var table []function
	for _, f := range []struct {
		name                 string
		a, b                 datum.Type
		add, sub, times, div uint32
	}{
		{"float4", datum.Float4, datum.Float4, 204, 205, 202, 203},
		{"float8", datum.Float8, datum.Float8, 218, 219, 216, 217},
		{"float48", datum.Float4, datum.Float8, 281, 282, 279, 280},
		{"float84", datum.Float8, datum.Float4, 285, 286, 283, 284},
	} {
		result := max(f.a, f.b) // Float4 < Float8
		two := takes(f.a, f.b)
		table = append(table,
			function{oid: f.add, name: f.name + "pl", args: two, result: result, kernel: addFloats(result)},
			function{oid: f.sub, name: f.name + "mi", args: two, result: result, kernel: subFloats(result)},
			function{oid: f.times, name: f.name + "mul", args: two, result: result, kernel: mulFloats(result)},
			function{oid: f.div, name: f.name + "div", args: two, result: result, kernel: divFloats(result)},
		)
	}
	for _, f := range []struct {
		name                   string
		t                      datum.Type
		abs, abs2, minus, plus uint32
	}{
		{"float4", datum.Float4, 207, 1394, 206, 1913},
		{"float8", datum.Float8, 221, 1395, 220, 1914},
	} {
		one := takes(f.t)
		table = append(table,
			function{oid: f.abs, name: f.name + "abs", args: one, result: f.t, kernel: map1(math.Abs)},
			function{oid: f.abs2, name: "abs", args: one, result: f.t, kernel: map1(math.Abs)},
			function{oid: f.minus, name: f.name + "um", args: one, result: f.t, kernel: map1(func(a float64) float64 { return -a })},
			function{oid: f.plus, name: f.name + "up", args: one, result: f.t, kernel: same},
		)
	}
	return table
}

// A float4's sum, difference, product and quotient are those of float8 rounded
// once more: with 53 bits for 24 the second rounding changes nothing.

func addFloats(t datum.Type) kernel {
	single := t == datum.Float4
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Floats, c.in[1].Floats, c.out.Floats
		for _, r := range rows {
			x := a[r] + b[r]
			if single {
				x = float64(float32(x))
			}
			out[r] = x
			if math.IsInf(x, 0) && !math.IsInf(a[r], 0) && !math.IsInf(b[r], 0) {
				c.fail(r, errOverflow)
			}
		}
	}
}

func subFloats(t datum.Type) kernel {
	single := t == datum.Float4
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Floats, c.in[1].Floats, c.out.Floats
		for _, r := range rows {
			x := a[r] - b[r]
			if single {
				x = float64(float32(x))
			}
			out[r] = x
			if math.IsInf(x, 0) && !math.IsInf(a[r], 0) && !math.IsInf(b[r], 0) {
				c.fail(r, errOverflow)
			}
		}
	}
}

func mulFloats(t datum.Type) kernel {
	single := t == datum.Float4
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Floats, c.in[1].Floats, c.out.Floats
		for _, r := range rows {
			x := a[r] * b[r]
			if single {
				x = float64(float32(x))
			}
			out[r] = x
			switch {
			case math.IsInf(x, 0) && !math.IsInf(a[r], 0) && !math.IsInf(b[r], 0):
				c.fail(r, errOverflow)
			case x == 0 && a[r] != 0 && b[r] != 0:
				c.fail(r, errUnderflow)
			}
		}
	}
}

func divFloats(t datum.Type) kernel {
	single := t == datum.Float4
	return func(c *call, rows []int32) {
		a, b, out := c.in[0].Floats, c.in[1].Floats, c.out.Floats
		for _, r := range rows {
			x := a[r] / b[r]
			if single {
				x = float64(float32(x))
			}
			out[r] = x
			switch {
			case b[r] == 0 && a[r] == a[r]:
				c.fail(r, errDivisionByZero)
			case math.IsInf(x, 0) && !math.IsInf(a[r], 0):
				c.fail(r, errOverflow)
			case x == 0 && a[r] != 0 && !math.IsInf(b[r], 0):
				c.fail(r, errUnderflow)
			}
		}
	}
}
