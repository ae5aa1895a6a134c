package consumer

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// loneFolder is a folder without a node at work, with one partition and one view.
func loneFolder(t *testing.T) (*folder, *ownedPartition, *topology.View) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	node := &Node{log: log, metrics: newMetrics(prometheus.NewRegistry()), store: newMemStore(1)}
	s := &topology.Stream{ID: topology.StreamID(NewID()), Name: "events", Columns: []topology.StreamColumn{
		{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1},
	}}
	v := &topology.View{ID: topology.ViewID(NewID()), Name: "v", Stream: s.ID, Analysis: testAnalysis(t), Shards: 1, Partitions: 1, Created: 2}
	c := topology.NewCatalog()
	c.Apply(&topology.Record{Version: 1, Revision: 1, Kind: topology.KindStream, Name: s.Name, Stream: s})
	c.Apply(&topology.Record{Version: 1, Revision: 2, Kind: topology.KindView, Name: v.Name, View: v})
	f := &folder{
		mailbox: newMailbox(), node: node, log: log, ctx: t.Context(), catalog: c,
		parts: map[topology.TopicPartition]*ownedPartition{}, retry: map[topology.TopicPartition]time.Time{},
		gone: map[topology.ViewID]bool{}, plans: map[topology.ViewID]*query.Plan{},
	}
	tp := topology.TopicPartition{Topic: "partials", Partition: 0}
	p := newOwnedPartition(tp, &aggregator.Claim{Topic: tp.Topic, Partition: tp.Partition})
	f.parts[tp] = p
	return f, p, v
}

// firstOfTwo is the first part of a flush of two.
func firstOfTwo(v *topology.View, schema uint64) *kgo.Record {
	return &kgo.Record{Value: partial.Append(nil, &partial.Block{
		View: v.ID, Schema: schema, Flush: partial.FlushID{Seq: 1}, Parts: 2, Ranges: []partial.Range{{To: 10}},
	})}
}

// TestViewDroppedInTheMiddleOfAFlush: the parts that follow are skipped, and
// must not be waited for, or the partition is never folded again.
func TestViewDroppedInTheMiddleOfAFlush(t *testing.T) {
	f, p, v := loneFolder(t)
	def, stream := f.find(v.ID)
	plan, err := BuildPlan(stream, def)
	if err != nil {
		t.Fatal(err)
	}
	p.shard(def, 0, aggregator.NewMerger(def.ID, def.Name, 0, plan))
	f.takeBlock(p, firstOfTwo(v, 1))
	if len(p.open) != 1 || p.whole() != 0 {
		t.Fatal("the first part of two is not held")
	}
	without := f.catalog.Clone()
	without.Apply(&topology.Record{Version: 1, Revision: 3, Kind: topology.KindView, Name: v.Name, Dropped: true})
	f.know(without)
	if p.whole() != p.next || len(p.open) != 0 {
		t.Error("the partition waits for the rest of a dropped view's flush")
	}
}

// TestFaultInTheMiddleOfAFlush: what follows a block that cannot be merged is
// not waited for.
func TestFaultInTheMiddleOfAFlush(t *testing.T) {
	f, p, v := loneFolder(t)
	f.takeBlock(p, firstOfTwo(v, 1))
	second := firstOfTwo(v, 1)
	second.Value = partial.Append(nil, &partial.Block{View: v.ID, Schema: 1, Flush: partial.FlushID{Seq: 1}, Part: 1, Parts: 2, Ranges: []partial.Range{{To: 10}}})
	second.Offset = 1
	f.takeBlock(p, second)
	s := p.shards[shardKey{v.ID, 0}]
	if s.fault == nil || len(s.moved) != 0 {
		t.Fatal("blocks of another plan were merged")
	}
	if p.whole() != p.next {
		t.Error("the partition waits for the rest of a flush that is not merged")
	}
}
