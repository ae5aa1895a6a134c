package agg

import (
	"strings"

	"github.com/millrace/millrace/aggregator/datum"
)

// entry is one line of the table of functions.
type entry struct {
	name  string // kind, or kind.argument; in plans and partials for ever
	arg   datum.Type
	state datum.Type
	make  func() Accumulator
}

// table is every function. What its kind says about the state column stands in
// kinds.
var table = []entry{
	{"count", datum.Invalid, datum.Int8, newCount},
	{"count.bool", datum.Bool, datum.Int8, newCount},
	{"count.int2", datum.Int2, datum.Int8, newCount},
	{"count.int4", datum.Int4, datum.Int8, newCount},
	{"count.int8", datum.Int8, datum.Int8, newCount},
	{"count.float4", datum.Float4, datum.Int8, newCount},
	{"count.float8", datum.Float8, datum.Int8, newCount},
	{"count.numeric", datum.Numeric, datum.Int8, newCount},
	{"count.text", datum.Text, datum.Int8, newCount},
	{"count.date", datum.Date, datum.Int8, newCount},
	{"count.timestamp", datum.Timestamp, datum.Int8, newCount},
	{"count.timestamptz", datum.TimestampTZ, datum.Int8, newCount},
	{"count.interval", datum.Interval, datum.Int8, newCount},

	{"sum.int2", datum.Int2, datum.Int8, newSumInt},
	{"sum.int4", datum.Int4, datum.Int8, newSumInt},
	{"sum.int8", datum.Int8, datum.Numeric, newSumInt8},
	{"sum.float4", datum.Float4, datum.Float8, newSumFloat},
	{"sum.float8", datum.Float8, datum.Float8, newSumFloat},
	{"sum.numeric", datum.Numeric, datum.Numeric, newSumNumeric},
	{"sum.interval", datum.Interval, datum.Interval, newSumInterval},

	{"min.int2", datum.Int2, datum.Int2, minOf(newIntExtreme)},
	{"min.int4", datum.Int4, datum.Int4, minOf(newIntExtreme)},
	{"min.int8", datum.Int8, datum.Int8, minOf(newIntExtreme)},
	{"min.float4", datum.Float4, datum.Float4, minOf(newFloatExtreme)},
	{"min.float8", datum.Float8, datum.Float8, minOf(newFloatExtreme)},
	{"min.numeric", datum.Numeric, datum.Numeric, minOf(newNumericExtreme)},
	{"min.text", datum.Text, datum.Text, minOf(newTextExtreme)},
	{"min.date", datum.Date, datum.Date, minOf(newIntExtreme)},
	{"min.timestamp", datum.Timestamp, datum.Timestamp, minOf(newIntExtreme)},
	{"min.timestamptz", datum.TimestampTZ, datum.TimestampTZ, minOf(newIntExtreme)},
	{"min.interval", datum.Interval, datum.Interval, minOf(newSpanExtreme)},

	{"max.int2", datum.Int2, datum.Int2, maxOf(newIntExtreme)},
	{"max.int4", datum.Int4, datum.Int4, maxOf(newIntExtreme)},
	{"max.int8", datum.Int8, datum.Int8, maxOf(newIntExtreme)},
	{"max.float4", datum.Float4, datum.Float4, maxOf(newFloatExtreme)},
	{"max.float8", datum.Float8, datum.Float8, maxOf(newFloatExtreme)},
	{"max.numeric", datum.Numeric, datum.Numeric, maxOf(newNumericExtreme)},
	{"max.text", datum.Text, datum.Text, maxOf(newTextExtreme)},
	{"max.date", datum.Date, datum.Date, maxOf(newIntExtreme)},
	{"max.timestamp", datum.Timestamp, datum.Timestamp, maxOf(newIntExtreme)},
	{"max.timestamptz", datum.TimestampTZ, datum.TimestampTZ, maxOf(newIntExtreme)},
	{"max.interval", datum.Interval, datum.Interval, maxOf(newSpanExtreme)},
}

// kinds says how PostgreSQL keeps and merges the state column of a kind.
var kinds = map[string]State{
	"count": {Merge: MergeAdd, Zero: "0"},
	"sum":   {Merge: MergeAdd, Zero: "NULL"},
	"min":   {Merge: MergeMin, Zero: "NULL"},
	"max":   {Merge: MergeMax, Zero: "NULL"},
}

func minOf(make func(sign int) Accumulator) func() Accumulator {
	return func() Accumulator { return make(least) }
}

func maxOf(make func(sign int) Accumulator) func() Accumulator {
	return func() Accumulator { return make(greatest) }
}

// functions is the table as Functions, in its order.
var functions = func() []*Function {
	all := make([]*Function, len(table))
	for i, e := range table {
		kind, _, _ := strings.Cut(e.name, ".")
		state := kinds[kind]
		state.Type = e.state
		all[i] = &Function{Name: e.name, Arg: e.arg, States: []State{state}, New: e.make}
	}
	return all
}()

// Lookup returns the function of a kind ("count", "sum", "min", "max") over an
// argument of type arg; datum.Invalid is count(*)'s. ok is false where
// PostgreSQL has none.
func Lookup(kind string, arg datum.Type) (f *Function, ok bool) {
	for _, f := range functions {
		if k, _, _ := strings.Cut(f.Name, "."); k == kind && f.Arg == arg {
			return f, true
		}
	}
	return nil, false
}

// ByName returns the function that plans and partials call by name.
func ByName(name string) (f *Function, ok bool) {
	for _, f := range functions {
		if f.Name == name {
			return f, true
		}
	}
	return nil, false
}

// All returns every function, each the same pointer in every call. The caller
// must not change them.
func All() []*Function { return functions[:len(functions):len(functions)] }
