package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// fetchWait is how long the broker holds a fetch that finds nothing. A partition
// that is added meanwhile is read only after it: kgo's default of 5 s is what a
// newly assigned partition would wait.
const fetchWait = 100 * time.Millisecond

// fetchBytes and fetchPartitionBytes bound one fetch where the memory limit leaves room
// for so much: as large as it takes for its
// own cost not to show, as small as it takes for buffers and records to be at
// hand in the cache, and for the next fetch to be under way while this one is
// being read.
const (
	fetchBytes          = 8 << 20
	fetchPartitionBytes = 2 << 20
)

// pollRecords bounds what one poll returns.
const pollRecords = 16_384

// newReader makes a client that reads what it is told to, at exactly the
// offsets that it is told, and nothing that is not committed. It keeps control
// records: without them the end behind a transaction's marker is never reached.
// pools are where it takes memory from.
func (n *Node) newReader(bytes int64, pools ...kgo.Pool) (*kgo.Client, error) {
	opts := n.opts
	if !n.cfg.inject(guardControl) {
		opts = append(opts, kgo.KeepControlRecords())
	}
	client, err := kgo.NewClient(append(opts,
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeStartOffset(kgo.NoResetOffset()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxBytes(int32(bytes)),
		kgo.FetchMaxPartitionBytes(int32(min(bytes, fetchPartitionBytes))),
		kgo.WithPools(pools...),
		kgo.MaxConcurrentFetches(2),
		kgo.FetchMaxWait(fetchWait),
	)...)
	if err != nil {
		return nil, fmt.Errorf("kafka reader: %w", err)
	}
	return client, nil
}

// retryableFetch reports whether a partition's fetch error passes by itself.
// What is not known to pass, such as a batch that is corrupt, is reported.
func retryableFetch(err error) bool {
	return broker.Retryable(err) || errors.Is(err, kgo.ErrClientClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// logCut reports whether the partition's log was truncated: the client reads on
// at its new end, where other records have the offsets of those that are gone.
func logCut(err error) bool {
	var loss *kgo.ErrDataLoss
	return errors.As(err, &loss)
}

// recordsGone reports whether the records at a position are no more, and what the
// client would go on with are others.
func recordsGone(err error) bool { return errors.Is(err, kerr.OffsetOutOfRange) || logCut(err) }

// topicGone reports whether a partition's topic was deleted, and perhaps another
// of its name created.
func topicGone(err error) bool {
	return errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID)
}

// readFault says what stops the reading of a partition, and the way out.
func readFault(tp topology.TopicPartition, at int64, err error) error {
	switch {
	case recordsGone(err):
		return fmt.Errorf("topic %q partition %d: the records at position %d are gone (the topic's retention passed it, or the log was truncated); "+
			"nothing was skipped: drop and create the affected views with the start that you accept, and give the topic a longer retention.ms: %w",
			tp.Topic, tp.Partition, at, err)
	case topicGone(err):
		return fmt.Errorf("topic %q partition %d does not exist any more: drop its stream, or create the topic and the stream again: %w",
			tp.Topic, tp.Partition, err)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("topic %q: this user may not read it: grant READ on the topic: %w", tp.Topic, err)
	}
	return fmt.Errorf("read topic %q partition %d at %d: %w", tp.Topic, tp.Partition, at, err)
}
