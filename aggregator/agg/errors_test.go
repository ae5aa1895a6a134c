package agg_test

import (
	"math"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// lookup returns a function that must be there.
func lookup(t *testing.T, name string) *agg.Function {
	t.Helper()
	f, ok := agg.ByName(name)
	if !ok {
		t.Fatalf("no function %q", name)
	}
	return f
}

// decimals returns a vector of numerics.
func decimals(t *testing.T, texts ...string) *column.Vector {
	t.Helper()
	v := column.New(datum.Numeric)
	for _, s := range texts {
		d, err := datum.ParseDecimal([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		v.AppendBytes(datum.AppendDecimal(nil, d))
	}
	return v
}

func ints(typ datum.Type, xs ...int64) *column.Vector {
	v := column.New(typ)
	for _, x := range xs {
		v.AppendInt(x)
	}
	return v
}

func floats(typ datum.Type, xs ...float64) *column.Vector {
	v := column.New(typ)
	for _, x := range xs {
		v.AppendFloat(x)
	}
	return v
}

func spans(xs ...datum.Span) *column.Vector {
	v := column.New(datum.Interval)
	for _, x := range xs {
		v.AppendSpan(x)
	}
	return v
}

// TestOverflow: what leaves a type's range is an error of its own group with
// PostgreSQL's SQLSTATE and words, in Update and in Merge; other groups go on.
func TestOverflow(t *testing.T) {
	for _, c := range []struct {
		function string
		states   *column.Vector // of groups 0 and 1, merged twice
		code     string
		message  string
	}{
		{"sum.int4", ints(datum.Int8, math.MaxInt64, 1), "22003", "bigint out of range"},
		{"sum.int2", ints(datum.Int8, math.MinInt64, 1), "22003", "bigint out of range"},
		{"sum.float8", floats(datum.Float8, math.MaxFloat64, 1), "22003", "value out of range: overflow"},
		{"sum.float4", floats(datum.Float8, -math.MaxFloat64, 1), "22003", "value out of range: overflow"},
		{"sum.interval", spans(datum.Span{Months: math.MaxInt32}, datum.Span{Days: 1}), "22008", "interval out of range"},
		{"sum.interval", spans(datum.Span{Days: math.MinInt32 + 1}, datum.Span{Days: 1}), "22008", "interval out of range"},
		{"sum.interval", spans(datum.Span{Micros: math.MaxInt64}, datum.Span{Days: 1}), "22008", "interval out of range"},
		{"sum.numeric", decimals(t, "9e131071", "1"), "22003", "value overflows numeric format"},
	} {
		f := lookup(t, c.function)
		for _, way := range []string{"update", "merge"} {
			if way == "update" && f.Arg.Physical() != c.states.Type.Physical() {
				continue
			}
			a := f.New()
			a.Grow(2)
			var failed []uint32
			fail := func(group uint32, err *datum.Error) {
				failed = append(failed, group)
				if err.Code != c.code || err.Message != c.message {
					t.Errorf("%s: %v, want %s %s", c.function, err, c.code, c.message)
				}
			}
			for range 2 {
				if way == "update" {
					a.Update([]uint32{0, 1}, c.states, []int32{0, 1}, fail)
				} else {
					a.Merge([]uint32{0, 1}, []*column.Vector{c.states}, fail)
				}
			}
			if len(failed) != 1 || failed[0] != 0 {
				t.Errorf("%s, %s: groups %v failed, want group 0 once", c.function, way, failed)
			}
			if got := states(f, a, 2)[0]; got.IsNull(1) || specimen.Look(got, 1) == specimen.Look(c.states, 1) {
				t.Errorf("%s, %s: the other group did not get its second value", c.function, way)
			}
		}
	}
}

// sumOf returns sum(numeric) as text.
func sumOf(t *testing.T, v *column.Vector) string {
	t.Helper()
	f := lookup(t, "sum.numeric")
	a := f.New()
	a.Grow(1)
	a.Update(make([]uint32, v.Len()), v, rowRange(0, v.Len()), noFail(t))
	return datum.DecodeDecimal(states(f, a, 1)[0].Bytes(0)).String()
}

// TestNumericSums: the display scale is the greatest of the inputs', sums beyond
// 128 bits are exact, and NaN and the infinities add as in PostgreSQL.
func TestNumericSums(t *testing.T) {
	const wide = "99999999999999999999999999999999999999" // 38 digits
	for _, c := range []struct {
		inputs []string
		want   string
	}{
		{[]string{"1.0", "1.00", "2"}, "4.00"},
		{[]string{"1.00", "-1.00"}, "0.00"},
		{[]string{"0.000"}, "0.000"},
		{[]string{"0", "0.0000000000000000000000000000000000000000000000000001"}, "0.0000000000000000000000000000000000000000000000000001"},
		{[]string{wide, wide}, "199999999999999999999999999999999999998"},
		{[]string{wide, "0.5"}, wide + ".5"},
		{[]string{wide + wide, "-1", "1.00"}, wide + wide + ".00"},
		{[]string{wide + wide, "-" + wide + wide, "7"}, "7"},
		{[]string{"170141183460469231731687303715884105727", "1", "-1"}, "170141183460469231731687303715884105727"},
		{[]string{"-170141183460469231731687303715884105728", "-1", "1"}, "-170141183460469231731687303715884105728"},
		{[]string{"NaN", "1"}, "NaN"},
		{[]string{"Infinity", "1"}, "Infinity"},
		{[]string{"1", "-Infinity", "-Infinity"}, "-Infinity"},
		{[]string{"Infinity", "-Infinity"}, "NaN"},
		{[]string{"-Infinity", "1", "Infinity"}, "NaN"},
		{[]string{"Infinity", "NaN"}, "NaN"},
	} {
		if got := sumOf(t, decimals(t, c.inputs...)); got != c.want {
			t.Errorf("sum of %v is %s, want %s", c.inputs, got, c.want)
		}
	}
}

// TestInt8Sums: sum(bigint) has no range to leave: 128 bits hold the sum of more
// of them than anyone will ever read. A state that says otherwise is its group's
// error, not a wrong sum.
func TestInt8Sums(t *testing.T) {
	f := lookup(t, "sum.int8")
	a := f.New()
	a.Grow(2)
	for _, v := range []*column.Vector{
		ints(datum.Int8, math.MaxInt64, math.MaxInt64, math.MaxInt64), ints(datum.Int8, math.MinInt64, math.MinInt64, -1),
	} {
		a.Update([]uint32{0, 0, 1}, v, rowRange(0, 3), noFail(t))
	}
	const most, least = "170141183460469231731687303715884105727", "-170141183460469231731687303715884105728"
	check := func(want0, want1 string) {
		t.Helper()
		got := states(f, a, 2)[0]
		for g, want := range []string{want0, want1} {
			if got := datum.DecodeDecimal(got.Bytes(g)).String(); got != want {
				t.Errorf("sum of group %d is %s, want %s", g, got, want)
			}
		}
	}
	check("-2", "9223372036854775806")
	a.Merge([]uint32{0, 1, 0}, []*column.Vector{decimals(t, "2", "-9223372036854775806", most)}, noFail(t))
	check(most, "0")
	a.Merge([]uint32{0, 1}, []*column.Vector{decimals(t, "-"+most, "-"+most)}, noFail(t))
	a.Merge([]uint32{1}, []*column.Vector{decimals(t, "-1")}, noFail(t))
	check("0", least)
	for _, beyond := range []string{"-1", least, "1e60", "0.5", "NaN", "-Infinity"} {
		failed := 0
		a.Merge([]uint32{1}, []*column.Vector{decimals(t, beyond)}, func(group uint32, err *datum.Error) {
			if failed++; group != 1 || err.Code != datum.CodeOutOfRange {
				t.Errorf("group %d: %v", group, err)
			}
		})
		if check("0", least); failed != 1 {
			t.Errorf("merging %s failed %d times", beyond, failed)
		}
	}
}

// TestFloatSums: infinite and NaN inputs are values, not overflows, and a sum of
// nothing but −0 is −0.
func TestFloatSums(t *testing.T) {
	inf, zero := math.Inf(1), math.Copysign(0, -1)
	f := lookup(t, "sum.float8")
	for _, c := range []struct {
		inputs []float64
		want   float64
	}{
		{[]float64{inf, math.MaxFloat64}, inf},
		{[]float64{inf, -inf}, math.NaN()},
		{[]float64{math.NaN(), 1}, math.NaN()},
		{[]float64{zero, zero}, zero},
		{[]float64{zero, 0}, 0},
	} {
		a := f.New()
		a.Grow(1)
		a.Update(make([]uint32, 2), floats(datum.Float8, c.inputs...), rowRange(0, 2), noFail(t))
		if got, want := specimen.Look(states(f, a, 1)[0], 0), specimen.Look(floats(datum.Float8, c.want), 0); got != want {
			t.Errorf("sum of %v is %s, want %s", c.inputs, got, want)
		}
	}
}

// TestExtremeTies: among equals that look different the first seen stays.
func TestExtremeTies(t *testing.T) {
	for _, c := range []struct {
		function string
		inputs   *column.Vector
	}{
		{"numeric", decimals(t, "1.00", "1.0", "1")},
		{"float8", floats(datum.Float8, math.Copysign(0, -1), 0)},
		{"interval", spans(datum.Span{Days: 30}, datum.Span{Months: 1}, datum.Span{Micros: 30 * 86400e6})},
	} {
		for _, kind := range []string{"min.", "max."} {
			f := lookup(t, kind+c.function)
			a := f.New()
			a.Grow(1)
			a.Update(make([]uint32, c.inputs.Len()), c.inputs, rowRange(0, c.inputs.Len()), noFail(t))
			if got, want := specimen.Look(states(f, a, 1)[0], 0), specimen.Look(c.inputs, 0); got != want {
				t.Errorf("%s%s is %s, want the first, %s", kind, c.function, got, want)
			}
		}
	}
}
