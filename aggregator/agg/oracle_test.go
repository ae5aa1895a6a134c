package agg_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// TestAgainstPlainLoops compares every function with the plainest way to
// compute it, group by group.
func TestAgainstPlainLoops(t *testing.T) {
	for _, f := range agg.All() {
		t.Run(f.Name, func(t *testing.T) {
			for seed := range uint64(40) {
				rng := rand.New(rand.NewPCG(seed, 3))
				in := randomInput(rng, f, 150)
				got := states(f, fold(t, f, in, rowRange(0, 150)), lawGroups)[0]
				for g := range uint32(lawGroups) {
					if want := plain(t, f, in, g); specimen.Key(got, int(g)) != specimen.Key(want, 0) {
						t.Fatalf("seed %d, group %d: %s, want %s", seed, g, specimen.Look(got, int(g)), specimen.Look(want, 0))
					}
				}
			}
		})
	}
}

// plain returns the state of a group in a vector of one row.
func plain(t *testing.T, f *agg.Function, in input, group uint32) *column.Vector {
	t.Helper()
	want := column.New(f.States[0].Type)
	var rows []int
	for r, g := range in.groups {
		if g == group && (in.arg == nil || !in.arg.IsNull(r)) {
			rows = append(rows, r)
		}
	}
	kind, _, _ := strings.Cut(f.Name, ".")
	switch {
	case kind == "count":
		want.AppendInt(int64(len(rows)))
	case len(rows) == 0:
		want.AppendNull()
	case kind == "sum":
		plainSum(t, want, in.arg, rows)
	default:
		best := rows[0]
		for _, r := range rows[1:] {
			if c := compareRows(in.arg, r, best); kind == "min" && c < 0 || kind == "max" && c > 0 {
				best = r
			}
		}
		want.AppendFrom(in.arg, best)
	}
	return want
}

func plainSum(t *testing.T, want, arg *column.Vector, rows []int) {
	t.Helper()
	switch {
	case arg.Type.Physical() == datum.PhysInt:
		sum := new(big.Int)
		for _, r := range rows {
			sum.Add(sum, big.NewInt(arg.Ints[r]))
		}
		if want.Type == datum.Int8 {
			want.AppendInt(sum.Int64())
			return
		}
		d, err := datum.ParseDecimal([]byte(sum.String()))
		if err != nil {
			t.Fatal(err)
		}
		want.AppendBytes(datum.AppendDecimal(nil, d))
	case arg.Type.Physical() == datum.PhysFloat:
		sum := arg.Floats[rows[0]]
		for _, r := range rows[1:] {
			sum += arg.Floats[r]
		}
		want.AppendFloat(sum)
	case arg.Type == datum.Numeric:
		sum := datum.DecodeDecimal(arg.Bytes(rows[0]))
		for _, r := range rows[1:] {
			var err *datum.Error
			if sum, err = sum.Add(datum.DecodeDecimal(arg.Bytes(r))); err != nil {
				t.Fatal(err)
			}
		}
		want.AppendBytes(datum.AppendDecimal(nil, sum))
	default:
		var sum datum.Span
		for _, r := range rows {
			sum.Months += arg.Spans[r].Months
			sum.Days += arg.Spans[r].Days
			sum.Micros += arg.Spans[r].Micros
		}
		want.AppendSpan(sum)
	}
}

// compareRows orders two rows as PostgreSQL does.
func compareRows(v *column.Vector, a, b int) int {
	switch v.Type.Physical() {
	case datum.PhysInt:
		return big.NewInt(v.Ints[a]).Cmp(big.NewInt(v.Ints[b]))
	case datum.PhysFloat:
		return datum.CompareFloat(v.Floats[a], v.Floats[b])
	case datum.PhysInterval:
		return v.Spans[a].Cmp(v.Spans[b])
	}
	if v.Type != datum.Text {
		return datum.CompareValues(v.Type, v.Bytes(a), v.Bytes(b))
	}
	return strings.Compare(string(v.Bytes(a)), string(v.Bytes(b)))
}
