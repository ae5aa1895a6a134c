package consumer

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// TestStopWithoutBroker ends a node whose broker is gone, in order and at once.
func TestStopWithoutBroker(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		c := newTestCluster(t, seedOf(), topology.DeadLetter)
		v := c.createView("v", true)
		cfg := c.config()
		cfg.StopTimeout = time.Second
		n := c.start(cfg)
		c.produce(300)
		c.folded(v)
		c.produce(300)
		c.fake.Close()
		n.stop()
		if atOnce {
			n.abort()
		}
		await(t, fmt.Sprintf("the node ends, at once: %v", atOnce), n.done)
		n.abort()
	}
}

// TestNothingToLose: a node that has stopped is told by its ending client that its
// partitions are lost. It has none any more, and does not start again.
func TestNothingToLose(t *testing.T) {
	tp := topology.TopicPartition{Topic: "events", Partition: 1}
	for _, held := range []bool{false, true} {
		l := &lane{
			mailbox: newMailbox(), ctx: t.Context(), log: slog.New(slog.DiscardHandler),
			node:  &Node{metrics: newMetrics(prometheus.NewRegistry())},
			parts: map[topology.TopicPartition]*inputPartition{}, retry: map[topology.TopicPartition]time.Time{tp: {}},
		}
		want := 0.0
		if held {
			var err error
			if l.reader, err = kgo.NewClient(); err != nil {
				t.Fatal(err)
			}
			defer l.reader.Close()
			l.parts[tp], want = &inputPartition{tp: tp, stopAt: -1}, 1
		}
		l.lose([]topology.TopicPartition{tp})
		if resets := testutil.ToFloat64(l.node.metrics.resets); resets != want {
			t.Errorf("held: %v; started again %v times", held, resets)
		}
		if len(l.retry) > 0 || len(l.parts) > 0 {
			t.Errorf("held: %v; left are %v and %v", held, l.retry, l.parts)
		}
	}
}
