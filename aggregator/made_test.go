package aggregator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/internal/specimen"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// madeKey is a key that the view makes.
func madeKey(name string, origin query.Origin) query.Key {
	zero := column.New(datum.Int4)
	zero.AppendInt(0)
	return query.Key{Column: name, Expr: &expr.Const{Value: zero}, Origin: origin}
}

// withSets returns a plan that groups by grouping sets, each a choice of the
// plan's keys.
func withSets(plan *query.Plan, sets [][]bool) *query.Plan {
	all := *plan
	all.Keys = append(slices.Clone(plan.Keys), madeKey("_grouping_set", query.SetNumber))
	for _, set := range sets {
		all.Sets = append(all.Sets, append(slices.Clone(set), true))
	}
	return &all
}

// TestSetsAreTheUnion: the groups of several grouping sets are those that a plain
// GROUP BY of each would have, whatever way the rows take.
func TestSetsAreTheUnion(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 12))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(200))
		sets := make([][]bool, 2+rng.IntN(4))
		for i := range sets {
			sets[i] = make([]bool, len(plan.Keys))
			for k := range sets[i] {
				sets[i][k] = rng.IntN(2) == 0
			}
		}
		want := map[string]group{}
		for number, set := range sets {
			addSet(t, plan, batch, number, set, want)
		}
		all := withSets(plan, sets)
		compare(t, fmt.Sprintf("seed %d", seed), all, anyWay(t, rng, all, batch, 1+rng.IntN(9)), want)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// addSet adds the groups of a plain GROUP BY of one set's keys.
func addSet(t *testing.T, plan *query.Plan, batch *column.Batch, number int, set []bool, to map[string]group) {
	t.Helper()
	plain := *plan
	plain.Keys = nil
	for k, in := range set {
		if in {
			plain.Keys = append(plain.Keys, plan.Keys[k])
		}
	}
	numbers := column.New(datum.Int4)
	numbers.AppendInt(int64(number))
	for _, g := range plainly(t, &plain, batch) {
		id := ""
		for k, in := range set {
			if in {
				id, g.keys = id+g.keys[0], g.keys[1:]
				continue
			}
			null := column.New(plan.Keys[k].Expr.Type())
			null.AppendNull()
			id += specimen.Key(null, 0)
		}
		to[id+specimen.Key(numbers, 0)] = g
	}
}

// TestGroupsFromStart: the groups that a table begins with are those that rows
// come to.
func TestGroupsFromStart(t *testing.T) {
	plan := withSets(&query.Plan{Keys: keys(tame(datum.Text), tame(datum.Numeric))}, [][]bool{{true, false}, {false, false}, {false, false}})
	v := newView(t, plan, 1)
	add(t, v, randomBatch(rand.New(rand.NewPCG(1, 1)), 10), []int32{3})
	hashes, sets := GroupsFromStart(plan)
	if v.Groups() != 3 || !slices.Equal(sets, []int{1, 2}) || hashes[0] == hashes[1] {
		t.Fatalf("%d groups, from the start %v %x", v.Groups(), sets, hashes)
	}
	for i, g := range []uint32{1, 2} {
		if got := v.states.hash(g); got != hashes[i] {
			t.Errorf("set %d: hash %x, from the start %x", sets[i], got, hashes[i])
		}
	}
	if hashes, _ := GroupsFromStart(&query.Plan{Keys: keys(tame(datum.Text))}); len(hashes) > 0 {
		t.Errorf("a plain GROUP BY begins with %x", hashes)
	}
}

// The places of partition and offset in the batches of append-only views.
var appendedFrom = 2 * (1 + len(everyType))

// appendOnly is a plan that carries some values.
func appendOnly(carried ...expr.Node) *query.Plan {
	plan := &query.Plan{AppendOnly: true, Keys: append(keys(
		&expr.Column{Index: appendedFrom, Name: "_partition", Of: datum.Int4},
		&expr.Column{Index: appendedFrom + 1, Name: "_offset", Of: datum.Int8},
	), madeKey("_row", query.RowNumber))}
	for _, k := range keys(carried...) {
		k.Carried = true
		plan.Keys = append(plan.Keys, k)
	}
	return plan
}

// placed adds where its record is to each row: three rows in a record.
func placed(b *column.Batch) *column.Batch {
	partitions, offsets := column.New(datum.Int4), column.New(datum.Int8)
	for row := range b.Rows {
		partitions.AppendInt(int64(row / 100))
		offsets.AppendInt(int64(row / 3))
	}
	b.Columns = append(b.Columns, partitions, offsets)
	return b
}

