package oracle

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// faultShards is how many shards the runs with faults have.
const faultShards = 3

// fault is harm done to a run on purpose. The corpus must see each.
type fault struct {
	name  string
	seams func() Seams
	// policy of the run's views; "" is read_optimized.
	policy topology.ShardingPolicy
	// made, where it is not nil, makes the seam of this name, for the schema
	// that the run's views are in.
	made func(t *testing.T, r *reference, schema string) func(context.Context, schema.ViewSpec) error
}

var faults = []fault{
	{name: "wrong merge", seams: func() Seams { return Seams{Plan: eachAggregate("sum", mergeTwice)} }},
	{name: "merge that forgets", seams: func() Seams { return Seams{Plan: eachAggregate("max", mergeNothing)} }},
	{name: "dropped NULL group", seams: func() Seams { return Seams{Rows: dropNullGroup} }},
	{name: "FILTER ignored", seams: func() Seams {
		return Seams{Plan: func(p *query.Plan) {
			for i := range p.Aggregates {
				p.Aggregates[i].Filter = nil
			}
		}}
	}},
	{name: "WHERE ignored", seams: func() Seams { return Seams{Plan: func(p *query.Plan) { p.Filter = nil }} }},
	{name: "HAVING ignored", seams: func() Seams { return Seams{Plan: func(p *query.Plan) { p.Having = "" }} }},
	{name: "off by one at a block split", seams: func() Seams { return Seams{Block: shortPart} }},
	{name: "lost block", seams: loseBlock},
	{name: "min instead of max", seams: func() Seams { return Seams{Plan: otherExtreme} }},
	{name: "avg counts NULLs", seams: func() Seams { return Seams{Plan: countNulls} }},
	{name: "range applied twice", seams: twiceSeam},
	{name: "canonical key without -0", seams: func() Seams { return Seams{Apart: hasMinusZero} }},
	{name: "last shard's slots dropped", seams: func() Seams {
		return Seams{Block: func(_ *CompiledView, b *partial.Block) int {
			if b.Shard == topology.ShardID(faultShards-1) {
				return 0
			}
			return 1
		}}
	}},
	{name: "group's error forgotten", seams: func() Seams {
		return Seams{Rows: func(_ *CompiledView, r *aggregator.ViewRows) { r.Errors = nil }}
	}},
	{name: "another time zone", seams: func() Seams { return Seams{Plan: func(p *query.Plan) { p.TimeZone = "UTC" }} }},
}

// faultsOfWrites are those that only write_optimized views can have.
var faultsOfWrites = []fault{
	{name: "v does not combine the shards", seams: func() Seams { return Seams{} }, made: combineNothing},
	{name: "a shard's rows dropped", seams: func() Seams {
		return Seams{Rows: func(_ *CompiledView, r *aggregator.ViewRows) {
			if r.Shard == faultShards-1 {
				r.Hashes, r.Keys, r.States, r.Errors = nil, emptyLike(r.Keys), emptyLike(r.States), nil
			}
		}}
	}},
	{name: "a shard's error forgotten", seams: func() Seams {
		return Seams{Rows: func(_ *CompiledView, r *aggregator.ViewRows) { r.Errors = nil }}
	}},
	{name: "wrong merge", seams: func() Seams { return Seams{Plan: eachAggregate("sum", mergeTwice)} }},
}

// testFaults: each fault turns some case red.
func testFaults(t *testing.T, r *reference) {
	all := slices.Clone(faults)
	for _, f := range faultsOfWrites {
		f.name, f.policy = f.name+" of "+string(topology.WriteOptimized), topology.WriteOptimized
		all = append(all, f)
	}
	for i, f := range all {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			schema := fmt.Sprintf("fault_%d", i)
			seen, err := r.firstRed(t, schema, f)
			if err != nil {
				t.Fatal(err)
			}
			if seen == "" {
				t.Fatal("no case sees it")
			}
			t.Log("seen by ", seen)
		})
	}
}

// firstRed runs the corpus with a fault, some views at a time, until one of
// them is red.
func (r *reference) firstRed(t *testing.T, schema string, f fault) (string, error) {
	options := Options{Shards: faultShards, Policy: f.policy, Lanes: 2, Batch: 400, Flush: 2, Fold: 2, BlockLimit: 2_500, Seed: 1}
	store, seams := r.store(schema), f.seams()
	if f.made != nil {
		seams.Made = f.made(t, r, schema)
	}
	run := NewRun(store, options, seams)
	run.Evaluator = r.evaluator()
	for _, s := range r.Streams {
		for views := range slices.Chunk(s.Views, 20) {
			some := *s
			some.Views = views
			if err := run.Stream(t.Context(), &some); err != nil {
				return "", err
			}
			for _, v := range views {
				if difference := r.difference(r.database, schema, v.Case); difference != "" {
					return fmt.Sprintf("%s, view %s: %s", v.Place, v.Name, difference), nil
				}
			}
		}
	}
	return "", nil
}

// combineNothing gives each view the SELECT that it would have were it
// read_optimized: every row of its table by itself.
func combineNothing(t *testing.T, r *reference, name string) func(context.Context, schema.ViewSpec) error {
	t.Helper()
	twin := name + "_twin"
	twins := r.store(twin)
	return func(ctx context.Context, spec schema.ViewSpec) error {
		view := pgx.Identifier{spec.Name}.Sanitize()
		rand.Read(spec.ID[:])
		spec.Policy = topology.ReadOptimized
		if err := twins.EnsureView(ctx, spec, func(topology.ViewID, topology.Revision) schema.State { return schema.Live }); err != nil {
			return err
		}
		if err := r.database.exec(ctx, "SET search_path = "+twin); err != nil {
			return err
		}
		var text string
		if err := r.database.conn.QueryRow(ctx, "SELECT pg_get_viewdef($1::regclass)", view).Scan(&text); err != nil {
			return err
		}
		if err := r.database.exec(ctx, "SET search_path = "+name); err != nil {
			return err
		}
		return r.database.exec(ctx, "CREATE OR REPLACE VIEW "+view+" AS "+text)
	}
}

