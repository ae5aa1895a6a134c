package aggregator

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// numbers returns a batch whose tame int4 column holds xs, and its rows.
func numbers(xs ...int64) (*column.Batch, []int32) {
	b := randomBatch(rand.New(rand.NewPCG(1, 1)), len(xs))
	v := b.Columns[2*int(datum.Int4)+1]
	v.Resize(len(xs))
	for i, x := range xs {
		v.SetInt(i, x)
	}
	return b, column.All(len(xs))
}

// TestFailedRows: a row of which anything cannot be evaluated is left out of
// every aggregate and reported once; its neighbours are not disturbed.
func TestFailedRows(t *testing.T) {
	x := tame(datum.Int4)
	bad := inverse(x)
	positive := call(147, "int4gt", datum.Bool, x, zero())
	badTest := call(147, "int4gt", datum.Bool, bad, zero())
	for name, c := range map[string]struct {
		plan   query.Plan
		failed int
		count  string // of all rows in the view
	}{
		"filter":               {query.Plan{Filter: badTest}, 2, "1"}, // 1/5 is 0, 1/-1 is -1
		"key":                  {query.Plan{Keys: keys(bad, bad)}, 2, "3"},
		"argument":             {query.Plan{Aggregates: []query.Aggregate{aggregate("sum", bad, nil), aggregate("max", bad, nil)}}, 2, "3"},
		"argument, last":       {query.Plan{Aggregates: []query.Aggregate{aggregate("count", nil, nil), aggregate("max", bad, nil)}}, 2, "3"},
		"aggregate's filter":   {query.Plan{Aggregates: []query.Aggregate{aggregate("count", nil, badTest)}}, 2, "3"},
		"argument not reached": {query.Plan{Aggregates: []query.Aggregate{aggregate("sum", bad, positive)}}, 0, "5"},
		"key behind a filter":  {query.Plan{Filter: positive, Keys: keys(bad)}, 0, "2"},
	} {
		c.plan.Aggregates = append(c.plan.Aggregates, aggregate("count", nil, nil))
		v := newView(t, &c.plan, 1)
		b, rows := numbers(0, 1, 5, 0, -1)
		var failed []int32
		v.Add(b, rows, func(row int32, err *datum.Error) {
			failed = append(failed, row)
			if err.Code != datum.CodeDivisionByZero {
				t.Errorf("%s: row %d: %v", name, row, err)
			}
		})
		if len(failed) != c.failed || c.failed == 2 && failed[0]+failed[1] != 3 {
			t.Errorf("%s: rows %v failed, want %d of 0 and 3", name, failed, c.failed)
		}
		count := int64(0)
		for _, data := range encoded(t, v, roomy) {
			var block partial.Block
			if err := partial.Decode(data, &block); err != nil {
				t.Fatal(err)
			}
			for _, n := range block.States[len(block.States)-1].Ints {
				count += n
			}
		}
		if fmt.Sprint(count) != c.count || v.Rows() != count {
			t.Errorf("%s: %d rows counted, %d accumulated, want %s", name, count, v.Rows(), c.count)
		}
		for i, r := range rows {
			if r != int32(i) {
				t.Fatalf("%s: the caller's selection was changed", name)
			}
		}
	}
}

func zero() expr.Node {
	v := column.New(datum.Int4)
	v.AppendInt(0)
	return &expr.Const{Value: v}
}

// TestArgumentsAreShared: avg's sum and count evaluate their argument once, and
// only under the same FILTER.
func TestArgumentsAreShared(t *testing.T) {
	x, f := tame(datum.Int4), wild(datum.Bool)
	v := newView(t, &query.Plan{Aggregates: []query.Aggregate{
		aggregate("sum", x, nil), aggregate("count", tame(datum.Int4), nil), aggregate("sum", x, f), aggregate("max", x, wild(datum.Bool)),
	}}, 1)
	if len(v.args) != 2 || len(v.filters) != 1 {
		t.Errorf("%d arguments and %d filters, want 2 and 1", len(v.args), len(v.filters))
	}
}

