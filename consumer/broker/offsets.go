package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// endTimeout is how long EndOffsets waits where its caller sets no deadline:
// longer than the transactions of Millrace's own writers may stay open.
const endTimeout = 60 * time.Second

// StartOffsets returns where each partition of a topic begins.
func (a *Admin) StartOffsets(ctx context.Context, topic string) (map[int32]int64, error) {
	return list(ctx, topic, "start", func() (kadm.ListedOffsets, error) { return a.admin.ListStartOffsets(ctx, topic) })
}

// OffsetsAt returns, for each partition of a topic, the offset of the first
// record that is not older than t, and the end where there is none.
func (a *Admin) OffsetsAt(ctx context.Context, topic string, t time.Time) (map[int32]int64, error) {
	return list(ctx, topic, "time's", func() (kadm.ListedOffsets, error) {
		return a.admin.ListOffsetsAfterMilli(ctx, t.UnixMilli(), topic)
	})
}

// StableOffsets returns how far a read_committed reader gets right now, in each
// partition of a topic: a hint, for what was acknowledged may lie behind it.
func (a *Admin) StableOffsets(ctx context.Context, topic string) (map[int32]int64, error) {
	return list(ctx, topic, "last stable", func() (kadm.ListedOffsets, error) { return a.admin.ListCommittedOffsets(ctx, topic) })
}

// EndOffsets returns where each partition of a topic ends for a read_committed
// reader, behind everything that was acknowledged before the call (see the
// package's text). It waits for transactions that are open, and names them
// where they stay open until the deadline.
func (a *Admin) EndOffsets(ctx context.Context, topic string) (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	if err := a.lookAgain(ctx, topic); err != nil {
		return nil, fmt.Errorf("read the end offsets of topic %q: %w", topic, err)
	}
	high, err := list(ctx, topic, "end", func() (kadm.ListedOffsets, error) { return a.admin.ListEndOffsets(ctx, topic) })
	if err != nil {
		return nil, err
	}
	var stable map[int32]int64
	var open []int32 // behind stable, as of the last answer
	for wait := newPause(); ; {
		now, err := a.StableOffsets(ctx, topic)
		if err != nil && (ctx.Err() == nil || len(open) == 0) {
			return nil, err
		}
		if err == nil {
			stable, open = now, behind(now, high)
			if len(open) == 0 {
				return stable, nil
			}
			err = wait.more(ctx)
		}
		if err != nil {
			// The deadline also ends requests that are under way.
			return nil, a.openTransactions(ctx, topic, open, stable, context.Cause(ctx))
		}
	}
}

// lookAgain has the client ask what partitions a topic has. Of what it knows
// already it believes all that is not older than metadataMinAge: one that was
// added since then would have no end.
func (a *Admin) lookAgain(ctx context.Context, topic string) error {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(topic)
	req.Topics = append(req.Topics, t)
	_, err := req.RequestWith(ctx, a.client)
	return err
}

// behind returns the partitions that are stable only up to below their end, in
// order.
func behind(stable, high map[int32]int64) []int32 {
	var open []int32
	for p, h := range high {
		if stable[p] < h {
			open = append(open, p)
		}
	}
	slices.Sort(open)
	return open
}

// list asks for offsets, again while a partition's leader is being elected.
func list(ctx context.Context, topic, which string, ask func() (kadm.ListedOffsets, error)) (map[int32]int64, error) {
	return again(ctx, noLeader, func() (map[int32]int64, error) {
		listed, err := ask()
		return offsets(topic, which, listed, err)
	})
}

func noLeader(err error) bool {
	return errors.Is(err, kerr.LeaderNotAvailable) || errors.Is(err, kerr.NotLeaderForPartition)
}

func offsets(topic, which string, listed kadm.ListedOffsets, err error) (map[int32]int64, error) {
	if err == nil {
		err = listed.Error()
	}
	if err == nil && len(listed[topic]) == 0 {
		err = kerr.UnknownTopicOrPartition
	}
	if err != nil {
		return nil, fmt.Errorf("read the %s offsets of topic %q: %w", which, topic, err)
	}
	all := make(map[int32]int64, len(listed[topic]))
	for p, o := range listed[topic] {
		all[p] = o.Offset
	}
	return all, nil
}

// openTransactions makes the error that names the transactions in the way.
func (a *Admin) openTransactions(ctx context.Context, topic string, open []int32, stable map[int32]int64, cause error) error {
	var set kadm.TopicsSet
	set.Add(topic, open...)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	producers := map[int32]int64{}
	// Best effort: without the right to ask, partition and offset are said.
	if described, err := a.admin.DescribeProducers(ctx, set); err == nil {
		described.EachProducer(func(p kadm.DescribedProducer) {
			if p.CurrentTxnStartOffset >= 0 {
				producers[p.Partition] = p.ProducerID
			}
		})
	}
	places := make([]string, len(open))
	for i, p := range open {
		places[i] = fmt.Sprintf("partition %d from offset %d on", p, stable[p])
		if id, known := producers[p]; known {
			places[i] += fmt.Sprintf(" (producer id %d)", id)
		}
	}
	return fmt.Errorf("topic %q has an open transaction in %s, behind which nothing can be read before it ends or times out: %w",
		topic, strings.Join(places, ", "), cause)
}
