package consumer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// TestDangerTransactionMarkers ends the input with markers of transactions, of
// which one was aborted, and catches a view up behind them.
func TestDangerTransactionMarkers(t *testing.T) {
	scenario{guard: guardControl, run: func(d *danger) []string {
		producer := d.client2(kgo.TransactionalID(d.name + ".producer"))
		v := d.createView("v", true)
		d.begin("a")
		d.inTransaction(producer, 100, kgo.TryCommit)
		d.inTransaction(producer, 100, kgo.TryAbort)
		late := d.createView("late", true)
		return d.outcome(v, late)
	}}.test(t)
}

// client2 makes another client of the brokers.
func (d *danger) client2(opts ...kgo.Opt) *kgo.Client {
	d.t.Helper()
	client, err := broker.NewClient(d.kafka, d.log, append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(client.Close)
	return client
}

// inTransaction produces events to every partition; each gets a marker.
func (d *danger) inTransaction(producer *kgo.Client, n int, end kgo.TransactionEndTry) {
	d.t.Helper()
	before := make([]int, len(d.want))
	for p := range d.want {
		before[p] = len(d.want[p])
	}
	records := d.events(n)
	d.must("produce in a transaction", func(ctx context.Context) error {
		err := producer.BeginTransaction()
		if err == nil {
			err = producer.ProduceSync(ctx, records...).FirstErr()
		}
		if err == nil {
			err = producer.EndTransaction(ctx, end)
		}
		return err
	})
	for p := range d.want {
		for i := before[p]; i < len(d.want[p]) && end == kgo.TryAbort; i++ {
			d.want[p][i].bad = true
		}
		if len(d.want[p]) > before[p] {
			d.want[p] = append(d.want[p], event{bad: true})
		}
	}
}

// TestDangerCompactedTail reads a topic of which compaction has left the last
// record, by two views of which one starts in between.
func TestDangerCompactedTail(t *testing.T) {
	compacted := map[string]string{
		"cleanup.policy": "compact", "segment.ms": "1", "min.cleanable.dirty.ratio": "0", "min.compaction.lag.ms": "0",
	}
	scenario{guard: guardGap, set: setting{partitions: 1, topic: compacted}, run: func(d *danger) []string {
		for i := range 20 {
			for _, r := range d.events(1) {
				r.Key = fmt.Append(nil, min(i, 1)) // all but the first have one key
				d.send(d.client, r)
			}
		}
		all, between := d.createView("all", true), d.createViewAt("between", func(topology.Partition) int64 { return 10 })
		d.compact()
		n := d.begin("a")
		late := d.createViewAt("late", func(topology.Partition) int64 { return 15 })
		d.wait("the views are folded", func() bool { return d.behind(all, between, late) == "" || len(n.node.Problems()) > 0 })
		return d.outcome(all, between, late)
	}}.test(t)
}

// compact waits until the broker has compacted the topic, and takes what is gone
// as never produced.
func (d *danger) compact() {
	d.t.Helper()
	if d.fake != nil {
		d.fake.Compact()
	}
	reader := d.client2()
	d.wait("the broker compacts the topic", func() bool {
		left := map[int64]bool{}
		reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{d.stream.Topic: {0: kgo.NewOffset().AtStart()}})
		for end := int64(len(d.want[0])); !left[end-1]; {
			d.must("read the topic", func(ctx context.Context) error {
				fetches := reader.PollFetches(ctx)
				fetches.EachRecord(func(r *kgo.Record) { left[r.Offset] = true })
				return fetches.Err()
			})
		}
		reader.RemoveConsumePartitions(map[string][]int32{d.stream.Topic: {0}})
		if len(left) > 3 {
			return false
		}
		for i := range d.want[0] {
			d.want[0][i].bad = d.want[0][i].bad || !left[int64(i)]
		}
		return true
	})
}

// TestDangerMoreLaggingViewsThanMetadata has two hundred views wait for their
// start: no offset commit could name them all.
func TestDangerMoreLaggingViewsThanMetadata(t *testing.T) {
	scenario{guard: guardRoom, set: setting{partitions: 1}, run: func(d *danger) []string {
		views := []*topology.View{d.createView("live", true)}
		d.produce(100)
		more := make([]*topology.View, 2*topology.MaxLagging)
		for i := range more {
			v := *views[0]
			v.ID, v.Name, v.Shards, v.Starts = topology.ViewID(NewID()), fmt.Sprint("waiting_", i), 1, map[topology.Partition]int64{0: 200 + int64(i%7)}
			more[i] = &v
		}
		d.update(func(cat *topology.Catalog) ([]*topology.Record, error) {
			var records []*topology.Record
			for _, v := range more {
				records = append(records, &topology.Record{Kind: topology.KindView, Name: v.Name, View: v})
			}
			return records, nil
		})
		views = append(views, more...)
		d.begin("a")
		d.until(hopeless, views[0])
		d.produce(300)
		return d.outcome(views...)
	}}.test(t)
}

