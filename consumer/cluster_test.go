package consumer

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/topology"
)

func decimalInt(encoded []byte) int64 {
	n, err := datum.DecodeDecimal(encoded).Int8()
	if err != nil {
		panic(err)
	}
	return n
}

// testCluster is a stream on an embedded broker, and nodes over a store in memory.
type testCluster struct {
	t       *testing.T
	fake    *kfake.Cluster
	kafka   broker.Config
	admin   *broker.Admin
	catalog *catalog.Catalog
	store   *memStore
	client  *kgo.Client
	stream  *topology.Stream
	rng     *rand.Rand
	log     *slog.Logger
	want    [][]event // what was produced and counts, by partition and offset
}

type event struct {
	key string
	i   int64
	bad bool
}

const testPartitions = 3

func newTestCluster(t *testing.T, seed uint64, onError topology.OnError) *testCluster {
	t.Helper()
	t.Logf("seed %d", seed)
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c := &testCluster{
		t: t, fake: fake, kafka: broker.Config{Brokers: fake.ListenAddrs(), ReplicationFactor: -1},
		want:  make([][]event, testPartitions),
		store: newMemStore(seed), rng: rand.New(rand.NewPCG(seed, 4)), log: slog.New(slog.DiscardHandler),
	}
	if testing.Verbose() {
		c.log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	c.connect()
	c.createStream(onError)
	return c
}

func (c *testCluster) connect() {
	c.t.Helper()
	var err error
	if c.admin, err = broker.NewAdmin(c.kafka, c.log); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.admin.Close)
	if c.catalog, err = catalog.Open(c.t.Context(), c.kafka, "test", c.log); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.catalog.Close)
	if c.client, err = kgo.NewClient(kgo.SeedBrokers(c.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.client.Close)
}

func (c *testCluster) createStream(onError topology.OnError) {
	c.t.Helper()
	ctx := c.t.Context()
	s := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", Topic: "events", Format: "json", OnError: onError, Start: "latest", TimeZone: "UTC",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	s.Partials, s.DeadLetters = topology.PartialsTopic("test", s.ID), topology.DeadLetterTopic("test", s.Name)
	topic, _, err := c.admin.CreateTopic(ctx, broker.TopicSpec{Name: s.Topic, Partitions: testPartitions})
	if err != nil {
		c.t.Fatal(err)
	}
	s.TopicID = topic.ID
	for name, n := range map[string]int32{s.Partials: 2, s.DeadLetters: 1} {
		if _, _, err := c.admin.CreateTopic(ctx, broker.TopicSpec{Name: name, Partitions: n}); err != nil {
			c.t.Fatal(err)
		}
	}
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.CreateStream(s, false) })
	c.stream = s
}

func (c *testCluster) update(change catalog.Change) {
	c.t.Helper()
	if _, err := c.catalog.Update(c.t.Context(), change); err != nil {
		c.t.Fatal(err)
	}
}

// createView creates the tests' view from the topic's present end, or from its
// beginning.
func (c *testCluster) createView(name string, earliest bool) *topology.View {
	c.t.Helper()
	return c.createViewAt(name, func(p topology.Partition) int64 {
		if earliest {
			return 0
		}
		return int64(len(c.want[p]))
	})
}

// createViewAt creates the tests' view from given offsets on.
func (c *testCluster) createViewAt(name string, start func(topology.Partition) int64) *topology.View {
	c.t.Helper()
	v := &topology.View{
		ID: topology.ViewID(NewID()), Name: name, Stream: c.stream.ID, Select: testSelect, Analysis: testAnalysis(c.t),
		Shards: 1 + c.rng.IntN(4), Partitions: 2, Starts: map[topology.Partition]int64{},
	}
	for p := range int32(len(c.want)) {
		v.Starts[p] = start(p)
	}
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.CreateView(v, nil, false) })
	return v
}

// produce adds n events; one in 50 cannot be decoded.
func (c *testCluster) produce(n int) {
	c.t.Helper()
	if err := c.client.ProduceSync(c.t.Context(), c.events(n)...).FirstErr(); err != nil {
		c.t.Fatal(err)
	}
}

