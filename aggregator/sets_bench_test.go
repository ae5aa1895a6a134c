package aggregator

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
)

// BenchmarkRollup is a row's cost in one view GROUP BY ROLLUP (auction, day) with
// q17's ten aggregates, and in the three plain views that together show the same.
func BenchmarkRollup(b *testing.B) {
	for _, groups := range []int{1000, 100_000} {
		for _, form := range []string{"rollup", "views"} {
			b.Run(fmt.Sprintf("form=%s/groups=%.1e", form, float64(groups)), func(b *testing.B) {
				x := &Expressions{}
				var views []*View
				for _, plan := range rollupPlans(form) {
					v := newView(b, plan, 1)
					if err := v.Share(x, nil); err != nil {
						b.Fatal(err)
					}
					views = append(views, v)
				}
				rng := rand.New(rand.NewPCG(2, 2))
				batches := make([]*column.Batch, 64)
				for i := range batches {
					batches[i] = newBids().batch(column.BatchRows, func(int) int { return rng.IntN(groups) })
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					x.Begin(batches[i%len(batches)], column.All(column.BatchRows))
					for _, v := range views {
						v.Take(func(_ int32, err *datum.Error) { b.Fatal(err) })
					}
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
			})
		}
	}
}

func rollupPlans(form string) []*query.Plan {
	plan := benchPlans["q17"]()
	if form == "rollup" {
		return []*query.Plan{withSets(plan, [][]bool{{true, true}, {true, false}, {false, false}})}
	}
	var plans []*query.Plan
	for n := range 3 {
		plain := *plan
		plain.Keys = plan.Keys[:n]
		plans = append(plans, &plain)
	}
	return plans
}
