package aggregator

import (
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Merger is the owner's side of one shard of one view: it merges the blocks of
// many flushes into the rows of one fold. It serves one goroutine.
type Merger struct{}

// NewMerger makes a merger without groups.
func NewMerger(id topology.ViewID, name string, shard topology.ShardID, plan *query.Plan) *Merger {
	panic("unfinished")
}

// Merge folds a block in and keeps nothing of it.
func (m *Merger) Merge(b *partial.Block) error { panic("unfinished") }

// Groups returns the number of groups.
func (m *Merger) Groups() int { panic("unfinished") }

// Memory returns the bytes held.
func (m *Merger) Memory() int { panic("unfinished") }

// Rows returns the merged groups in ascending order of their hashes. They are
// the caller's: the merger goes on without them.
func (m *Merger) Rows() (*ViewRows, error) { panic("unfinished") }

// Reset forgets all groups and keeps the memory.
func (m *Merger) Reset() { panic("unfinished") }

// SchemaHash is the hash of a plan's key types, state types and aggregate
// names that every block carries.
func SchemaHash(plan *query.Plan) uint64 { panic("unfinished") }