// events makes n events and takes them as produced.
func (c *testCluster) events(n int) []*kgo.Record {
	records := make([]*kgo.Record, n)
	for i := range records {
		p := c.rng.IntN(len(c.want))
		e := event{key: fmt.Sprint("key-", c.rng.IntN(20)), i: int64(c.rng.IntN(1000)) - 500, bad: c.rng.IntN(50) == 0}
		value := fmt.Appendf(nil, `{"k": %q, "i": %d}`, e.key, e.i)
		if e.bad {
			value = []byte(`{"k": "x", "i": "y"}`)
		}
		c.want[p] = append(c.want[p], e)
		records[i] = &kgo.Record{Topic: c.stream.Topic, Partition: int32(p), Value: value}
	}
	return records
}

// config returns settings that make much happen in little time.
func (c *testCluster) config() Config {
	return Config{
		Cluster: "test", Node: "node-1", Lanes: 2, Folders: 2, FlushInterval: 5 * time.Millisecond, FoldInterval: 5 * time.Millisecond,
		MemoryLimit: 64 << 20, SessionTimeout: 6 * time.Second, TransactionTimeout: 10 * time.Second, StopTimeout: 10 * time.Second,
	}
}

// running is a node at work.
type running struct {
	node  *Node
	stop  context.CancelFunc // in order
	abort context.CancelFunc // at once
	done  chan error
}

func (c *testCluster) start(cfg Config) *running {
	c.t.Helper()
	n, err := NewNode(cfg, c.kafka, c.store, c.log, prometheus.NewRegistry())
	if err != nil {
		c.t.Fatal(err)
	}
	abort, cancelAbort := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(abort)
	r := &running{node: n, stop: cancel, abort: cancelAbort, done: make(chan error, 1)}
	go func() { r.done <- n.Run(ctx, abort) }()
	return r
}

// end stops a node in order.
func (c *testCluster) end(r *running) {
	c.t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		c.t.Errorf("node: %v", err)
	}
	r.abort()
}

// kill ends a node without a last flush, as far as a process can do that to
// itself.
func (c *testCluster) kill(r *running) {
	r.abort()
	<-r.done
}

// folded waits until every view is folded to the end of the topic.
func (c *testCluster) folded(views ...*topology.View) {
	c.t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		behind := ""
		for _, v := range views {
			for p := range int32(len(c.want)) {
				if to := c.store.foldedTo(v, p); to < int64(len(c.want[p])) {
					behind = fmt.Sprintf("view %s partition %d: %d of %d", v.Name, p, to, len(c.want[p]))
				}
			}
		}
		if behind == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("not folded within 60 s: %s", behind)
		}
	}
}

// check compares views with what was produced from their start on.
func (c *testCluster) check(views ...*topology.View) {
	c.t.Helper()
	for _, v := range views {
		want := map[string]group{}
		for p := range int32(len(c.want)) {
			for _, e := range c.want[p][v.StartAt(p):] {
				if e.bad {
					continue
				}
				g, ok := want[e.key]
				if !ok {
					g.min = e.i
				}
				want[e.key] = group{g.count + 1, g.sum + e.i, min(g.min, e.i)}
			}
		}
		got := c.store.rows(v.ID)
		for k, g := range want {
			if got[k] != g {
				c.t.Errorf("view %s, %s: got %+v, want %+v", v.Name, k, got[k], g)
			}
		}
		if len(got) != len(want) {
			c.t.Errorf("view %s: %d groups, want %d", v.Name, len(got), len(want))
		}
	}
	for _, f := range c.store.faults {
		c.t.Error(f)
	}
}

// published waits until the group's committed offsets are at the topic's end.
func (c *testCluster) published(v *topology.View) {
	c.t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		offsets, err := kadm.NewClient(c.client).FetchOffsets(c.t.Context(), "test")
		if err != nil {
			c.t.Fatal(err)
		}
		done := true
		for p := range int32(len(c.want)) {
			o, ok := offsets.Lookup(c.stream.Topic, p)
			done = done && ok && o.At >= int64(len(c.want[p]))
		}
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("view %s: not published within 60 s", v.Name)
		}
	}
}
