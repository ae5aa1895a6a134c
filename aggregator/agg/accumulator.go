package agg

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
)

// Accumulator is one aggregate's state for every group of a table: flat arrays
// indexed by group id, no pointers in them, no value boxed.
//
// Laws, each tested for every accumulator: a state never updated is the
// identity of Merge; merging is associative and commutative (for floats up to
// rounding); splitting the input anywhere and merging equals the whole; a state
// survives Append and Merge unchanged.
type Accumulator interface {
	// Grow makes room for group ids below groups; new ones are identities.
	Grow(groups int)
	// Update folds rows of arg into their groups: row r belongs to group
	// groups[r]. arg is nil for count(*). An error concerns one group and is
	// reported through fail; the group's state is of no use from then on.
	Update(groups []uint32, arg *column.Vector, rows []int32, fail Fail)
	// Merge folds state row i of states into group groups[i], for each i.
	// states are the vectors that Append writes, in its order.
	Merge(groups []uint32, states []*column.Vector, fail Fail)
	// Append adds the states of the given groups to the vectors in to, one for
	// each of the aggregate's states.
	Append(to []*column.Vector, groups []uint32)
	// Reset forgets every group and keeps the memory.
	Reset()
	// Memory returns the bytes in use. What Reset kept counts from when it is in
	// use again, so that a budget is not spent on memory that stands ready.
	Memory() int
}

// Fail takes an error of one group, such as a sum out of range.
type Fail func(group uint32, err *datum.Error)

// MergeRule is how PostgreSQL merges two values of a state column in the fold's
// upsert; NULL is the identity of each.
type MergeRule uint8

// The rules.
const (
	MergeAdd MergeRule = iota + 1
	MergeMin
	MergeMax
)

// State describes one state column of an aggregate: a plain column of v_mrel.
type State struct {
	Suffix string     // of the column's name; "" where the aggregate has one state
	Type   datum.Type // of the vectors and of the column
	Merge  MergeRule
	// Zero is the column's value for a group without input, as SQL: "0" for a
	// count, "NULL" for the others.
	Zero string
}

// Function is an accumulator kind: what one physical aggregate keeps. SQL
// aggregates map to one or more of them (avg(x) is sum(x) and count(x), shared
// with any other aggregate over the same argument and filter).
type Function struct {
	// Name is written into plans and partials ("count", "sum.int8", …) and
	// never changes its meaning.
	Name   string
	Arg    datum.Type // Invalid where it takes none
	States []State
	// New returns an accumulator by itself; see [Together] for those of a plan.
	New func() Accumulator

	part part // the value of a tally that it is
}
