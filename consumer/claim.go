package consumer

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/topology"
)

// claimTimeout bounds a claim.
const claimTimeout = 30 * time.Second

// claim claims partitions and begins to read them: several in one transaction, for a
// node that starts has all of its share to claim before it folds anything. Where that
// fails each is claimed by itself, so that one that is held holds up no other.
func (f *folder) claim(parts []topology.TopicPartition) {
	if len(parts) > 1 {
		ctx, cancel := context.WithTimeoutCause(f.ctx, claimTimeout, errClaimTimeout)
		claims, err := f.node.store.ClaimTogether(ctx, parts)
		cancel()
		if err == nil {
			f.claimed(claims...)
			return
		}
		f.log.Debug("partitions are claimed one by one", "partitions", len(parts), "reason", err)
	}
	for _, tp := range parts {
		ctx, cancel := context.WithTimeoutCause(f.ctx, claimTimeout, errClaimTimeout)
		claim, err := f.node.store.Claim(ctx, tp.Topic, tp.Partition)
		cancel()
		switch {
		case err == nil:
			f.claimed(claim)
		case f.ctx.Err() != nil:
			return
		default:
			f.node.problem("partials", tp, err)
			f.retry[tp] = time.Now().Add(claimRetry)
		}
	}
}

// claimed begins to read partitions where they were folded up to.
func (f *folder) claimed(claims ...*aggregator.Claim) {
	offsets := map[string]map[int32]kgo.Offset{}
	for _, c := range claims {
		tp := topology.TopicPartition{Topic: c.Topic, Partition: c.Partition}
		delete(f.retry, tp)
		f.node.solved("partials", tp)
		f.parts[tp] = newOwnedPartition(tp, c)
		f.parts[tp].unchecked = f.node.cfg.inject(guardLedger)
		if offsets[tp.Topic] == nil {
			offsets[tp.Topic] = map[int32]kgo.Offset{}
		}
		offsets[tp.Topic][tp.Partition] = kgo.NewOffset().At(c.Position)
		f.log.Debug("partition claimed", "topic", tp.Topic, "partition", tp.Partition, "term", c.Term, "position", c.Position)
	}
	f.reader.AddConsumePartitions(offsets)
}
