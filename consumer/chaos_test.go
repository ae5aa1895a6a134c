package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// chaos does to a cluster what can happen to one, in any order.
type chaos struct {
	*testCluster
	producer *kgo.Client // transactional
	views    []*topology.View
	nodes    map[string]*running
	created  int
}

// TestAnythingInAnyOrder runs several nodes of one group over a store and a
// broker that fail now and then, while nodes come, go and are killed, views are
// created and dropped, partitions are added, and producers abort.
func TestAnythingInAnyOrder(t *testing.T) {
	x := &chaos{testCluster: newTestCluster(t, seedOf(), topology.DeadLetter), nodes: map[string]*running{}}
	x.store.fail, x.store.unknown = 3, 3
	x.failSometimes(2)
	x.postgres.fail = 10
	var err error
	if x.producer, err = kgo.NewClient(kgo.SeedBrokers(x.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionalID("producer"), kgo.MetadataMinAge(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	defer x.producer.Close()
	x.create()
	x.produce(10)
	x.transaction(10)
	for range 120 {
		x.step()
	}
	for _, name := range chaosNodes { // whoever was killed left its transaction open
		x.begin(name)
	}
	x.folded(x.views...)
	for _, n := range x.nodes {
		x.end(n)
	}
	x.check(x.views...)
}

var chaosNodes = []string{"node-1", "node-2", "node-3"}

func (x *chaos) step() {
	name := chaosNodes[x.rng.IntN(len(chaosNodes))]
	switch n := x.rng.IntN(100); {
	case n < 50:
		x.produce(1 + x.rng.IntN(60))
	case n < 80:
		x.transaction(1 + x.rng.IntN(40))
	case n < 87:
		x.begin(name)
	case n < 90:
		if r := x.nodes[name]; r != nil {
			x.kill(r)
			delete(x.nodes, name)
		}
	case n < 92:
		if r := x.nodes[name]; r != nil {
			x.quit(r)
			delete(x.nodes, name)
		}
	case n < 95:
		x.create()
	case n < 97 && len(x.views) > 1:
		i := x.rng.IntN(len(x.views))
		x.drop(x.views[i])
		x.views = slices.Delete(x.views, i, i+1)
	case n == 97 && len(x.want) < 7:
		x.grow()
		x.create() // makes the nodes look at the topic now
	}
}

// grow adds a partition to the topic and waits until the producers know it.
func (x *chaos) grow() {
	x.t.Helper()
	added := int32(len(x.want))
	x.must("add a partition", func(ctx context.Context) error {
		_, err := x.admin.EnsurePartitions(ctx, x.stream.Topic, added+1)
		return err
	})
	for _, client := range []*kgo.Client{x.client, x.producer} {
		x.wait("the producer knows the partition", func() bool {
			client.ForceMetadataRefresh()
			leader, _, err := client.PartitionLeader(x.stream.Topic, added)
			return err == nil && leader >= 0
		})
	}
	x.want = append(x.want, nil)
}

func (x *chaos) begin(name string) {
	if x.nodes[name] != nil {
		return
	}
	cfg := x.config()
	cfg.Node = name
	x.nodes[name] = x.start(cfg)
}

// quit stops a node in order; brokers and stores that fail may make it late.
func (x *chaos) quit(r *running) {
	x.t.Helper()
	r.stop()
	if err := await(x.t, "the node ends in order", r.done); err != nil && !errors.Is(err, ErrStopTimeout) {
		x.t.Errorf("node: %v", err)
	}
	r.abort()
}

// create adds a view that starts anywhere, the end included.
func (x *chaos) create() {
	x.created++
	create := x.createViewAt
	if x.rng.IntN(2) == 0 {
		create = x.createRemote
	}
	x.views = append(x.views, create(fmt.Sprint("v", x.created), func(p topology.Partition) int64 {
		switch end := len(x.want[p]); x.rng.IntN(3) {
		case 0:
			return 0
		case 1:
			return int64(end)
		default:
			return int64(x.rng.IntN(end + 1))
		}
	}))
}

func (x *chaos) drop(v *topology.View) {
	x.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.DropView(v.Name, false) })
}

// transaction produces events in a transaction, of which every other is aborted.
// Its markers take an offset in each partition that it wrote to.
func (x *chaos) transaction(n int) {
	x.t.Helper()
	before := make([]int, len(x.want))
	for p := range x.want {
		before[p] = len(x.want[p])
	}
	records := x.events(n)
	if err := x.producer.BeginTransaction(); err != nil {
		x.t.Fatal(err)
	}
	x.send(x.producer, records...)
	commit := kgo.TransactionEndTry(x.rng.IntN(2) == 0)
	x.must("end the producer's transaction", func(ctx context.Context) error { return x.producer.EndTransaction(ctx, commit) })
	for p := range x.want {
		if len(x.want[p]) == before[p] {
			continue
		}
		if !commit {
			for i := before[p]; i < len(x.want[p]); i++ {
				x.want[p][i].bad = true
			}
		}
		x.want[p] = append(x.want[p], event{bad: true})
	}
}
