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
	part  part // of a tally, or
	make  func() Accumulator
}

// table is every function. What its kind says about the state column stands in
// kinds.
var table = []entry{
	{"count", datum.Invalid, datum.Int8, countPart, nil},
	{"count.bool", datum.Bool, datum.Int8, countPart, nil},
	{"count.int2", datum.Int2, datum.Int8, countPart, nil},
	{"count.int4", datum.Int4, datum.Int8, countPart, nil},
	{"count.int8", datum.Int8, datum.Int8, countPart, nil},
	{"count.float4", datum.Float4, datum.Int8, countPart, nil},
	{"count.float8", datum.Float8, datum.Int8, countPart, nil},
	{"count.numeric", datum.Numeric, datum.Int8, countPart, nil},
	{"count.text", datum.Text, datum.Int8, countPart, nil},
	{"count.date", datum.Date, datum.Int8, countPart, nil},
	{"count.timestamp", datum.Timestamp, datum.Int8, countPart, nil},
	{"count.timestamptz", datum.TimestampTZ, datum.Int8, countPart, nil},
	{"count.interval", datum.Interval, datum.Int8, countPart, nil},

	{"sum.int2", datum.Int2, datum.Int8, sumPart, nil},
	{"sum.int4", datum.Int4, datum.Int8, sumPart, nil},
	{"sum.int8", datum.Int8, datum.Numeric, wideSumPart, nil},
	{"sum.float4", datum.Float4, datum.Float8, noPart, newSumFloat},
	{"sum.float8", datum.Float8, datum.Float8, noPart, newSumFloat},
	{"sum.numeric", datum.Numeric, datum.Numeric, noPart, newSumNumeric},
	{"sum.interval", datum.Interval, datum.Interval, noPart, newSumInterval},

	{"min.int2", datum.Int2, datum.Int2, leastPart, nil},
	{"min.int4", datum.Int4, datum.Int4, leastPart, nil},
	{"min.int8", datum.Int8, datum.Int8, leastPart, nil},
	{"min.float4", datum.Float4, datum.Float4, noPart, minOf(newFloatExtreme)},
	{"min.float8", datum.Float8, datum.Float8, noPart, minOf(newFloatExtreme)},
	{"min.numeric", datum.Numeric, datum.Numeric, noPart, minOf(newNumericExtreme)},
	{"min.text", datum.Text, datum.Text, noPart, minOf(newTextExtreme)},
	{"min.date", datum.Date, datum.Date, leastPart, nil},
	{"min.timestamp", datum.Timestamp, datum.Timestamp, leastPart, nil},
	{"min.timestamptz", datum.TimestampTZ, datum.TimestampTZ, leastPart, nil},
	{"min.interval", datum.Interval, datum.Interval, noPart, minOf(newSpanExtreme)},

	{"max.int2", datum.Int2, datum.Int2, greatestPart, nil},
	{"max.int4", datum.Int4, datum.Int4, greatestPart, nil},
	{"max.int8", datum.Int8, datum.Int8, greatestPart, nil},
	{"max.float4", datum.Float4, datum.Float4, noPart, maxOf(newFloatExtreme)},
	{"max.float8", datum.Float8, datum.Float8, noPart, maxOf(newFloatExtreme)},
	{"max.numeric", datum.Numeric, datum.Numeric, noPart, maxOf(newNumericExtreme)},
	{"max.text", datum.Text, datum.Text, noPart, maxOf(newTextExtreme)},
	{"max.date", datum.Date, datum.Date, greatestPart, nil},
	{"max.timestamp", datum.Timestamp, datum.Timestamp, greatestPart, nil},
	{"max.timestamptz", datum.TimestampTZ, datum.TimestampTZ, greatestPart, nil},
	{"max.interval", datum.Interval, datum.Interval, noPart, maxOf(newSpanExtreme)},
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
		all[i] = &Function{Name: e.name, Arg: e.arg, States: []State{state}, New: e.make, part: e.part}
		if e.part != noPart {
			all[i].New = alone(e.part)
		}
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