// TestDangerInputTopicCreatedAgain deletes the input topic and creates another of
// its name. Its records are not the stream's.
func TestDangerInputTopicCreatedAgain(t *testing.T) {
	scenario{guard: guardTopic, run: func(d *danger) []string {
		v := d.createView("v", true)
		d.begin("a")
		d.produce(300)
		d.folded(v)
		d.finish("a")
		d.must("delete the topic", func(ctx context.Context) error { return d.admin.DeleteTopic(ctx, d.stream.Topic) })
		d.wait("the topic is there again", func() bool {
			return within(d.t, "create the topic", func(ctx context.Context) error {
				topic, _, err := d.admin.CreateTopic(ctx, broker.TopicSpec{Name: d.stream.Topic, Partitions: testPartitions})
				if err == nil && topic.ID == d.stream.TopicID {
					err = errors.New("it is the old one still")
				}
				return err
			}) == nil
		})
		foreign := &kgo.Record{Topic: d.stream.Topic, Value: []byte(`{"k": "of another topic", "i": 1}`)}
		d.send(d.client2(), foreign)
		n := d.begin("a")
		named := func() bool {
			for _, text := range n.node.Problems() {
				if strings.Contains(text, "was deleted and created again") {
					return true
				}
			}
			return false
		}
		d.wait("the new topic is named or read", func() bool { return named() || len(d.store.rows(v.ID)) != 20 })
		d.finish("a")
		return d.faults(v)
	}}.test(t)
}

// TestDangerPartitionAdded adds a partition, to which records come before any
// node has heard of it.
func TestDangerPartitionAdded(t *testing.T) {
	scenario{guard: guardRecover, run: func(d *danger) []string {
		d.spared(true)
		v := d.createView("v", true)
		n := d.begin("a")
		d.produce(300)
		d.folded(v)
		d.published(v)
		d.spared(false)
		added := int32(len(d.want))
		d.must("add a partition", func(ctx context.Context) error {
			_, err := d.admin.EnsurePartitions(ctx, d.stream.Topic, added+1)
			return err
		})
		d.wait("the producer knows the partition", func() bool {
			d.client.ForceMetadataRefresh()
			leader, _, err := d.client.PartitionLeader(d.stream.Topic, added)
			return err == nil && leader >= 0
		})
		d.want = append(d.want, nil)
		d.produce(300)
		later := d.createView("later", false) // makes the node look at the topic now
		d.wait("the node has the partition", func() bool { return d.owns(n) })
		d.produce(300)
		return d.outcome(v, later)
	}}.test(t)
}

// TestDangerOffsetsExpired deletes the group's committed offsets while the node
// is down and partials are not folded yet.
func TestDangerOffsetsExpired(t *testing.T) {
	scenario{guard: guardRecover, run: func(d *danger) []string {
		first, late := d.createView("first", true), (*topology.View)(nil)
		d.spared(true)
		n := d.begin("a")
		d.produce(300)
		d.folded(first)
		late = d.createView("late", false)
		d.produce(200)
		d.folded(first, late)
		d.store.refuse(true) // what follows is published, but not folded
		d.produce(200)
		d.published(first)
		d.kill(n)
		delete(d.nodes, "a")
		admin := kadm.NewClient(d.client)
		d.wait("the group's offsets are deleted", func() bool { // which a group with members refuses
			return within(d.t, "delete the group", func(ctx context.Context) error {
				_, err := admin.DeleteGroup(ctx, d.name)
				return err
			}) == nil
		})
		d.produce(200)
		d.store.refuse(false)
		d.spared(false)
		n = d.begin("a")
		d.wait("the node has the partitions", func() bool { return d.owns(n) })
		d.produce(200)
		return d.outcome(first, late)
	}}.test(t)
}

// TestDangerStableOffsetBehindCommit asks where a topic ends right after a
// commit was acknowledged. Readers cannot see it yet, now and then: whoever must
// be current waits for the last stable offset to reach the high watermark.
func TestDangerStableOffsetBehindCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, brokers []string) {
		c := newClusterOf(t, setting{brokers: brokers, seed: seedOf(), onError: topology.DeadLetter, partitions: 1})
		d := &danger{testCluster: c}
		producer := d.client2(kgo.TransactionalID(d.name + ".producer"))
		ask := func(of func(context.Context, string) (map[int32]int64, error)) bool {
			var at map[int32]int64
			d.must("ask where the topic ends", func(ctx context.Context) (err error) {
				at, err = of(ctx, d.stream.Topic)
				return err
			})
			return at[0] >= int64(len(d.want[0]))
		}
		for range 100 {
			d.inTransaction(producer, 1, kgo.TryCommit)
			if !ask(d.admin.EndOffsets) {
				t.Fatal("an acknowledged commit lies behind the end")
			}
		}
		for tries := 1; d.fake == nil; tries++ { // the broker in this process is never late
			d.inTransaction(producer, 1, kgo.TryCommit)
			if !ask(d.admin.StableOffsets) {
				t.Logf("seen, as it must be: a commit not stable yet, the first of %d", tries)
				return
			}
			if tries == 2000 {
				t.Fatal("the last stable offset was never late: the guard is not shown to be needed")
			}
		}
	})
}
