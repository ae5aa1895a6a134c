package consumer

import (
	"context"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// Store is where shard owners fold to. The sink package fits it.
type Store interface {
	// Claim takes a partials partition for this process: whoever held it can
	// no longer fold. It returns the position to read from and the ledger of
	// every shard that lives in the partition. Partitions never claimed before
	// start at position 0.
	Claim(ctx context.Context, topic string, p topology.Partition) (*Claim, error)
	// Fold carries out f in one transaction, if the claim still holds and the
	// position is still f.From. ErrClaimLost says that it does not: nothing
	// was written, and the owner claims again before it decides anything. An
	// error whose outcome is unknown (the answer to a COMMIT was lost) is
	// returned as ErrOutcomeUnknown: the owner claims again and reads the
	// position. Every other error left nothing behind and may be tried again.
	Fold(ctx context.Context, c *Claim, f *aggregator.Fold) (aggregator.FoldResult, error)
	// Release gives a claim up.
	Release(ctx context.Context, c *Claim) error
}

// Claim is an owner's hold on a partials partition.
type Claim struct {
	Owner     topology.ID // random: nobody else ever had it
	Term      int64       // rises with each claim, for people
	Topic     string
	Partition topology.Partition
	Position  int64 // the next offset to fold
	Ledger    []LedgerEntry
}

// LedgerEntry is what has been folded of one input partition by one shard.
type LedgerEntry struct {
	View  topology.ViewID
	Shard topology.ShardID
	Range partial.Range
}
