package aggregator

import (
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
)

// states is a group table with the state of every aggregate for its groups:
// what a View fills from rows and a Merger from blocks.
type states struct {
	plan         *query.Plan
	table        *table
	accumulators []agg.Accumulator // one per aggregate of the plan
	uses         []agg.Use
	types        []datum.Type // of the state vectors
	// errors are the groups in error, nil while there are none. It is the one
	// place with pointers, and holds as many as there are errors.
	errors map[uint32]*datum.Error
	fail   agg.Fail // noteError, bound once

	repeats bool // keys may be there twice

	peak  int // the most groups that the memory was made for
	small int // rounds in a row that needed far less
}

// newStates makes states without groups; repeats says that a key may be there
// twice where looking for it does not pay.
func newStates(plan *query.Plan, repeats bool) *states {
	s := &states{plan: plan, repeats: repeats, uses: usesOf(plan), types: plan.StateTypes()}
	s.fail = s.noteError
	s.make()
	return s
}

// usesOf returns the plan's aggregates, numbered by what they are over.
func usesOf(plan *query.Plan) []agg.Use {
	uses := make([]agg.Use, len(plan.Aggregates))
	for i, a := range plan.Aggregates {
		uses[i] = agg.Use{Function: a.Function, Input: i}
		for j, b := range plan.Aggregates[:i] {
			if expr.Equal(a.Arg, b.Arg) && expr.Equal(a.Filter, b.Filter) && equalFurther(plan, i, j) {
				uses[i].Input = uses[j].Input
				break
			}
		}
	}
	return uses
}

// equalFurther reports whether two aggregates are over the same in the other SELECTs
// of a UNION ALL too.
func equalFurther(plan *query.Plan, i, j int) bool {
	for _, in := range plan.Further {
		if !expr.Equal(in.Args[i], in.Args[j]) || !expr.Equal(in.Filters[i], in.Filters[j]) {
			return false
		}
	}
	return true
}

// make begins with fresh memory.
func (s *states) make() {
	s.table = newTable(s.plan.KeyTypes(), identity(s.plan))
	s.table.repeats.allowed = s.repeats
	s.table.appends = s.repeats && s.plan.AppendOnly
	s.accumulators = agg.Together(s.table.rows, s.uses)
	s.peak, s.small = 0, 0
}

// noteError marks a group as one in error. Its first error stays.
func (s *states) noteError(group uint32, err *datum.Error) {
	if s.errors == nil {
		s.errors = map[uint32]*datum.Error{}
	}
	if _, ok := s.errors[group]; !ok {
		s.errors[group] = err
	}
}

// grow makes room for the states of every group of the table.
func (s *states) grow() {
	for _, a := range s.accumulators {
		a.Grow(s.table.groups)
	}
}

// copyTo appends the keys and states of the given groups to vectors.
func (s *states) copyTo(keys, states []*column.Vector, groups []uint32) {
	for i, v := range s.table.keys {
		column.Gather(keys[i], v, groups)
	}
	s.copyStates(states, groups)
}

func (s *states) copyStates(to []*column.Vector, groups []uint32) {
	for i, a := range s.accumulators {
		n := len(s.plan.Aggregates[i].Function.States)
		a.Append(to[:n], groups)
		to = to[n:]
	}
}

// The memory of a round is given back once this many rounds in a row had less
// than a quarter of its groups.
const patience = 16

// reset forgets all groups. It keeps the memory for the next round, unless it
// has long been too much.
func (s *states) reset() {
	groups := s.table.groups
	s.errors = nil
	s.peak = max(s.peak, groups)
	s.small++
	if groups >= s.peak/4 {
		s.small = 0
	}
	if s.small >= patience {
		s.make()
		s.peak = groups
		return
	}
	s.table.reset()
	for _, a := range s.accumulators {
		a.Reset()
	}
}

// memory returns the bytes in use.
func (s *states) memory() int {
	size := s.table.memory()
	for _, a := range s.accumulators {
		size += a.Memory()
	}
	return size
}

// newVectors returns empty vectors of the given types.
func newVectors(types []datum.Type) []*column.Vector {
	vs := make([]*column.Vector, len(types))
	for i, t := range types {
		vs[i] = column.New(t)
	}
	return vs
}
