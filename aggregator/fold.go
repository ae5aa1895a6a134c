package aggregator

import (
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Fold is what one owner's transaction does: rows of some views, and the move
// of the partition's position and ledger that go with them. The store carries
// it out whole or not at all.
type Fold struct {
	// Topic and Partition name the partials partition.
	Topic     string
	Partition topology.Partition
	// From is the position that the owner folds on from, To the one after the
	// last block: the next offset to read.
	From, To int64
	Views    []ViewRows
	Applied  []Applied
}

// ViewRows are the merged groups of one shard of one view, each group once, in
// ascending order of Hash (so that two writers never lock in different orders).
type ViewRows struct {
	View  topology.ViewID
	Name  string
	Shard topology.ShardID
	// Policy says what the row's unique key is: the hash alone (read_optimized,
	// also where it is empty), or hash and shard (write_optimized).
	Policy topology.ShardingPolicy
	Plan   *query.Plan
	// Hashes are the 128-bit hashes of the canonical keys.
	Hashes [][16]byte
	Keys   []*column.Vector
	States []*column.Vector
	Errors []partial.GroupError
}

// FoldResult says what a fold did.
type FoldResult struct {
	Rows   int // rows inserted or updated
	Failed int // groups that PostgreSQL refused and that are now marked in error
}

// Newest returns the newest Kafka timestamp among the folded ranges, in
// milliseconds since 1970, 0 where there is none.
func (f *Fold) Newest() int64 {
	var newest int64
	for _, a := range f.Applied {
		newest = max(newest, a.Range.MaxTime)
	}
	return newest
}
