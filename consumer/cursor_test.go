package consumer

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// TestCatchUpsWithoutRecordsMakeRoom has as many catch-ups as may run at once
// whose records are gone, in all partitions but the last: they end, and a view is
// caught up there.
func TestCatchUpsWithoutRecordsMakeRoom(t *testing.T) {
	const partitions = 6
	c := newClusterOf(t, setting{seed: seedOf(), onError: topology.DeadLetter, partitions: partitions})
	from := func(elsewhere, last int64) func(topology.Partition) int64 {
		return func(p topology.Partition) int64 {
			at := elsewhere
			if p == partitions-1 {
				at = last
			}
			if at < 0 {
				return int64(len(c.want[p]))
			}
			return at
		}
	}
	cfg := c.config()
	cfg.Lanes = 1
	live := c.createView("live", true)
	n := c.start(cfg)
	c.produce(600)
	c.folded(live)
	c.published(live)
	c.end(n)
	late := c.createViewAt("late", from(-1, 5))
	upTo := kadm.Offsets{}
	for p := range int32(partitions - 1) {
		upTo.Add(kadm.Offset{Topic: c.stream.Topic, Partition: p, At: 50})
	}
	c.must("delete records", func(ctx context.Context) error {
		_, err := kadm.NewClient(c.client).DeleteRecords(ctx, upTo)
		return err
	})
	for i := range int64(mostCursors) {
		c.createViewAt(fmt.Sprint("lost_", i), from(i, -1))
	}
	n = c.start(cfg)
	c.produce(100)
	c.folded(live, late)
	c.wait("what is gone is named", func() bool { return len(n.node.Problems()) >= mostCursors*(partitions-1) })
	c.end(n)
	c.check(live, late)
}

// TestCatchUpOfTruncatedLog ends where the log was cut: what the client would
// read on are other records.
func TestCatchUpOfTruncatedLog(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	l := &lane{mailbox: newMailbox(), log: log, node: &Node{log: log, metrics: newMetrics(prometheus.NewRegistry())}}
	tp := topology.TopicPartition{Topic: "events", Partition: 0}
	v := &viewPosition{view: &laneView{def: &topology.View{Name: "v"}}, mode: behind, at: 10, sealed: 10}
	ctx, cancel := context.WithCancel(t.Context())
	c := &cursor{part: &inputPartition{tp: tp, next: 100}, views: []*viewPosition{v}, at: 10, cancel: cancel}
	c.part.views, c.part.cursors, l.cursors = []*viewPosition{v}, []*cursor{c}, 1
	l.parts = map[topology.TopicPartition]*inputPartition{tp: c.part}

	l.cursorFailed(c, &kgo.ErrDataLoss{Topic: tp.Topic, ConsumedTo: 10, ResetTo: 5})
	l.catchUp(c, []*kgo.Record{{Topic: tp.Topic, Offset: 10, Value: []byte("another")}})
	if ctx.Err() == nil || l.cursors != 0 || len(c.part.cursors) != 0 || v.mode != pinned || v.at != 10 {
		t.Errorf("it reads on: %d cursors, mode %d, at %d", l.cursors, v.mode, v.at)
	}
	if behind := c.part.positions(1).Behind; len(behind) != 1 || behind[0].At != 10 {
		t.Errorf("a commit says %v", behind)
	}
	if len(l.node.Problems()) != 1 {
		t.Errorf("problems: %v", l.node.Problems())
	}
}
