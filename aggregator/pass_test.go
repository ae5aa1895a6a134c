package aggregator

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// TestPass: a round in which hardly a key repeats lets the rows of the next pass,
// each a group of its own; what owners make of them is the same. As soon as keys
// repeat, many or few of them, rows are looked up again, in the same round.
func TestPass(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Int8)), Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}
	ids := column.New(datum.Int8)
	b := &column.Batch{Rows: column.BatchRows, Columns: make([]*column.Vector, 2*int(datum.Int8)+1)}
	b.Columns[2*int(datum.Int8)] = ids
	fill := func(v *View, rounds int, key func(row int) int) {
		for round := range rounds {
			ids.Resize(b.Rows)
			for r := range b.Rows {
				ids.SetInt(r, int64(key(round*b.Rows+r)))
			}
			add(t, v, b, column.All(b.Rows))
		}
	}
	own := func(row int) int { return row }
	for name, c := range map[string]struct {
		key    func(row int) int
		groups int // at most, of 20 batches
	}{
		"own":       {own, 20 * column.BatchRows},
		"one":       {func(int) int { return 5 }, 9 * column.BatchRows},
		"few":       {func(row int) int { return row % 7 }, 9 * column.BatchRows},
		"many":      {func(row int) int { return row % 10_000 }, 13 * column.BatchRows},
		"each five": {func(row int) int { return row / 5 }, 10 * column.BatchRows},
	} {
		v := newView(t, plan, 2)
		fill(v, 2, own)
		if v.Reset(); !v.states.table.repeats.passing {
			t.Fatalf("%s: rows do not pass", name)
		}
		fill(v, 20, c.key)
		if v.Groups() > c.groups || name == "own" && (v.Groups() != c.groups || v.states.table.placed > c.groups/sampled*2) {
			t.Errorf("%s: %d groups, %d of them placed", name, v.Groups(), v.states.table.placed)
		}
		want := map[int64]int64{}
		for row := range 20 * b.Rows {
			want[int64(c.key(row))]++
		}
		for _, m := range owners(t, plan, 2, encoded(t, v, roomy)) {
			rows := rowsOf(t, m)
			for i, key := range rows.Keys[0].Ints {
				if want[key] != rows.States[0].Ints[i] {
					t.Fatalf("%s: key %d counts %d, want %d", name, key, rows.States[0].Ints[i], want[key])
				}
				delete(want, key)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: %d keys are missing", name, len(want))
		}
		if v.Reset(); v.states.table.repeats.passing != (name == "own") {
			t.Errorf("%s: passing is %v in the next round", name, v.states.table.repeats.passing)
		}
	}
}

// TestPassAnyWay is TestAnyWay with rows that pass, whatever their keys are.
func TestPassAnyWay(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 13))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(400))
		shards := 1 + rng.IntN(9)
		v := newView(t, plan, shards)
		var blocks [][]byte
		for from := 0; from < batch.Rows; from += 100 {
			v.states.table.repeats.passing = rng.IntN(4) > 0
			add(t, v, batch, column.All(batch.Rows)[from:min(from+100, batch.Rows)])
			if rng.IntN(2) == 0 {
				blocks = append(blocks, encoded(t, v, 20_000)...)
				v.Reset()
			}
		}
		blocks = append(blocks, encoded(t, v, 20_000)...)
		groups := map[string]group{}
		for i, m := range owners(t, plan, shards, blocks) {
			collect(t, plan, rowsOf(t, m), topology.ShardID(i), shards, groups)
		}
		compare(t, fmt.Sprintf("seed %d", seed), plan, groups, plainly(t, plan, batch))
		if t.Failed() {
			t.FailNow()
		}
	}
}
