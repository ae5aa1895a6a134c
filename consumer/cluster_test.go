package consumer

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"strings"
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

// testCluster is a stream on a broker, and nodes over a store in memory.
type testCluster struct {
	t        *testing.T
	name     string
	fake     *kfake.Cluster // nil on a real broker
	kafka    broker.Config
	admin    *broker.Admin
	catalog  *catalog.Catalog
	store    *memStore
	others   *memCluster
	postgres *testEvaluator
	remote   map[topology.ViewID]bool // views with a row program
	client   *kgo.Client
	stream   *topology.Stream
	rng      *mathrand.Rand
	log      *slog.Logger
	want     [][]event // what was produced and counts, by partition and offset
}

type event struct {
	key string
	i   int64
	bad bool
}

const testPartitions = 3

// setting is what a testCluster is made of.
type setting struct {
	brokers    []string // of a real broker; none: one in this process
	seed       uint64
	onError    topology.OnError
	partitions int               // of the input topic; 0: testPartitions
	topic      map[string]string // the input topic's settings
	format     string            // of the stream; "": json
}

// newTestCluster makes a cluster on a broker in this process.
func newTestCluster(t *testing.T, seed uint64, onError topology.OnError) *testCluster {
	t.Helper()
	return newClusterOf(t, setting{seed: seed, onError: onError})
}

// newClusterOf makes a cluster with names of its own, so that many may share a
// real broker.
func newClusterOf(t *testing.T, s setting) *testCluster {
	t.Helper()
	t.Logf("seed %d", s.seed)
	c := &testCluster{
		t: t, name: "test-" + strings.ToLower(rand.Text()), kafka: broker.Config{Brokers: s.brokers, ReplicationFactor: -1},
		want:  make([][]event, cmp.Or(s.partitions, testPartitions)),
		store: newMemStore(s.seed), others: newMemCluster(), postgres: newTestEvaluator(t, s.seed), remote: map[topology.ViewID]bool{}, rng: mathrand.New(mathrand.NewPCG(s.seed, 4)), log: slog.New(slog.DiscardHandler),
	}
	if len(s.brokers) == 0 {
		var err error
		c.fake, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.fake.Close)
		c.kafka.Brokers = c.fake.ListenAddrs()
	}
	if testing.Verbose() {
		c.log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	c.connect()
	c.createStream(s)
	return c
}

// onBoth runs a test against the broker in this process and a real one.
func onBoth(t *testing.T, test func(t *testing.T, brokers []string)) {
	t.Run("broker=fake", func(t *testing.T) { test(t, nil) })
	t.Run("broker=kafka", func(t *testing.T) { test(t, realBrokers(t)) })
}

func realBrokers(t *testing.T) []string {
	brokers := os.Getenv("MILLRACE_TEST_KAFKA_BROKERS")
	if brokers == "" {
		t.Fatal("MILLRACE_TEST_KAFKA_BROKERS names no broker: run through `make test`")
	}
	return strings.Split(brokers, ",")
}

func (c *testCluster) connect() {
	c.t.Helper()
	var err error
	if c.admin, err = broker.NewAdmin(c.kafka, c.log); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.admin.Close)
	c.must("open the catalog", func(ctx context.Context) (err error) {
		c.catalog, err = catalog.Open(ctx, c.kafka, c.name, c.log)
		return err
	})
	c.t.Cleanup(c.catalog.Close)
	if c.client, err = kgo.NewClient(kgo.SeedBrokers(c.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(10*time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.client.Close)
}

func (c *testCluster) createStream(set setting) {
	c.t.Helper()
	s := &topology.Stream{
		ID: topology.StreamID(NewID()), Name: "events", Topic: c.name + ".events", Format: cmp.Or(set.format, "json"), OnError: set.onError, Start: "latest", TimeZone: "UTC",
		Columns: []topology.StreamColumn{{Name: "k", Type: "text", OID: 25, Typmod: -1}, {Name: "i", Type: "bigint", OID: 20, Typmod: -1}},
	}
	s.Partials, s.DeadLetters = topology.PartialsTopic(c.name, s.ID), topology.DeadLetterTopic(c.name, s.Name)
	s.TopicID = c.createTopic(broker.TopicSpec{Name: s.Topic, Partitions: int32(len(c.want)), Settings: set.topic}).ID
	c.t.Cleanup(c.forget)
	for name, n := range map[string]int32{s.Partials: 2, s.DeadLetters: 1} {
		c.createTopic(broker.TopicSpec{Name: name, Partitions: n})
	}
	c.stream = s
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.CreateStream(s, false) })
}

func (c *testCluster) createTopic(spec broker.TopicSpec) (topic broker.Topic) {
	c.t.Helper()
	c.must("create topic "+spec.Name, func(ctx context.Context) (err error) {
		topic, _, err = c.admin.CreateTopic(ctx, spec)
		return err
	})
	return topic
}

// forget removes the cluster's topics from a broker that others use as well.
func (c *testCluster) forget() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if c.fake == nil {
		_, err := kadm.NewClient(c.client).DeleteTopics(ctx, c.stream.Topic, c.stream.Partials, c.stream.DeadLetters, topology.CatalogTopic(c.name))
		if err != nil {
			c.t.Errorf("delete the test's topics: %v", err)
		}
	}
}

