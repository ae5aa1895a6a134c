package aggregator

import (
	"fmt"
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Merger is the owner's side of one shard of one view: it merges the blocks of
// many flushes into the rows of one fold. It serves one goroutine.
type Merger struct {
	id     topology.ViewID
	name   string
	shard  topology.ShardID
	policy topology.ShardingPolicy
	plan   *query.Plan
	schema uint64
	states *states
	rows   []int32 // 0, 1, …
	groups []uint32
	sorter sorter
}

// NewMerger makes a merger without groups. name is the view's, for ViewRows.
func NewMerger(id topology.ViewID, name string, shard topology.ShardID, plan *query.Plan) *Merger {
	return &Merger{id: id, name: name, shard: shard, plan: plan, schema: SchemaHash(plan), states: newStates(plan, false)}
}

// SetPolicy says how the view's groups are sharded, for ViewRows; without it
// they are read_optimized.
func (m *Merger) SetPolicy(p topology.ShardingPolicy) { m.policy = p }

// Merge folds a block in and keeps nothing of it. A block of another view,
// shard or plan is an error and changes nothing.
func (m *Merger) Merge(b *partial.Block) error {
	if err := m.check(b); err != nil {
		return err
	}
	for i := len(m.rows); i < b.Groups; i++ {
		m.rows = append(m.rows, int32(i))
	}
	m.groups = slices.Grow(m.groups[:0], b.Groups)[:b.Groups]
	m.states.table.assign(b.Keys, m.rows[:b.Groups], m.groups)
	m.states.grow()
	vectors := b.States
	for i, a := range m.states.accumulators {
		n := len(m.plan.Aggregates[i].Function.States)
		a.Merge(m.groups, vectors[:n], m.states.fail)
		vectors = vectors[n:]
	}
	for _, e := range b.Errors {
		m.states.noteError(m.groups[e.Group], e.Err)
	}
	return nil
}

func (m *Merger) check(b *partial.Block) error {
	switch {
	case b.View != m.id || b.Shard != m.shard:
		return fmt.Errorf("block of view %v shard %d came to view %q (%v) shard %d", b.View, b.Shard, m.name, m.id, m.shard)
	case b.Schema != m.schema:
		return fmt.Errorf("block of another plan of view %q: schema %x, this plan's is %x", m.name, b.Schema, m.schema)
	case !sameTypes(b.Keys, m.plan.KeyTypes(), b.Groups) || !sameTypes(b.States, m.states.types, b.Groups):
		return fmt.Errorf("block of view %q whose vectors are not those of its schema %x", m.name, b.Schema)
	}
	return nil
}

func sameTypes(vectors []*column.Vector, types []datum.Type, rows int) bool {
	return slices.EqualFunc(vectors, types, func(v *column.Vector, t datum.Type) bool {
		return v.Type == t && v.Len() == rows
	})
}

// Groups returns the number of groups.
func (m *Merger) Groups() int { return m.states.table.groups }

// Memory returns the bytes that the groups take, as [View.Memory].
func (m *Merger) Memory() int { return m.states.memory() }

// Rows returns the merged groups in ascending order of their hashes. They are
// the caller's: the merger keeps its groups and goes on without the rows. Two
// keys with the same 128 bits are an error, not something that happens.
func (m *Merger) Rows() (*ViewRows, error) {
	rows, err := m.Sorted()
	if err != nil {
		return nil, err
	}
	var whole Piece
	rows.Piece(0, rows.Len(), &whole)
	rows.Hashes, rows.Keys, rows.States = whole.Hashes, whole.Keys, whole.States
	rows.states, rows.order = nil, nil
	return rows, nil
}

// Sorted is Rows without a copy of them: [ViewRows.Piece] takes the rows from the
// merger, which must have neither Merge nor Reset called meanwhile. All that it
// adds to the merger's memory is four bytes a group.
func (m *Merger) Sorted() (*ViewRows, error) {
	s := m.states
	order := m.sorter.sort(s.table.hashes, func(g uint32) uint64 {
		_, lower := s.table.rowHash(g)
		return lower
	})
	rows := &ViewRows{View: m.id, Name: m.name, Shard: m.shard, Policy: m.policy, Plan: m.plan, states: s, order: order}
	for i := 1; i < len(order); i++ {
		if s.table.hashes[order[i]] == s.table.hashes[order[i-1]] {
			if a, b := s.hash(order[i-1]), s.hash(order[i]); a == b {
				return nil, fmt.Errorf("view %q: two groups have the 128-bit hash %x", m.name, a)
			}
		}
	}
	if len(s.errors) > 0 {
		for i, g := range order {
			if err := s.errors[g]; err != nil {
				rows.Errors = append(rows.Errors, partial.GroupError{Group: i, Err: err})
			}
		}
	}
	return rows, nil
}

// Reset forgets all groups. It keeps the memory for the next ones.
func (m *Merger) Reset() { m.states.reset() }
