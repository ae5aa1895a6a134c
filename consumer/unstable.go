package consumer

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/topology"
)

// unstableRetry is how long a partition waits whose committed offset another
// member's transaction still holds.
const unstableRetry = 20 * time.Millisecond

// brokerScan is how often a broker looks for transactions that are open for too
// long (transaction.abort.timed.out.transaction.cleanup.interval.ms).
const brokerScan = 10 * time.Second

// unstable knows since when a transaction has held a partition's committed offset.
// Every flush does for a moment, and one whose node is gone until the broker
// ends it. One that stays has been forgotten by the broker that should end it,
// and nobody reads the partition before somebody else does.
type unstable map[topology.TopicPartition]time.Time

// held takes that a partition's offset is held now, and returns an error where it has
// been for longer than the broker may take to end a transaction.
func (u unstable) held(tp topology.TopicPartition, now time.Time, timeout time.Duration) error {
	since, known := u[tp]
	if !known {
		u[tp] = now
		return nil
	}
	if now.Sub(since) < 2*timeout+brokerScan {
		return nil
	}
	return fmt.Errorf("committed offset of %s/%d: %w: for longer than MILLRACE_TRANSACTION_TIMEOUT (%v) and the broker's scan for open transactions a transaction has held it that has not ended, and nothing more is read of this partition; "+
		"where kafka-transactions.sh find-hanging names it, the broker has forgotten it: docs/exactly-once.md, \"A transaction that the broker never ends\", has the way out", tp.Topic, tp.Partition, kerr.UnstableOffsetCommit, timeout)
}