func (c *testCluster) update(change catalog.Change) {
	c.t.Helper()
	c.must("change the catalog", func(ctx context.Context) error {
		_, err := c.catalog.Update(ctx, change)
		return err
	})
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
	return c.createViewOf(name, testSelect, testAnalysis(c.t), start)
}

func (c *testCluster) createViewOf(name, query string, analysis json.RawMessage, start func(topology.Partition) int64) *topology.View {
	c.t.Helper()
	v := &topology.View{
		ID: topology.ViewID(NewID()), Name: name, Stream: c.stream.ID, Select: query, Analysis: analysis,
		Shards: 1 + c.rng.IntN(4), Partitions: 2, Starts: map[topology.Partition]int64{},
	}
	for p := range int32(len(c.want)) {
		v.Starts[p] = start(p)
	}
	c.remote[v.ID] = query == remoteSelect
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.CreateView(v, nil, false) })
	return v
}

// createRemote creates a view whose expressions PostgreSQL evaluates.
func (c *testCluster) createRemote(name string, start func(topology.Partition) int64) *topology.View {
	c.t.Helper()
	return c.createViewOf(name, remoteSelect, remoteAnalysis(c.t), start)
}

// produce adds n events; one in 50 cannot be decoded.
func (c *testCluster) produce(n int) {
	c.t.Helper()
	c.send(c.client, c.events(n)...)
}

// send produces records by a client.
func (c *testCluster) send(by *kgo.Client, records ...*kgo.Record) {
	c.t.Helper()
	c.must(fmt.Sprintf("produce %d records", len(records)), func(ctx context.Context) error { return by.ProduceSync(ctx, records...).FirstErr() })
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
		Cluster: c.name, Node: "node-1", Lanes: 2, Folders: 2, FlushInterval: 5 * time.Millisecond, FlushIntervalMax: 50 * time.Millisecond, FoldInterval: 5 * time.Millisecond,
		MemoryLimit: 128 << 20, PartialsCompression: "snappy", SessionTimeout: 6 * time.Second, TransactionTimeout: 10 * time.Second, StopTimeout: patience,
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
	registry := c.others.registry()
	n, err := NewNode(cfg, c.kafka, c.store, registry, c.postgres, c.log, prometheus.NewRegistry())
	if err != nil {
		c.t.Fatal(err)
	}
	abort, cancelAbort := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(abort)
	r := &running{node: n, stop: cancel, abort: cancelAbort, done: make(chan error, 1)}
	go func() {
		err := n.Run(ctx, abort)
		registry.die()
		r.done <- err
	}()
	return r
}

// end stops a node in order.
func (c *testCluster) end(r *running) {
	c.t.Helper()
	r.stop()
	if err := await(c.t, "the node ends in order", r.done); err != nil {
		c.t.Errorf("node: %v", err)
	}
	r.abort()
}

// kill ends a node without a last flush, as far as a process can do that to
// itself.
func (c *testCluster) kill(r *running) {
	r.abort()
	await(c.t, "the node ends at once", r.done)
}

// folded waits until every view is folded to the end of the topic.
func (c *testCluster) folded(views ...*topology.View) {
	c.t.Helper()
	if !c.poll(patience, func() bool { return c.behind(views...) == "" }) {
		c.t.Fatalf("not folded within %v: %s", patience, c.behind(views...))
	}
}

// behind names a view that is not folded to the end of the topic, "" for none.
func (c *testCluster) behind(views ...*topology.View) string {
	for _, v := range views {
		for p := range int32(len(c.want)) {
			if to := c.store.foldedTo(v, p); to < int64(len(c.want[p])) {
				return fmt.Sprintf("view %s partition %d: folded up to %d of %d", v.Name, p, to, len(c.want[p]))
			}
		}
	}
	return ""
}

// check compares views with what was produced from their start on.
func (c *testCluster) check(views ...*topology.View) {
	c.t.Helper()
	for _, f := range c.faults(views...) {
		c.t.Error(f)
	}
}

// faults returns what is wrong with views, and what the store has found.
func (c *testCluster) faults(views ...*topology.View) []string {
	var faults []string
	for _, v := range views {
		want := map[string]group{}
		for p := range int32(len(c.want)) {
			for _, e := range c.want[p][min(v.StartAt(p), int64(len(c.want[p]))):] {
				if e.bad || c.remote[v.ID] && (e.i >= 450 || refuses(e.i)) {
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
				faults = append(faults, fmt.Sprintf("view %s, %s: got %+v, want %+v", v.Name, k, got[k], g))
			}
		}
		if len(got) != len(want) {
			faults = append(faults, fmt.Sprintf("view %s: %d groups, want %d", v.Name, len(got), len(want)))
		}
	}
	return append(faults, c.store.found()...)
}

// published waits until the group's committed offsets are at the topic's end.
func (c *testCluster) published(v *topology.View) {
	c.t.Helper()
	c.wait("view "+v.Name+" is published", func() bool {
		var offsets kadm.OffsetResponses
		c.must("fetch the group's offsets", func(ctx context.Context) (err error) {
			offsets, err = kadm.NewClient(c.client).FetchOffsets(ctx, c.name)
			return err
		})
		for p := range int32(len(c.want)) {
			if o, ok := offsets.Lookup(c.stream.Topic, p); !ok || o.At < int64(len(c.want[p])) {
				return false
			}
		}
		return true
	})
}