// TestGroupError: a sum out of range is its group's error alone, travels in the
// block and sticks to the group at the owner, whatever is merged later.
func TestGroupError(t *testing.T) {
	plan := &query.Plan{Keys: keys(tame(datum.Int4)), Aggregates: []query.Aggregate{aggregate("sum", wild(datum.Float8), nil), aggregate("count", nil, nil)}}
	b, rows := numbers(1, 2, 1, 3)
	huge := b.Columns[2*int(datum.Float8)]
	huge.Resize(4)
	for i := range 4 {
		huge.SetFloat(i, math.MaxFloat64)
	}
	v := newView(t, plan, 1)
	add(t, v, b, rows)
	first := encoded(t, v, roomy)
	v.Reset()
	add(t, v, b, rows[:1])
	second := encoded(t, v, roomy)
	for _, order := range [][][]byte{{first[0], second[0]}, {second[0], first[0]}} {
		m := owners(t, plan, 1, order)[0]
		got := rowsOf(t, m)
		if len(got.Hashes) != 3 || len(got.Errors) != 1 || got.Keys[0].Ints[got.Errors[0].Group] != 1 {
			t.Fatalf("%d rows with errors %+v, want the group 1 of 3", len(got.Hashes), got.Errors)
		}
		if err := got.Errors[0].Err; err.Code != datum.CodeOutOfRange || err.Message != "value out of range: overflow" {
			t.Error(err)
		}
		if m.Reset(); m.Groups() != 0 || len(rowsOf(t, m).Errors) != 0 {
			t.Error("errors outlive Reset")
		}
	}
}

// TestOwnersFindOverflow: a sum that leaves its range only when the owner
// merges is the group's error there.
func TestOwnersFindOverflow(t *testing.T) {
	plan := &query.Plan{Aggregates: []query.Aggregate{aggregate("sum", wild(datum.Float8), nil)}}
	b, rows := numbers(1)
	b.Columns[2*int(datum.Float8)].Resize(1)
	b.Columns[2*int(datum.Float8)].SetFloat(0, math.MaxFloat64)
	v := newView(t, plan, 1)
	add(t, v, b, rows)
	block := encoded(t, v, roomy)[0]
	got := rowsOf(t, owners(t, plan, 1, [][]byte{block, block})[0])
	if len(got.Errors) != 1 || got.Hashes[0] != [16]byte{} {
		t.Errorf("errors %+v, hash %x", got.Errors, got.Hashes[0])
	}
}

// TestEveryShardHearsOfEveryFlush: without a single row each shard still gets
// its block, with the ranges.
func TestEveryShardHearsOfEveryFlush(t *testing.T) {
	for _, shards := range []int{1, 3, 8, topology.Slots} {
		v := newView(t, &query.Plan{Keys: keys(wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}, shards)
		next := topology.ShardID(0)
		err := v.Blocks(partial.FlushID{Seq: 7}, []partial.Range{{From: 3, To: 9}}, roomy, func(key topology.GroupHash, b *partial.Block) error {
			if b.Shard != next || b.Groups != 0 || b.Part != 0 || b.Parts != 1 || len(b.Ranges) != 1 || b.Flush.Seq != 7 || b.View != testView {
				t.Fatalf("block %+v, want one of shard %d without groups", b, next)
			}
			if topology.ShardOf(key.Slot(), shards) != next {
				t.Fatalf("key %x is not one of shard %d", key, next)
			}
			next++
			return nil
		})
		if err != nil || int(next) != shards {
			t.Errorf("%d blocks for %d shards, %v", next, shards, err)
		}
	}
}

// TestParts: parts are numbered, keyed by their first group and as large as the
// limit lets them be; no group is lost.
func TestParts(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Int8), wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("max", wild(datum.Text), nil)}}
	v := newView(t, plan, 2)
	rng := rand.New(rand.NewPCG(3, 3))
	add(t, v, randomBatch(rng, 4000), column.All(4000))
	const limit = 5000
	groups, blocks, last := 0, 0, [2]int{-1, -1}
	err := v.Blocks(partial.FlushID{}, nil, limit, func(key topology.GroupHash, b *partial.Block) error {
		if int(b.Part) != last[b.Shard]+1 || b.Part >= b.Parts {
			t.Errorf("part %d of %d of shard %d after part %d", b.Part, b.Parts, b.Shard, last[b.Shard])
		}
		last[b.Shard] = int(b.Part)
		if size := len(partial.Append(nil, b)); size > limit || b.Part < b.Parts-1 && size < limit/2 {
			t.Errorf("a part of %d bytes under a limit of %d", size, limit)
		}
		if b.Groups == 0 || topology.ShardOf(key.Slot(), 2) != b.Shard {
			t.Errorf("key %x, %d groups, shard %d", key, b.Groups, b.Shard)
		}
		groups += b.Groups
		blocks++
		return nil
	})
	if err != nil || groups != v.Groups() || blocks < 10 {
		t.Errorf("%d of %d groups in %d blocks, %v", groups, v.Groups(), blocks, err)
	}
}

