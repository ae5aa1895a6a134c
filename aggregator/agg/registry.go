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

// later are the types that came after the table's first lines, and every array
// type: count takes them all, min and max those that PostgreSQL 15 has them for. An
// array is named by its elements: count.int4[].
var later = []struct {
	name    string
	of      datum.Type
	extreme bool
}{
	{"bytea", datum.Bytea, false},
	{"bpchar", datum.Bpchar, true},
	{"time", datum.Time, true},
	{"uuid", datum.UUID, false},
	{"json", datum.JSON, false},
	{"jsonb", datum.JSONB, false},
	{"inet", datum.Inet, true},
	{"cidr", datum.Cidr, false}, // a cidr's extremes are those of the inet that it is
	{"enum", datum.Enum, false},
	{"other", datum.Other, false},
	{"bool[]", datum.ArrayOf(datum.Bool), true},
	{"int2[]", datum.ArrayOf(datum.Int2), true},
	{"int4[]", datum.ArrayOf(datum.Int4), true},
	{"int8[]", datum.ArrayOf(datum.Int8), true},
	{"float4[]", datum.ArrayOf(datum.Float4), true},
	{"float8[]", datum.ArrayOf(datum.Float8), true},
	{"numeric[]", datum.ArrayOf(datum.Numeric), true},
	{"text[]", datum.ArrayOf(datum.Text), true},
	{"date[]", datum.ArrayOf(datum.Date), true},
	{"timestamp[]", datum.ArrayOf(datum.Timestamp), true},
	{"timestamptz[]", datum.ArrayOf(datum.TimestampTZ), true},
	{"interval[]", datum.ArrayOf(datum.Interval), true},
	{"bytea[]", datum.ArrayOf(datum.Bytea), true},
	{"bpchar[]", datum.ArrayOf(datum.Bpchar), true},
	{"time[]", datum.ArrayOf(datum.Time), true},
	{"uuid[]", datum.ArrayOf(datum.UUID), true},
	{"json[]", datum.ArrayOf(datum.JSON), false},
	{"jsonb[]", datum.ArrayOf(datum.JSONB), false}, // their order in the table hangs on the database's collation
	{"inet[]", datum.ArrayOf(datum.Inet), true},
	{"cidr[]", datum.ArrayOf(datum.Cidr), true},
	{"enum[]", datum.ArrayOf(datum.Enum), false},
}

// whole is the table with the lines of later.
func whole() []entry {
	all := table[:len(table):len(table)]
	for _, l := range later {
		all = append(all, entry{"count." + l.name, l.of, datum.Int8, countPart, nil})
		switch {
		case !l.extreme:
		case l.of.Physical() == datum.PhysInt:
			all = append(all, entry{"min." + l.name, l.of, l.of, leastPart, nil}, entry{"max." + l.name, l.of, l.of, greatestPart, nil})
		default:
			all = append(all, entry{"min." + l.name, l.of, l.of, noPart, minOf(newBytesExtreme(l.of))},
				entry{"max." + l.name, l.of, l.of, noPart, maxOf(newBytesExtreme(l.of))})
		}
	}
	return all
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
	lines := whole()
	all := make([]*Function, len(lines))
	for i, e := range lines {
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
