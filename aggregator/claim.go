package aggregator

import (
	"errors"

	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// Claim is an owner's hold on a partials partition, as the store granted it.
type Claim struct {
	Owner     topology.ID // random: nobody else ever had it
	Term      int64       // rises with each claim, for people to read
	Topic     string
	Partition topology.Partition
	Position  int64 // the next offset to fold
	Ledger    []Applied
}

// Applied is the ledger's entry for one shard of a view and one input
// partition: everything in [Range.From, Range.To) has been folded. From is where
// the view began, To is where the next range must begin.
type Applied struct {
	View  topology.ViewID
	Shard topology.ShardID
	Range partial.Range
	// Continues is, in a fold, what Range.To was before it: Range.From for an
	// entry that is new. The store refuses the fold where its own entry ends
	// elsewhere.
	Continues int64
}

// State is what a store has folded of one partials topic.
type State struct {
	// Positions are the next offsets to fold, of partitions that were claimed
	// at least once; the others stand at 0.
	Positions map[topology.Partition]int64
	Ledger    []Applied
}

// ErrClaimLost occurs when a fold finds that another owner has claimed the
// partition, or that its position moved. Nothing was written; the owner claims
// again before it decides anything.
var ErrClaimLost = errors.New("claim on the partials partition lost")

// ErrLedger occurs when a fold's ledger entries do not continue those in the
// database although the position does: a part of the database was changed or
// restored alone. Nothing was written; the owner claims again, and so reads
// what the ledger says now.
var ErrLedger = errors.New("the ledger in the database is not the one that the fold continues")

// ErrOutcomeUnknown occurs when the answer to a fold's COMMIT was lost: it may
// or may not have happened. The owner claims again and reads the position.
var ErrOutcomeUnknown = errors.New("outcome of the fold unknown")