// TestEmitError: Blocks ends with emit's error.
func TestEmitError(t *testing.T) {
	v := newView(t, &query.Plan{Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}, 3)
	broken, calls := errors.New("broken"), 0
	err := v.Blocks(partial.FlushID{}, nil, roomy, func(topology.GroupHash, *partial.Block) error { calls++; return broken })
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// TestTooLargeGroup: without SetLimit a group that no block holds is an error of
// the flush that names the view and the size; with it, of its row alone.
func TestTooLargeGroup(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("max", tame(datum.Text), nil)}}
	b := randomBatch(rand.New(rand.NewPCG(4, 4)), 3)
	b.Columns[2*int(datum.Text)].SetString(1, strings.Repeat("k", 70_000))
	b.Columns[2*int(datum.Text)+1].SetString(2, strings.Repeat("v", 70_000))
	const limit = 60_000

	v := newView(t, plan, 1)
	add(t, v, b, column.All(3))
	err := v.Blocks(partial.FlushID{}, nil, limit, func(topology.GroupHash, *partial.Block) error { return nil })
	var pg *datum.Error
	if !errors.As(err, &pg) || pg.Code != datum.CodeProgramLimitExceeded || !strings.Contains(pg.Message, testView.String()) || !strings.Contains(pg.Message, " 700") {
		t.Errorf("error %v", err)
	}

	v.Reset()
	v.SetLimit(limit)
	failed := map[int32]string{}
	v.Add(b, column.All(3), func(row int32, err *datum.Error) { failed[row] = err.Code + " " + err.Message })
	if len(failed) != 2 || failed[1] != "54000 key k1 of 70000 bytes is too long" || failed[2] != "54000 aggregate's argument of 70000 bytes is too long" {
		t.Errorf("failed rows %v", failed)
	}
	if got := owners(t, plan, 1, encoded(t, v, limit))[0].Groups(); got != 1 {
		t.Errorf("%d groups", got)
	}
}

// TestNewView: what cannot be is refused.
func TestNewView(t *testing.T) {
	for name, c := range map[string]struct {
		plan   query.Plan
		shards int
		want   string
	}{
		"no shards":       {query.Plan{}, 0, "0 shards"},
		"too many shards": {query.Plan{}, topology.Slots + 1, "4097 shards"},
		"time zone":       {query.Plan{TimeZone: "Atlantis"}, 1, `time zone "Atlantis" not recognized`},
		"filter":          {query.Plan{Filter: call(1, "no_such", datum.Bool)}, 1, "no_such"},
		"key":             {query.Plan{Keys: keys(call(1, "no_such", datum.Bool))}, 1, "no_such"},
		"argument":        {query.Plan{Aggregates: []query.Aggregate{aggregate("count", call(1, "no_such", datum.Bool), nil)}}, 1, "no_such"},
	} {
		if _, err := NewView(testView, &c.plan, c.shards); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeignBlocks: an owner merges only its own view's, shard's and plan's.
func TestForeignBlocks(t *testing.T) {
	plan := &query.Plan{Keys: keys(wild(datum.Text)), Aggregates: []query.Aggregate{aggregate("count", nil, nil)}}
	other := &query.Plan{Keys: keys(wild(datum.Int4)), Aggregates: plan.Aggregates}
	v, w := newView(t, plan, 1), newView(t, other, 1)
	rng := rand.New(rand.NewPCG(5, 5))
	add(t, v, randomBatch(rng, 10), column.All(10))
	add(t, w, randomBatch(rng, 10), column.All(10))
	var b partial.Block
	for name, change := range map[string]func(){
		"view":    func() { b.View[3]++ },
		"shard":   func() { b.Shard++ },
		"schema":  func() { b.Schema++ },
		"vectors": func() { b.Keys[0], b.States[0] = b.States[0], b.Keys[0] },
		"count":   func() { b.States = nil },
		"plan":    func() { _ = partial.Decode(encoded(t, w, roomy)[0], &b) },
	} {
		if err := partial.Decode(encoded(t, v, roomy)[0], &b); err != nil {
			t.Fatal(err)
		}
		change()
		m := NewMerger(testView, "v", 0, plan)
		if err := m.Merge(&b); err == nil || m.Groups() != 0 {
			t.Errorf("%s: %v, %d groups", name, err, m.Groups())
		}
	}
}