// harmed is an accumulator whose merge is wrong.
type harmed struct {
	agg.Accumulator
	merge func(a agg.Accumulator, groups []uint32, states []*column.Vector, fail agg.Fail)
}

func (h *harmed) Merge(groups []uint32, states []*column.Vector, fail agg.Fail) {
	h.merge(h.Accumulator, groups, states, fail)
}

func mergeTwice(a agg.Accumulator, groups []uint32, states []*column.Vector, fail agg.Fail) {
	a.Merge(groups, states, fail)
	a.Merge(groups, states, fail)
}

func mergeNothing(agg.Accumulator, []uint32, []*column.Vector, agg.Fail) {}

// eachAggregate replaces the merge of every aggregate of a kind.
func eachAggregate(kind string, merge func(agg.Accumulator, []uint32, []*column.Vector, agg.Fail)) func(*query.Plan) {
	return func(p *query.Plan) {
		for i := range p.Aggregates {
			f := *p.Aggregates[i].Function
			if before, _, _ := strings.Cut(f.Name, "."); before != kind {
				continue
			}
			make := f.New
			f.New = func() agg.Accumulator { return &harmed{make(), merge} }
			p.Aggregates[i].Function = &f
		}
	}
}

// otherExtreme gives max the accumulator of min.
func otherExtreme(p *query.Plan) {
	for i := range p.Aggregates {
		f := *p.Aggregates[i].Function
		if rest, is := strings.CutPrefix(f.Name, "max."); is {
			least, _ := agg.ByName("min." + rest)
			f.New = least.New
			p.Aggregates[i].Function = &f
		}
	}
}

// countNulls makes count(x) count every row.
func countNulls(p *query.Plan) {
	for i := range p.Aggregates {
		if strings.HasPrefix(p.Aggregates[i].Function.Name, "count.") {
			p.Aggregates[i].Arg = nil
			all, _ := agg.ByName("count")
			p.Aggregates[i].Function = all
		}
	}
}

// dropNullGroup leaves out the groups whose keys are all NULL.
func dropNullGroup(_ *CompiledView, r *aggregator.ViewRows) {
	if len(r.Keys) == 0 {
		return
	}
	var hashes [][16]byte
	keys, states := emptyLike(r.Keys), emptyLike(r.States)
	places := map[int]int{}
	for row, hash := range r.Hashes {
		if allNull(r.Keys, row) {
			continue
		}
		places[row] = len(hashes)
		hashes = append(hashes, hash)
		appendRow(keys, r.Keys, row)
		appendRow(states, r.States, row)
	}
	var errors []partial.GroupError
	for _, e := range r.Errors {
		if at, kept := places[e.Group]; kept {
			errors = append(errors, partial.GroupError{Group: at, Err: e.Err})
		}
	}
	r.Hashes, r.Keys, r.States, r.Errors = hashes, keys, states, errors
}

func allNull(vectors []*column.Vector, row int) bool {
	for _, v := range vectors {
		if !v.IsNull(row) {
			return false
		}
	}
	return true
}

func emptyLike(vectors []*column.Vector) []*column.Vector {
	all := make([]*column.Vector, len(vectors))
	for i, v := range vectors {
		all[i] = column.New(v.Type)
	}
	return all
}

func appendRow(to, from []*column.Vector, row int) {
	for i, v := range from {
		to[i].AppendFrom(v, row)
	}
}

// shortPart forgets the last group of every part but the last.
func shortPart(_ *CompiledView, b *partial.Block) int {
	if b.Part+1 == b.Parts || b.Groups == 0 {
		return 1
	}
	last := b.Groups - 1
	keys, states := emptyLike(b.Keys), emptyLike(b.States)
	for row := range last {
		appendRow(keys, b.Keys, row)
		appendRow(states, b.States, row)
	}
	if n := len(b.Errors); n > 0 && b.Errors[n-1].Group == last {
		b.Errors = b.Errors[:n-1]
	}
	b.Groups, b.Keys, b.States = last, keys, states
	return 1
}

// loseBlock loses the fifth block of the run that has groups.
func loseBlock() Seams {
	return Seams{Block: nthBlock(5, 0)}
}

// twiceSeam applies the fifth block of the run that has groups twice.
func twiceSeam() Seams {
	return Seams{Block: nthBlock(5, 2)}
}

func nthBlock(n, times int) func(*CompiledView, *partial.Block) int {
	seen := 0
	return func(_ *CompiledView, b *partial.Block) int {
		if b.Groups == 0 {
			return 1
		}
		if seen++; seen == n {
			return times
		}
		return 1
	}
}

// hasMinusZero finds the rows with a key of -0.
func hasMinusZero(v *CompiledView, b *column.Batch, row int32) bool {
	for _, k := range v.Plan.Keys {
		c, ok := bare(k)
		if !ok || c.Type().Physical() != datum.PhysFloat {
			continue
		}
		values := b.Columns[c.Index]
		if !values.IsNull(int(row)) && values.Floats[row] == 0 && math.Signbit(values.Floats[row]) {
			return true
		}
	}
	return false
}

// bare returns the column that a key is, ok is false where it is none.
func bare(k query.Key) (c *expr.Column, ok bool) {
	c, ok = k.Expr.(*expr.Column)
	return c, ok
}
