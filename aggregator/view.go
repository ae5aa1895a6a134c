package aggregator

import (
	"fmt"
	"slices"

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

	expressions *Expressions // those below are of them

	filter   *expression // nil for none
	keys     []*expression
	grouping *grouping
	filters  []rowFilter // the different FILTER clauses
	args     []argument  // the different arguments
	inputs   []input     // one per aggregate

	sides []*View // of a UNION ALL, itself first

	// Of the batch at hand.
	taken     []int32 // the rows that it takes in
	errs      expr.RowErrors
	selected  []int32 // rows that pass the filter and did not fail, where some did
	keyValues []*column.Vector
	made      madeKeys
	groups    []uint32 // by row
	noted     translation

	derived derived // of a view with a row program

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
	v := &View{id: id, plan: plan, shards: shards, states: newStates(plan, true), made: newMadeKeys(plan)}
	v.keyValues = make([]*column.Vector, len(plan.Keys))
	v.blocks = newBlockWriter(v)
	v.addFurther()
	if err := v.Share(&Expressions{}, nil); err != nil {
		return nil, err
	}
	return v, nil
}

// SetPolicy says which shards the groups of a flush go to; without it, and for
// [topology.ReadOptimized], each goes to the shard of its slot.
func (v *View) SetPolicy(p topology.ShardingPolicy) { v.policy = p }

// Add folds the given rows of a batch in: Begin and Take for a view by itself.
// rows stays the caller's.
func (v *View) Add(b *column.Batch, rows []int32, failed func(record int32, err *datum.Error)) {
	v.expressions.Begin(b, rows)
	v.Take(failed)
}

// Take folds in the batch that its expressions stand at. A record with a row whose
// filter, keys or arguments cannot be evaluated is left out of everything, all of
// its rows, and its number ([column.Batch.Records]) is handed to failed, once.
func (v *View) Take(failed func(record int32, err *datum.Error)) {
	for _, side := range v.sides {
		side.taken = side.evaluate()
		if v.longest > 0 {
			side.refuseLong(side.taken, v.longest)
		}
	}
	v.joinErrors()
	if v.errs.Any() {
		v.failRecords(failed)
		v.spreadErrors()
		for _, side := range v.sides {
			side.taken = side.withoutFailed(side.taken)
		}
	}
	for _, side := range v.sides {
		side.accumulate(v.expressions.batch.Rows, side.taken)
		v.rows += int64(len(side.taken))
	}
}

// evaluate computes keys and arguments of every aggregate, before any of them
// takes a row, and returns the rows that pass the filter.
func (v *View) evaluate() []int32 {
	v.errs.Reset(v.expressions.batch.Rows)
	rows := v.expressions.within(v.filter)
	if v.filter != nil {
		v.filter.errs.Each(v.errs.Fail)
	}
	for i, k := range v.keys {
		if k != nil {
			v.keyValues[i] = v.value(k)
		}
	}
	for i := range v.filters {
		f := &v.filters[i]
		f.rows = v.expressions.within(f.expr)
		f.expr.errs.Each(v.errs.Fail)
	}
	for i := range v.args {
		v.value(v.args[i].expr)
	}
	return rows
}

// value returns an expression's values and takes over its errors.
func (v *View) value(e *expression) *column.Vector {
	v.expressions.evaluate(e)
	if e.errs.Any() {
		e.errs.Each(v.errs.Fail)
	}
	return e.values
}

// passing returns the rows that pass a FILTER clause.
func (v *View) passing(filter int, rows []int32) []int32 {
	if filter == none {
		return rows
	}
	return v.filters[filter].rows
}

// failRecords hands each record with a failed row to failed, with the error of the
// first, and makes all of its rows failed ones.
func (v *View) failRecords(failed func(record int32, err *datum.Error)) {
	records := v.expressions.batch.Records
	if records == nil {
		v.errs.Each(failed)
		return
	}
	last := int32(-1)
	for row := range int32(v.expressions.batch.Rows) {
		err := v.errs.Of(row)
		if err == nil || records[row] == last {
			continue
		}
		last = records[row]
		failed(last, err)
		for first := row - 1; first >= 0 && records[first] == last; first-- {
			v.errs.Fail(first, err)
		}
		for next := row + 1; int(next) < len(records) && records[next] == last; next++ {
			v.errs.Fail(next, err)
		}
	}
}

// withoutFailed takes the failed rows out of every selection. They may be other
// views' too, so what is left is a copy.
func (v *View) withoutFailed(rows []int32) []int32 {
	for i := range v.filters {
		f := &v.filters[i]
		f.own = v.errs.Remove(append(f.own[:0], f.rows...))
		f.rows = f.own
	}
	v.selected = v.errs.Remove(append(v.selected[:0], rows...))
	return v.selected
}

// accumulate groups the rows, once for each grouping set, and updates every
// aggregate.
func (v *View) accumulate(batchRows int, rows []int32) {
	if len(rows) == 0 {
		return
	}
	v.groups = slices.Grow(v.groups[:0], batchRows)[:batchRows]
	v.made.begin(batchRows)
	if v.plan.AppendOnly {
		v.made.numbered(v.keyValues, rows)
	}
	for number, set := range v.plan.Sets {
		v.states.table.assignSet(set, v.made.ofSet(number, set, v.keyValues), rows, v.groups)
		v.update(rows)
	}
	if v.plan.Sets == nil {
		v.assign(rows)
		v.update(rows)
	}
}

// update hands the rows, whose groups are known, to every aggregate.
func (v *View) update(rows []int32) {
	v.states.grow()
	for i, in := range v.inputs {
		var values *column.Vector
		if in.arg != none {
			values = v.args[in.arg].expr.values
		}
		v.states.accumulators[i].Update(v.groups, values, v.passing(in.filter, rows), v.states.fail)
	}
}

// Groups returns the number of groups.
func (v *View) Groups() int { return v.states.table.groups }

// Rows returns how many rows have been accumulated since the last Reset.
func (v *View) Rows() int64 { return v.rows }

// Memory returns the bytes that the groups take. Memory that Reset kept counts
// from when it is in use again; what is held is at most about twice the most
// that was in use of late.
func (v *View) Memory() int {
	size := v.states.memory()
	for _, side := range v.sides {
		size += 4 * len(side.noted.groups)
	}
	return size
}

// Reset forgets all groups. It keeps the memory for the next ones.
func (v *View) Reset() {
	v.states.reset()
	for _, side := range v.sides {
		side.noted.groups = side.noted.groups[:0]
	}
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
// A key may come more than once, in one block too: where keys hardly repeat, rows
// pass as groups of their own.
//
// A group that is too large for a block by itself is an error, perhaps after
// blocks were handed out: the caller gives the flush up. See [View.SetLimit].
// The groups stay until Reset.
func (v *View) Blocks(flush partial.FlushID, ranges []partial.Range, limit int,
	emit func(key topology.GroupHash, b *partial.Block) error,
) error {
	return v.blocks.write(flush, ranges, limit, emit)
}
