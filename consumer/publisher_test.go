package consumer

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// TestPartialsGrow publishes to a partition that was added to the topic after
// the publisher's first flush, as a view with more shards brings it.
func TestPartialsGrow(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("the partials topic has not grown"))
	defer cancel()
	cfg := c.config()
	n, err := NewNode(cfg, c.kafka, c.store, c.others.registry(), nil, c.log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPublisher(ctx, &cfg, n.opts, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.client.Close()
	block := func(partition int32) []*kgo.Record {
		return []*kgo.Record{{Topic: c.stream.Partials, Partition: partition, Value: []byte("block")}}
	}
	if err := p.client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := p.produce(ctx, block(1)); err != nil {
		t.Fatal(err)
	}
	for n := int32(3); n <= 10; n++ { // a refresh of its own may come once, not every time
		if _, err := c.admin.EnsurePartitions(ctx, c.stream.Partials, n); err != nil {
			t.Fatal(err)
		}
		if err := p.produce(ctx, block(n-1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

// TestNothingToPublish reads a stream whose only view this version cannot carry
// out: there are no blocks, and kgo ends no transaction that only has offsets.
func TestNothingToPublish(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	var offsets, ends atomic.Int64
	count := func(key kmsg.Key, n *atomic.Int64) {
		c.fake.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.fake.KeepControl()
			n.Add(1)
			return nil, nil, false
		})
	}
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) {
		v := &topology.View{ID: topology.ViewID(NewID()), Name: "newer", Stream: c.stream.ID, Analysis: []byte(`{}`), Shards: 1, Partitions: 2}
		return cat.CreateView(v, nil, false)
	})
	count(kmsg.TxnOffsetCommit, &offsets)
	count(kmsg.EndTxn, &ends)
	c.produce(500)
	n := c.start(c.config())
	c.wait("the records are read", func() bool {
		return n.node.Ready() && testutil.ToFloat64(n.node.metrics.records) >= 500
	})
	c.end(n)
	if offsets.Load() > ends.Load() {
		t.Errorf("%d offset commits, %d transactions ended", offsets.Load(), ends.Load())
	}
}
