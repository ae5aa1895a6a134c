package aggregator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// TestWriteOptimizedIsTheSame: groups that a write_optimized view leaves on any
// shards are, shards combined, those of a read_optimized view over the same rows.
func TestWriteOptimizedIsTheSame(t *testing.T) {
	several := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(400))
		shards := 1 + rng.IntN(9)
		mergers := owners(t, plan, shards, scatter(t, rng, plan, batch, shards, topology.WriteOptimized))
		groups := map[string]group{}
		all := combined(t, plan, mergers)
		collect(t, plan, all, 0, 1, groups)
		compare(t, fmt.Sprintf("seed %d", seed), plan, groups, plainly(t, plan, batch))
		for _, m := range mergers {
			several += m.Groups()
		}
		several -= len(all.Hashes)
		if t.Failed() {
			t.FailNow()
		}
	}
	if several == 0 {
		t.Error("no group was ever on two shards")
	}
}

// combined merges the rows of every shard as reading does.
func combined(t *testing.T, plan *query.Plan, shards []*Merger) *ViewRows {
	t.Helper()
	all := NewMerger(testView, "v", 0, plan)
	for _, m := range shards {
		rows := rowsOf(t, m)
		b := &partial.Block{View: testView, Schema: SchemaHash(plan), Groups: len(rows.Hashes), Keys: rows.Keys, States: rows.States, Errors: rows.Errors}
		if err := all.Merge(b); err != nil {
			t.Fatal(err)
		}
	}
	return rowsOf(t, all)
}

// TestWriteOptimizedFlush: one shard gets all groups, in parts if need be, and
// every other hears of the ranges by one block without groups.
func TestWriteOptimizedFlush(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Int8), wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}
	for _, shards := range []int{1, 2, 3, 7, topology.Slots} {
		v := newView(t, plan, shards)
		v.SetPolicy(topology.WriteOptimized)
		for _, rows := range []int{0, 1000, 3} { // its memory serves every flush
			add(t, v, randomBatch(rand.New(rand.NewPCG(3, 3)), 1000), column.All(rows))
			for _, partitions := range [][]int32{{0}, {5}, {9, 4, 6}, {4095, 5000}, {0, 3}} {
				checkFlush(t, v, shards, partitions)
			}
			v.Reset()
		}
	}
}

func checkFlush(t *testing.T, v *View, shards int, partitions []int32) {
	t.Helper()
	home, ranges := partitions[0], []partial.Range(nil)
	for _, p := range partitions {
		home = min(home, p)
		ranges = append(ranges, partial.Range{Partition: p, From: 1, To: 2})
	}
	home %= int32(shards)
	blocks, groups := make([]int, shards), make([]int, shards)
	err := v.Blocks(partial.FlushID{Seq: 1}, ranges, 5000, func(key topology.GroupHash, b *partial.Block) error {
		if int(b.Part) != blocks[b.Shard] || len(b.Ranges) != len(ranges) {
			t.Errorf("part %d of %d of shard %d, %d ranges", b.Part, b.Parts, b.Shard, len(b.Ranges))
		}
		if b.Groups == 0 && topology.ShardOf(key.Slot(), shards) != b.Shard {
			t.Errorf("key %x of shard %d without groups", key, b.Shard)
		}
		blocks[b.Shard]++
		groups[b.Shard] += b.Groups
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for s := range shards {
		want := 0
		if int32(s) == home {
			want = v.Groups()
		}
		if groups[s] != want || blocks[s] < 1 || want == 0 && blocks[s] != 1 {
			t.Errorf("partitions %v, %d shards: %d groups in %d blocks for shard %d, want %d", partitions, shards, groups[s], blocks[s], s, want)
		}
	}
}

// TestShardInError: a group is in error on the shard where its sum left the
// range, not on another, and in error where both are combined.
func TestShardInError(t *testing.T) {
	plan := &query.Plan{Keys: keys(tame(datum.Int4)), Aggregates: []query.Aggregate{aggregate("sum", wild(datum.Float8), nil)}}
	b, rows := numbers(1, 1, 1, 2)
	huge := b.Columns[2*int(datum.Float8)]
	huge.Resize(4)
	for i := range 4 {
		huge.SetFloat(i, math.MaxFloat64)
	}
	v := newView(t, plan, 2)
	v.SetPolicy(topology.WriteOptimized)
	add(t, v, b, rows[:2])
	blocks := encodedOf(t, v, roomy, partial.Range{Partition: 1})
	v.Reset()
	add(t, v, b, rows[2:])
	shards := owners(t, plan, 2, append(blocks, encodedOf(t, v, roomy, partial.Range{Partition: 2})...))
	for i, m := range shards {
		m.SetPolicy(topology.WriteOptimized)
		got := rowsOf(t, m)
		if len(got.Hashes) != 2-i || len(got.Errors) != i || got.Shard != topology.ShardID(i) || got.Policy != topology.WriteOptimized {
			t.Errorf("shard %d: %+v", i, got)
		}
	}
	all := combined(t, plan, shards)
	if len(all.Hashes) != 2 || len(all.Errors) != 1 || all.Keys[0].Ints[all.Errors[0].Group] != 1 {
		t.Errorf("combined: errors %+v", all.Errors)
	}
}
