package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// errUnreached occurs when a partition that a catalog record names is not in
// the broker's metadata for long.
var errUnreached = errors.New("the broker does not tell of the partition")

// reachTimeout bounds the wait for a partition that was just made; reachPoll is
// how often the client's metadata is looked at meanwhile.
const (
	reachTimeout = 10 * time.Second
	reachPoll    = 50 * time.Millisecond
)

// reach waits until the client knows every partition that a flush goes to. The
// partials topic grows when a view wants more shards; the client would notice
// after minutes, and refuses records for what it does not know. It must be
// settled before the first record is sent: if the partition came up between two
// parts of one flush, the parts would arrive out of order.
func (p *publisher) reach(ctx context.Context, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeoutCause(ctx, reachTimeout, errUnreached)
	defer cancel()
	highest := map[string]int32{}
	for _, r := range records {
		highest[r.Topic] = max(highest[r.Topic], r.Partition)
	}
	for topic, partition := range highest {
		// A topic that was never produced to is looked up by its first record.
		for p.knows(topic, 0) && !p.knows(topic, partition) {
			p.client.ForceMetadataRefresh()
			select {
			case <-time.After(reachPoll):
			case <-ctx.Done():
				return fmt.Errorf("publish to %s/%d: %w", topic, partition, context.Cause(ctx))
			}
		}
	}
	return nil
}

// knows reports whether the client has heard of a partition, led or not.
func (p *publisher) knows(topic string, partition int32) bool {
	leader, _, err := p.client.PartitionLeader(topic, partition)
	return leader >= 0 || err != nil
}
