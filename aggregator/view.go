package aggregator

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// View is one continuous view on one lane: what turns batches of the stream
// into groups, and at a flush the groups into blocks for the shards' owners. It
// serves one goroutine.
type View struct{}

// NewView compiles a plan for a view with a number of shards.
func NewView(id topology.ViewID, plan *query.Plan, shards int) (*View, error) { panic("unfinished") }

// Add folds the given rows of a batch in. A row whose filter, keys or
// arguments cannot be evaluated is left out of everything and handed to failed,
// once. rows stays the caller's.
func (v *View) Add(b *column.Batch, rows []int32, failed func(row int32, err *datum.Error)) {
	panic("unfinished")
}

// Groups returns the number of groups.
func (v *View) Groups() int { panic("unfinished") }

// Rows returns how many rows have been accumulated since the last Reset.
func (v *View) Rows() int64 { panic("unfinished") }

// Memory returns the bytes held.
func (v *View) Memory() int { panic("unfinished") }

// Reset forgets all groups and keeps the memory.
func (v *View) Reset() { panic("unfinished") }

// Blocks hands out every group in blocks, at least one for each shard, none of
// which takes more than limit bytes encoded. key is the hash of a block's first
// group. The block is emit's only until it returns; an error of emit ends Blocks
// and is returned. The groups stay until Reset.
func (v *View) Blocks(flush partial.FlushID, ranges []partial.Range, limit int,
	emit func(key topology.GroupHash, b *partial.Block) error) error {
	panic("unfinished")
}
