package consumer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// standing says up to where views stand, by input partition. Views that it does not
// name have published nothing.
type standing map[topology.Partition]map[topology.ViewID]int64

// recoverPositions finds where views stand in the partitions that have no committed offset.
func (l *lane) recoverPositions(ctx context.Context, s *laneStream, id topology.TopicID, parts []*opening) standing {
	up := standing{}
	for _, o := range parts {
		if o.err == nil && o.none {
			up[o.tp.Partition] = map[topology.ViewID]int64{}
		}
	}
	if len(up) == 0 {
		return nil
	}
	find := l.publishedUpTo
	if l.node.cfg.inject(guardRecover) {
		find = l.atEnd
	}
	if err := find(ctx, s, id, up); err != nil {
		for _, o := range parts {
			if o.err == nil && o.none {
				o.err = fmt.Errorf("no offset is committed, and where the views stand cannot be recovered: %w", err)
			}
		}
	}
	return up
}

// publishedUpTo fills in up to where each view's reading of input partitions was
// published: what the ledger says is folded, and what lies in the partials
// behind it. It stands in for a committed offset that is not there: never was,
// has expired with the group (offsets.retention.minutes), or was deleted.
func (l *lane) publishedUpTo(ctx context.Context, s *laneStream, id topology.TopicID, up standing) error {
	applied, err := l.node.store.Applied(ctx, s.def.Partials)
	if err != nil {
		return err
	}
	note := func(view topology.ViewID, r partial.Range) {
		if views := up[r.Partition]; views != nil && r.Topic == id {
			views[view] = max(views[view], r.To)
		}
	}
	for _, a := range applied.Ledger {
		note(a.View, a.Range)
	}
	ends, err := l.node.admin.EndOffsets(ctx, s.def.Partials)
	if err != nil {
		return err
	}
	left := map[topology.Partition]int64{}
	starts := map[topology.Partition]kgo.Offset{}
	for p, end := range ends {
		if from := applied.Positions[p]; from < end {
			left[p], starts[p] = end, kgo.NewOffset().At(from)
		}
	}
	return l.readPartials(ctx, s.def.Partials, starts, left, func(b *partial.Block) {
		for _, r := range b.Ranges {
			note(b.View, r)
		}
	})
}

// atEnd takes every view to the partitions' ends, where consumers begin that find
// no committed offset: what is there without the guard of that name.
func (l *lane) atEnd(ctx context.Context, s *laneStream, _ topology.TopicID, up standing) error {
	ends, err := l.node.admin.EndOffsets(ctx, s.def.Topic)
	for partition, views := range up {
		for _, v := range s.views {
			views[v.def.ID] = ends[partition]
		}
	}
	return err
}

// readPartials reads the headers of blocks from the starts up to the ends in left.
func (l *lane) readPartials(ctx context.Context, topic string, starts map[int32]kgo.Offset, left map[int32]int64, each func(*partial.Block)) error {
	if len(left) == 0 {
		return nil
	}
	reader, err := l.node.newReader(l.node.memory.catchUp)
	if err != nil {
		return err
	}
	defer broker.CloseReader(reader, map[string][]int32{topic: slices.Collect(maps.Keys(starts))})
	reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts})
	var fault error
	for len(left) > 0 && fault == nil {
		fetches := reader.PollRecords(ctx, pollRecords)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			if f.Err != nil && !retryableFetch(f.Err) {
				fault = partialsFault(topology.TopicPartition{Topic: topic, Partition: f.Partition}, left[f.Partition], f.Err)
			}
			for _, r := range f.Records {
				fault = errors.Join(fault, header(r, each))
				if r.Offset+1 >= left[r.Partition] {
					delete(left, r.Partition)
				}
			}
		})
	}
	return fault
}

func header(r *kgo.Record, each func(*partial.Block)) error {
	if r.Attrs.IsControl() {
		return nil
	}
	b, err := partial.Header(r.Value)
	if err != nil {
		return fmt.Errorf("block at %s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	each(&b)
	return nil
}
