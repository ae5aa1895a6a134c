package agg_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
)

// BenchmarkUpdate is the time of one batch: divide by 4096 for a row.
func BenchmarkUpdate(b *testing.B) {
	for _, name := range []string{"count", "sum.int4", "sum.int8", "sum.float8", "sum.numeric", "max.int8", "max.float8", "max.text", "max.numeric"} {
		for _, groups := range []int{100, 100_000} {
			b.Run(fmt.Sprintf("aggregate=%s/groups=%.0e", name, float64(groups)), func(b *testing.B) {
				f, _ := agg.ByName(name)
				rng := rand.New(rand.NewPCG(1, 1))
				var arg *column.Vector
				if f.Arg != datum.Invalid {
					arg = benchValues(rng, f.Arg)
				}
				ids := make([]uint32, column.BatchRows)
				for i := range ids {
					ids[i] = uint32(rng.IntN(groups))
				}
				a := f.New()
				a.Grow(groups)
				b.ReportAllocs()
				for b.Loop() {
					a.Update(ids, arg, column.All(column.BatchRows), func(uint32, *datum.Error) {})
				}
			})
		}
	}
}

// benchValues returns a batch of everyday values: numerics are prices, the
// extreme ones go through math/big.
func benchValues(rng *rand.Rand, t datum.Type) *column.Vector {
	if t != datum.Numeric {
		return specimen.Tame(rng.IntN, t, column.BatchRows)
	}
	v := column.New(t)
	for range column.BatchRows {
		v.AppendBytes(datum.AppendDecimal(nil, datum.DecimalFromParts(false, 0, uint64(rng.IntN(1_000_000)), 2)))
	}
	return v
}
