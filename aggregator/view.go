package aggregator

import (
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// View is one continuous view on one lane: what turns batches of the stream
// into groups, and at a flush the groups into blocks for the shards' owners. It
// serves one goroutine.
type View struct {
	id     topology.ViewID
	plan   *query.Plan
	shards int
	policy topology.ShardingPolicy
	states *states
	rows   int64

	filter  *expr.Expr // nil for none
	keys    []*expr.Expr
	filters []rowFilter // the different FILTER clauses
	args    []argument  // the different arguments
	inputs  []input     // one per aggregate

	// Of the batch at hand.
	errs      expr.RowErrors
	selected  []int32 // rows that pass the filter
	keyValues []*column.Vector
	groups    []uint32 // by row

	longest int // bytes of a value that is accepted, 0 for any
	blocks  blockWriter
}

// NewView compiles a plan for a view with a number of shards, 1 to
// topology.Slots. The error is a *datum.Error where an expression is not
// native.
func NewView(id topology.ViewID, plan *query.Plan, shards int) (*View, error) {
	if shards < 1 || shards > topology.Slots {
		return nil, fmt.Errorf("view %v: %d shards, must be 1 to %d", id, shards, topology.Slots)
	}
	zone, err := time.LoadLocation(plan.TimeZone)
	if err != nil {
		return nil, &datum.Error{
			Code: datum.CodeInvalidParameter, Message: fmt.Sprintf("time zone %q not recognized", plan.TimeZone),
			Hint: "Set the database's TimeZone to a name of the IANA database, such as Europe/Berlin.",
		}
	}
	v := &View{id: id, plan: plan, shards: shards, states: newStates(plan)}
	v.keyValues = make([]*column.Vector, len(plan.Keys))
	v.blocks = newBlockWriter(v)
	if err := v.compile(expr.Env{Zone: zone}); err != nil {
		return nil, err
	}
	return v, nil
}

// SetPolicy says which shards the groups of a flush go to; without it, and for
// [topology.ReadOptimized], each goes to the shard of its slot.
func (v *View) SetPolicy(p topology.ShardingPolicy) { v.policy = p }

// Add folds the given rows of a batch in. A row whose filter, keys or
// arguments cannot be evaluated is left out of everything and handed to failed,
// once. rows stays the caller's.
func (v *View) Add(b *column.Batch, rows []int32, failed func(row int32, err *datum.Error)) {
	v.errs.Reset(b.Rows)
	if v.filter != nil {
		v.selected = v.filter.Filter(b, rows, v.selected[:0], &v.errs)
		rows = v.selected
	}
	v.evaluate(b, rows)
	if v.longest > 0 {
		v.refuseLong(rows)
	}
	if v.errs.Any() {
		rows = v.withoutFailed(rows)
		v.errs.Each(failed)
	}
	v.accumulate(b.Rows, rows)
}

// evaluate computes keys and arguments of every aggregate, before any of them
// takes a row.
func (v *View) evaluate(b *column.Batch, rows []int32) {
	for i, k := range v.keys {
		v.keyValues[i] = k.Eval(b, rows, &v.errs)
	}
	for i := range v.filters {
		f := &v.filters[i]
		f.rows = f.expr.Filter(b, rows, f.rows[:0], &v.errs)
	}
	for i := range v.args {
		a := &v.args[i]
		a.values = a.expr.Eval(b, v.passing(a.filter, rows), &v.errs)
	}
}

// passing returns the rows that pass a FILTER clause.
func (v *View) passing(filter int, rows []int32) []int32 {
	if filter == none {
		return rows
	}
	return v.filters[filter].rows
}

// withoutFailed takes the failed rows out of every selection.
func (v *View) withoutFailed(rows []int32) []int32 {
	for i := range v.filters {
		v.filters[i].rows = v.errs.Remove(v.filters[i].rows)
	}
	if v.filter == nil { // rows are the caller's
		v.selected = append(v.selected[:0], rows...)
	}
	v.selected = v.errs.Remove(v.selected)
	return v.selected
}

// accumulate groups the rows and updates every aggregate.
func (v *View) accumulate(batchRows int, rows []int32) {
	if len(rows) == 0 {
		return
	}
	v.groups = slices.Grow(v.groups[:0], batchRows)[:batchRows]
	v.states.table.assign(v.keyValues, rows, v.groups)
	v.states.grow()
	for i, in := range v.inputs {
		var values *column.Vector
		if in.arg != none {
			values = v.args[in.arg].values
		}
		v.states.accumulators[i].Update(v.groups, values, v.passing(in.filter, rows), v.states.fail)
	}
	v.rows += int64(len(rows))
}

// Groups returns the number of groups.
func (v *View) Groups() int { return v.states.table.groups }

// Rows returns how many rows have been accumulated since the last Reset.
func (v *View) Rows() int64 { return v.rows }

// Memory returns the bytes that the groups take. Memory that Reset kept counts
// from when it is in use again; what is held is at most about twice the most
// that was in use of late.
func (v *View) Memory() int { return v.states.memory() }

// Reset forgets all groups. It keeps the memory for the next ones.
func (v *View) Reset() {
	v.states.reset()
	v.rows = 0
}

// Blocks hands out every group in blocks, at least one for each shard, none of
// which takes more than limit bytes encoded. key is the hash of a block's first
// group, or a shard's first hash where it has none. The block is emit's only
// until it returns; an error of emit ends Blocks and is returned.
//
// Of a write_optimized view one shard gets every group: that of the least input
// partition of the ranges, modulo the shards. The others get a block without any.
//
// A group that is too large for a block by itself is an error, perhaps after
// blocks were handed out: the caller gives the flush up. See [View.SetLimit].
// The groups stay until Reset.
func (v *View) Blocks(flush partial.FlushID, ranges []partial.Range, limit int,
	emit func(key topology.GroupHash, b *partial.Block) error,
) error {
	return v.blocks.write(flush, ranges, limit, emit)
}
