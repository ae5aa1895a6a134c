package aggregator

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
)

// TestShare: views that share expressions, over a batch that has its columns
// elsewhere, take in and refuse what each would by itself, also where some of
// them skip a batch or forget their groups, and where one moves to other
// expressions half way.
func TestShare(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 12))
		place := rng.Perm(2*len(everyType) + 2)
		x, other := &Expressions{}, &Expressions{}
		var shared, alone []*View
		for range 2 + rng.IntN(5) {
			plan := commonPlan(rng, seed%2 == 0)
			shared, alone = append(shared, newView(t, plan, 2)), append(alone, newView(t, plan, 2))
			if err := shared[len(shared)-1].Share(x, place); err != nil {
				t.Fatal(err)
			}
		}
		refused := make([][2][]string, len(shared))
		for range 8 {
			b := randomBatch(rng, 1+rng.IntN(300))
			moved := &column.Batch{Rows: b.Rows, Columns: make([]*column.Vector, len(b.Columns))}
			for i, v := range b.Columns {
				moved.Columns[place[i]] = v
			}
			rows := column.All(b.Rows)
			x.Begin(moved, rows)
			other.Begin(moved, rows)
			for i := range shared {
				if rng.IntN(4) == 0 {
					continue // it stands elsewhere
				}
				note := func(side int) func(int32, *datum.Error) {
					return func(row int32, err *datum.Error) {
						refused[i][side] = append(refused[i][side], fmt.Sprint(row, err))
					}
				}
				shared[i].Take(note(0))
				alone[i].Add(b, rows, note(1))
			}
			if i := rng.IntN(len(shared)); rng.IntN(3) == 0 {
				shared[i].Reset()
				alone[i].Reset()
			}
			if i := rng.IntN(len(shared)); rng.IntN(6) == 0 {
				if err := shared[i].Share(other, place); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range shared {
			if !slices.Equal(refused[i][0], refused[i][1]) {
				t.Fatalf("seed %d: view %d refused %v, by itself %v", seed, i, refused[i][0], refused[i][1])
			}
			got, want := encoded(t, shared[i], roomy), encoded(t, alone[i], roomy)
			if shared[i].Rows() != alone[i].Rows() || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Fatalf("seed %d: view %d has %d rows, by itself %d, or other groups", seed, i, shared[i].Rows(), alone[i].Rows())
			}
		}
	}
}

// commonPlan puts together what several plans have in common; some of it fails
// for some rows if fails is set.
func commonPlan(rng *rand.Rand, fails bool) *query.Plan {
	x := tame(datum.Int4)
	positive := call(147, "int4gt", datum.Bool, x, zero())
	conditions := []expr.Node{nil, nil, positive, wild(datum.Bool)}
	some := func(x expr.Node) expr.Node { return call(177, "int4pl", datum.Int4, zero(), x) }
	if fails {
		some = inverse
		conditions = append(conditions, call(147, "int4gt", datum.Bool, some(x), zero()))
	}
	any := func() expr.Node { return conditions[rng.IntN(len(conditions))] }
	plan := &query.Plan{Filter: any(), Keys: keys(wild(datum.Int2))}
	if rng.IntN(2) == 0 {
		plan.Keys = append(plan.Keys, keys(some(x))...)
	}
	for _, a := range []query.Aggregate{
		aggregate("count", nil, any()), aggregate("sum", some(x), any()), aggregate("max", some(x), any()),
		aggregate("min", tame(datum.Text), any()), aggregate("sum", tame(datum.Int8), any()),
	} {
		if rng.IntN(3) > 0 {
			plan.Aggregates = append(plan.Aggregates, a)
		}
	}
	return plan
}

// TestSharedOnce: what two views have in common is there once, under the same
// conditions and in the same time zone alone.
func TestSharedOnce(t *testing.T) {
	x := &Expressions{}
	positive := func() expr.Node { return call(147, "int4gt", datum.Bool, tame(datum.Int4), zero()) }
	for i, c := range []struct {
		plan query.Plan
		want int
	}{
		{query.Plan{Keys: keys(inverse(tame(datum.Int4)))}, 1},
		{query.Plan{Keys: keys(inverse(tame(datum.Int4)))}, 1},
		{query.Plan{Keys: keys(inverse(tame(datum.Int4))), TimeZone: "Europe/Berlin"}, 2},
		{query.Plan{Filter: positive(), Keys: keys(inverse(tame(datum.Int4)))}, 4},
		{query.Plan{Filter: positive(), Aggregates: []query.Aggregate{aggregate("max", inverse(tame(datum.Int4)), nil)}}, 4},
		{query.Plan{Aggregates: []query.Aggregate{aggregate("max", inverse(tame(datum.Int4)), positive())}}, 4},
	} {
		if err := newView(t, &c.plan, 1).Share(x, nil); err != nil || len(x.all) != c.want {
			t.Errorf("plan %d: %d expressions, want %d, %v", i, len(x.all), c.want, err)
		}
	}
}