// TestAppendOnly: each row is a row, with what it carries, and a record's rows are
// numbered; what is carried has no part in hashes.
func TestAppendOnly(t *testing.T) {
	batch := placed(randomBatch(rand.New(rand.NewPCG(2, 2)), 250))
	plans := []*query.Plan{appendOnly(wild(datum.Text), wild(datum.Numeric)), appendOnly(wild(datum.Interval))}
	var rows []*ViewRows
	for _, plan := range plans {
		v := newView(t, plan, 1)
		v.SetLimit(roomy)
		add(t, v, batch, nil)
		add(t, v, batch, column.All(batch.Rows))
		blocks := encodedOf(t, v, 5000)
		rows = append(rows, rowsOf(t, owners(t, plan, 1, blocks)[0]))
	}
	if len(rows[0].Hashes) != 250 || !slices.Equal(rows[0].Hashes, rows[1].Hashes) {
		t.Fatalf("%d and %d rows", len(rows[0].Hashes), len(rows[1].Hashes))
	}
	for i := range rows[0].Hashes {
		k := rows[0].Keys
		first := int(k[1].Ints[i]) * 3
		if other := int(k[0].Ints[i]) * 100; other > first {
			first = other
		}
		row := first + int(k[2].Ints[i]) - 1
		if specimen.Look(k[3], i) != specimen.Look(batch.Columns[2*int(datum.Text)], row) ||
			specimen.Look(k[4], i) != specimen.Look(batch.Columns[2*int(datum.Numeric)], row) {
			t.Errorf("partition %d, offset %d, row %d carries %s", k[0].Ints[i], k[1].Ints[i], k[2].Ints[i], specimen.Look(k[3], i))
		}
	}
}

// TestUnionIsTheSum: what a UNION ALL shows is what views of its SELECTs show
// together.
func TestUnionIsTheSum(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 13))
		plan, batch := randomPlan(rng), randomBatch(rng, 1+rng.IntN(200))
		other := *plan
		other.Filter, other.Keys = wild(datum.Bool), nil
		for _, k := range plan.Keys {
			k.Expr = tame(k.Expr.Type())
			other.Keys = append(other.Keys, k)
		}
		other.Aggregates = nil
		for _, a := range plan.Aggregates {
			if a.Arg != nil {
				a.Arg = tame(a.Arg.Type())
			}
			a.Filter = nil
			other.Aggregates = append(other.Aggregates, a)
		}
		united, shards := withFurther(plan, &other), 1+rng.IntN(5)
		want := map[string]group{}
		blocks := append(scatter(t, rng, plan, batch, shards, topology.ReadOptimized), scatter(t, rng, &other, batch, shards, topology.ReadOptimized)...)
		for i, m := range owners(t, plan, shards, blocks) {
			collect(t, plan, rowsOf(t, m), topology.ShardID(i), shards, want)
		}
		compare(t, fmt.Sprintf("seed %d", seed), united, anyWay(t, rng, united, batch, shards), want)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// withFurther returns a plan with another as its second SELECT.
func withFurther(plan, other *query.Plan) *query.Plan {
	united, in := *plan, query.Input{Filter: other.Filter}
	for _, k := range other.Keys {
		in.Keys = append(in.Keys, k.Expr)
	}
	for _, a := range other.Aggregates {
		in.Args, in.Filters = append(in.Args, a.Arg), append(in.Filters, a.Filter)
	}
	united.Further = []query.Input{in}
	return &united
}

// TestUnionLeavesRecordsOut: a record that one SELECT of a union cannot evaluate is
// left out of all, and an append-only union numbers each SELECT's rows apart.
func TestUnionLeavesRecordsOut(t *testing.T) {
	batch := placed(randomBatch(rand.New(rand.NewPCG(3, 3)), 60))
	x := batch.Columns[2*int(datum.Int4)]
	for row := range batch.Rows {
		x.SetInt(row, int64(row%2))
	}
	plan := withFurther(appendOnly(wild(datum.Int4)), appendOnly(inverse(wild(datum.Int4))))
	v := newView(t, plan, 1)
	failed := 0
	v.Add(batch, column.All(batch.Rows), func(int32, *datum.Error) { failed++ })
	rows := rowsOf(t, owners(t, plan, 1, encodedOf(t, v, roomy))[0])
	if failed != 30 || len(rows.Hashes) != 60 || v.Rows() != 60 {
		t.Errorf("%d failed, %d rows, %d counted", failed, len(rows.Hashes), v.Rows())
	}
}
