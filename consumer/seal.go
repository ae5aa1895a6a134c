package consumer

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// sealDue seals where the interval or the budget says so and nothing is in flight.
func (l *lane) sealDue(now time.Time) {
	if l.inFlight || l.void || now.Sub(l.lastSeal) < l.cadence.interval() || !l.moved() {
		return
	}
	l.seal()
}

// seal turns what was read since the last seal into a flush and begins to
// publish it; the lane goes on with empty tables. The result comes by the
// mailbox. No flush is in flight when it is called.
func (l *lane) seal() {
	l.finish() // or positions would stand behind what is in no table
	if l.doubted() {
		l.reset("refused records may fit the stream's newest definition")
		return
	}
	l.lastSeal = time.Now()
	l.cadence.sealed(l.lastSeal)
	l.seq++
	s, err := l.sealed()
	if err != nil {
		l.node.problem(fmt.Sprintf("lane %d", l.number), topology.TopicPartition{}, err)
		l.reset("a flush could not be sealed")
		return
	}
	// A transaction of offsets alone is none to the producer, which would leave
	// it open. There is nothing to commit either: no view has moved.
	if len(s.records) == 0 {
		return
	}
	l.inFlight = true
	begun := l.lastSeal
	l.work.Go(func() {
		ctx, cancel := context.WithTimeoutCause(l.ctx, l.node.cfg.TransactionTimeout+5*time.Second, errFlushTimeout)
		defer cancel()
		err := l.publisher.publish(ctx, s)
		l.post(func() { l.published(s, begun, err) })
	})
}

// published takes a flush's result.
func (l *lane) published(s *sealed, begun time.Time, err error) {
	l.inFlight = false
	if err == nil {
		l.node.metrics.flush.Observe(time.Since(begun).Seconds())
		l.node.metrics.blocks.Add(float64(len(s.records)))
		return
	}
	l.node.metrics.failedFlushes.Inc()
	l.log.Warn("flush failed: reading again from the committed positions", "error", err)
	if fatalProducer(err) {
		l.renewPublisher()
	}
	l.reset("a flush failed")
}

// renewPublisher replaces a producer that the broker no longer accepts.
func (l *lane) renewPublisher() {
	l.publisher.client.Close()
	for l.ctx.Err() == nil {
		p, err := newPublisher(l.ctx, &l.node.cfg, l.node.opts, l.number, l.node.members)
		if err == nil {
			l.publisher = p
			return
		}
		l.log.Warn("producer not renewed yet", "error", err)
		select {
		case <-time.After(time.Second):
		case <-l.ctx.Done():
		}
	}
}

// sealed collects blocks, dead letters and offsets, and empties the tables.
func (l *lane) sealed() (*sealed, error) {
	l.finish() // or positions would stand behind what is in no table
	out := &sealed{records: l.dead}
	l.dead, l.deadSize = nil, 0
	flush := partial.FlushID{Lane: l.id, Seq: l.seq}
	for _, s := range l.streams {
		l.node.metrics.groups.WithLabelValues(s.def.Name, strconv.Itoa(l.number)).Set(float64(s.groups()))
		l.sealRanges(s)
		for _, v := range s.views {
			if err := l.sealView(out, s, v, flush); err != nil {
				return nil, err
			}
		}
	}
	l.budget = budget{} // the tables are empty
	for _, p := range l.parts {
		if !p.moved {
			continue
		}
		p.moved = false
		metadata, err := p.positions(p.revision).Encode()
		if err != nil {
			return nil, fmt.Errorf("positions of %s/%d: %w", p.tp.Topic, p.tp.Partition, err)
		}
		out.commits = append(out.commits, offsetCommit{tp: p.tp, topicID: p.topicID, offset: p.next, metadata: metadata})
	}
	return out, nil
}

// sealRanges collects what each view of a stream has read since the last seal.
func (l *lane) sealRanges(s *laneStream) {
	for _, v := range s.views {
		v.ranges = v.ranges[:0]
	}
	for _, p := range l.parts {
		if p.stream != s {
			continue
		}
		for _, pos := range p.views {
			if r, ok := p.seal(pos); ok {
				pos.view.ranges = append(pos.view.ranges, r)
			}
		}
	}
}

// sealView adds a view's blocks for every range that it read. A view that read
// nothing has none; one that read only what concerns no group sends each shard
// a block that says so.
func (l *lane) sealView(out *sealed, s *laneStream, v *laneView, flush partial.FlushID) error {
	if len(v.ranges) == 0 || v.table == nil {
		return nil
	}
	out.rows += v.table.Rows()
	err := v.table.Blocks(flush, v.ranges, blockLimit, func(key topology.GroupHash, b *partial.Block) error {
		out.records = append(out.records, &kgo.Record{
			Topic:     s.def.Partials,
			Partition: topology.PartitionOf(v.def.ID, b.Shard, v.def.Partitions),
			Key:       hashKey(key),
			Value:     partial.Append(nil, b),
		})
		return nil
	})
	v.table.Reset()
	if err != nil {
		v.table = nil // reads again without it; its position stays
		return fmt.Errorf("view %q: %w", v.def.Name, err)
	}
	return nil
}

// hashKey is a block's Kafka key: its first group's hash, big-endian.
func hashKey(h topology.GroupHash) []byte {
	return []byte{byte(h >> 56), byte(h >> 48), byte(h >> 40), byte(h >> 32), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
}

// blockLimit is how large an encoded block may be: with the batch's overhead it
// stays below a broker's default max.message.bytes of 1,048,588.
const blockLimit = 900_000
