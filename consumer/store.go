package consumer

import (
	"context"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Store is where shard owners fold to. The sink package fits it.
type Store interface {
	// Claim takes a partials partition for this process: whoever held it can
	// no longer fold. It returns the position to read from and the ledger of
	// every shard that lives in the partition. A partition never claimed before
	// starts at position 0 with an empty ledger.
	Claim(ctx context.Context, topic string, p topology.Partition) (*aggregator.Claim, error)
	// ClaimTogether is Claim of several partitions at once, all or none. Where it fails
	// they may be claimed one by one: it waits for nobody who holds one of them.
	ClaimTogether(ctx context.Context, parts []topology.TopicPartition) ([]*aggregator.Claim, error)
	// Fold carries out f in one transaction if the claim still holds and the
	// position is still f.From; else it returns aggregator.ErrClaimLost. Where
	// the ledger is not the one that f continues it is aggregator.ErrLedger,
	// where the answer to COMMIT was lost aggregator.ErrOutcomeUnknown. Where
	// one view is at fault (its table is gone, say) the error has a method
	// FaultyView() topology.ViewID. Every error but ErrOutcomeUnknown left nothing
	// behind, and the fold may be tried again.
	Fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error)
	// FoldTogether is Fold of several partitions in one transaction, all or none.
	// The error does not say whose it is: but for ErrOutcomeUnknown, which is
	// everyone's, they may be tried one by one.
	FoldTogether(ctx context.Context, shares []aggregator.Share) (aggregator.FoldResult, error)
	// Applied returns what is folded of a partials topic.
	Applied(ctx context.Context, topic string) (aggregator.State, error)
	// Release gives a claim up.
	Release(ctx context.Context, c *aggregator.Claim) error
	// EnsureView makes the view's table and view exist; it is idempotent.
	// Objects of a view that catalog knows to be dropped make room. Before it
	// makes anything it asks the catalog again: the error is
	// topology.ErrViewDropped where the view is not there any more.
	EnsureView(ctx context.Context, v *topology.View, plan *query.Plan, catalog *topology.Catalog) error
}
