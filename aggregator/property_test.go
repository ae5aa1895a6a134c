package aggregator

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// TestAnyWay: rows added in any split over any number of views with any number
// of shards and flushes, their blocks encoded, decoded and merged in any order,
// give what each group's rows give when they are aggregated by themselves.
func TestAnyWay(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 10))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(400))
		want := plainly(t, plan, batch)
		shards := 1 + rng.IntN(9)
		got := anyWay(t, rng, plan, batch, shards)
		compare(t, fmt.Sprintf("seed %d", seed), plan, got, want)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// randomPlan has every aggregate, up to three keys and perhaps a filter.
func randomPlan(rng *rand.Rand) *query.Plan {
	plan := &query.Plan{Aggregates: everything(rng)}
	for range rng.IntN(4) {
		plan.Keys = append(plan.Keys, keys(wild(keyTypes[rng.IntN(len(keyTypes))]))...)
	}
	if rng.IntN(2) == 0 {
		plan.Filter = tame(datum.Bool)
	}
	return plan
}

// group is what a test knows of a group: its keys and states in order.
type group struct {
	keys, states []string
}

// anyWay returns the groups that come out at the far end.
func anyWay(t *testing.T, rng *rand.Rand, plan *query.Plan, batch *column.Batch, shards int) map[string]group {
	t.Helper()
	blocks := scatter(t, rng, plan, batch, shards, topology.ReadOptimized)
	groups := map[string]group{}
	for i, m := range owners(t, plan, shards, blocks) {
		collect(t, plan, rowsOf(t, m), topology.ShardID(i), shards, groups)
	}
	return groups
}

// scatter adds a batch's rows to some views, flushes now and then for some input
// partition, and returns all blocks in any order.
func scatter(t *testing.T, rng *rand.Rand, plan *query.Plan, batch *column.Batch, shards int, policy topology.ShardingPolicy) (blocks [][]byte) {
	t.Helper()
	views := make([]*View, 1+rng.IntN(4))
	for i := range views {
		views[i] = newView(t, plan, shards)
		views[i].SetLimit(roomy)
		views[i].SetPolicy(policy)
	}
	encode := func(v *View) {
		ranges := []partial.Range{{Partition: rng.Int32N(20), To: 5}, {Partition: rng.Int32N(20), To: 5}}
		blocks = append(blocks, encodedOf(t, v, 20_000, ranges...)...)
	}
	selections := make([][]int32, len(views))
	flush := func(i int) {
		add(t, views[i], batch, selections[i])
		selections[i] = nil
		if rng.IntN(3) > 0 {
			encode(views[i])
			views[i].Reset()
		}
	}
	for row := range int32(batch.Rows) {
		i := rng.IntN(len(views))
		selections[i] = append(selections[i], row)
		if rng.IntN(40) == 0 {
			flush(i)
		}
	}
	for i, v := range views {
		flush(i)
		encode(v)
	}
	rng.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	return blocks
}

// collect adds a shard's rows to groups and checks their order and place.
func collect(t *testing.T, plan *query.Plan, rows *ViewRows, shard topology.ShardID, shards int, groups map[string]group) {
	t.Helper()
	if len(rows.Errors) > 0 {
		t.Fatalf("groups in error: %+v", rows.Errors[0].Err)
	}
	for i, h := range rows.Hashes {
		if i > 0 && bytes.Compare(rows.Hashes[i-1][:], h[:]) >= 0 {
			t.Fatal("hashes do not ascend")
		}
		slot := topology.Slot(int(h[0])<<4 | int(h[1])>>4)
		if owner := topology.ShardOf(slot, shards); owner != shard {
			t.Fatalf("hash %x of shard %d came to shard %d of %d", h, owner, shard, shards)
		}
		g, id := group{}, ""
		for _, v := range rows.Keys {
			g.keys = append(g.keys, specimen.Key(v, i))
			id += specimen.Key(v, i)
		}
		g.states = stateForms(plan, rows.States, i)
		if _, twice := groups[id]; twice {
			t.Fatalf("group %q is there twice", id)
		}
		groups[id] = g
	}
}

// stateForms returns a group's states in comparable form: as equal values for
// min and max, whose look among equals is open, as bits for the others.
func stateForms(plan *query.Plan, states []*column.Vector, row int) (forms []string) {
	for _, a := range plan.Aggregates {
		for range a.Function.States {
			form := specimen.Look
			if strings.HasPrefix(a.Function.Name, "m") {
				form = specimen.Key
			}
			forms = append(forms, form(states[0], row))
			states = states[1:]
		}
	}
	return forms
}

// plainly computes the groups of a batch one by one, each with accumulators of
// its own, through a Go map. Only column nodes are understood.
func plainly(t *testing.T, plan *query.Plan, batch *column.Batch) map[string]group {
	t.Helper()
	v := newView(t, plan, 1) // for its expressions
	v.expressions.Begin(batch, column.All(batch.Rows))
	rows := v.evaluate()
	byKey, members := map[string]group{}, map[string]column.Bitmap{}
	for _, r := range rows {
		var g group
		id := ""
		for _, k := range v.keyValues {
			g.keys = append(g.keys, specimen.Key(k, int(r)))
			id += specimen.Key(k, int(r))
		}
		if members[id] == nil {
			members[id] = make(column.Bitmap, column.Words(batch.Rows))
		}
		byKey[id] = g
		members[id].Set(int(r))
	}
	for id, g := range byKey {
		var states []*column.Vector
		for i, in := range v.inputs {
			var mine []int32
			for _, r := range v.passing(in.filter, rows) {
				if members[id].Get(int(r)) {
					mine = append(mine, r)
				}
			}
			states = append(states, alone(t, plan.Aggregates[i].Function, v, in, mine, batch.Rows)...)
		}
		g.states = stateForms(plan, states, 0)
		byKey[id] = g
	}
	return byKey
}

// alone returns one aggregate's states over some rows.
func alone(t *testing.T, f *agg.Function, v *View, in input, rows []int32, batchRows int) []*column.Vector {
	t.Helper()
	a := f.New()
	a.Grow(1)
	var values *column.Vector
	if in.arg != none {
		values = v.args[in.arg].expr.values
	}
	a.Update(make([]uint32, batchRows), values, rows, func(_ uint32, err *datum.Error) { t.Fatal(err) })
	to := newVectors([]datum.Type{f.States[0].Type})
	a.Append(to, []uint32{0})
	return to
}

func compare(t *testing.T, run string, plan *query.Plan, got, want map[string]group) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d groups, want %d", run, len(got), len(want))
	}
	for id, w := range want {
		g, ok := got[id]
		if !ok {
			t.Errorf("%s: group %q is missing", run, id)
			continue
		}
		for i := range w.states {
			if g.states[i] != w.states[i] {
				t.Errorf("%s: group %q: %s is %q, want %q", run, id, plan.Aggregates[i].Function.Name, g.states[i], w.states[i])
			}
		}
	}
}
