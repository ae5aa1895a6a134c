package consumer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

func recordsOf(r *running) float64 { return testutil.ToFloat64(r.node.metrics.records) }

func failedFlushes(r *running) float64 { return testutil.ToFloat64(r.node.metrics.failedFlushes) }

// TestDangerBlockTooLarge has the broker refuse the blocks of some flushes:
// neither Flush nor EndTransaction says so.
func TestDangerBlockTooLarge(t *testing.T) {
	scenario{guard: guardRefused, run: func(d *danger) []string {
		v := d.createView("v", true)
		n := d.begin("a")
		d.produce(300)
		d.folded(v)
		d.limitPartials(100)
		d.produce(300)
		d.wait("a flush is refused, or its offsets are committed all the same", func() bool {
			return failedFlushes(n) > 0 || d.allCommitted()
		})
		d.limitPartials(1048588)
		d.produce(300)
		return d.outcome(v)
	}}.test(t)
}

// limitPartials bounds the batches that the partials topic takes. A broker has
// answered before it does as it was told: it is tried, by what nobody reads.
func (d *danger) limitPartials(bytes int) {
	d.t.Helper()
	set := kadm.AlterConfig{Name: "max.message.bytes", Value: kmsg.StringPtr(strconv.Itoa(bytes))}
	d.must("set max.message.bytes", func(ctx context.Context) error {
		answers, err := kadm.NewClient(d.client).AlterTopicConfigs(ctx, []kadm.AlterConfig{set}, d.stream.Partials)
		if err == nil {
			_, err = answers.On(d.stream.Partials, nil)
		}
		return err
	})
	const block = 500 // about as large as the scenario's
	producer := d.client2(kgo.TransactionalID(d.name+".limit"), kgo.ProducerBatchCompression(kgo.NoCompression()))
	d.wait(fmt.Sprintf("the broker bounds batches to %d bytes", bytes), func() bool {
		as := 0
		d.must("try the bound", func(ctx context.Context) error {
			err := producer.BeginTransaction()
			for p := int32(0); p < 2 && err == nil; p++ {
				refused := producer.ProduceSync(ctx, &kgo.Record{Topic: d.stream.Partials, Partition: p, Value: make([]byte, block)}).FirstErr()
				if errors.Is(refused, kerr.MessageTooLarge) == (bytes < block) {
					as++
				}
			}
			return errors.Join(err, producer.EndTransaction(ctx, kgo.TryAbort))
		})
		return as == 2
	})
}

// TestDangerPartialsDeleted deletes the topic that flushes go to.
func TestDangerPartialsDeleted(t *testing.T) {
	scenario{guard: guardRefused, run: func(d *danger) []string {
		v := d.createView("v", true)
		n := d.begin("a", func(c *Config) { c.TransactionTimeout = 2e9 })
		d.produce(300)
		d.folded(v)
		d.published(v)
		before := d.committed()
		d.must("delete the partials topic", func(ctx context.Context) error { return d.admin.DeleteTopic(ctx, d.stream.Partials) })
		d.produce(300)
		d.wait("a flush fails, or its offsets are committed all the same", func() bool {
			return failedFlushes(n) > 0 || d.allCommitted()
		})
		var faults []string
		for p, at := range d.committed() {
			if at != before[p] {
				faults = append(faults, fmt.Sprintf("partition %d: committed up to %d, published up to %d", p, at, before[p]))
			}
		}
		return faults
	}}.test(t)
}

// TestDangerTransactionAborted has the broker abort a flush's transaction while
// the lane has read on.
func TestDangerTransactionAborted(t *testing.T) {
	scenario{guard: guardReset, run: func(d *danger) []string {
		v := d.createView("v", true)
		n := d.begin("a", patient)
		d.produce(300)
		d.folded(v)
		flush := d.readBehind("a", n, pointProduced)
		d.fence("a", 0)
		flush.release()
		d.wait("the flush fails", func() bool { return failedFlushes(n) > 0 })
		d.produce(100)
		return d.outcome(v)
	}}.test(t)
}

// readBehind holds a node's flush at a point and has the lane read on meanwhile.
func (d *danger) readBehind(node string, n *running, point string) *hold {
	d.t.Helper()
	flush := d.hold(node, point)
	before := recordsOf(n)
	d.produce(100)
	d.await(flush)
	d.produce(200)
	d.read(n, before, 300)
	return flush
}

// TestDangerRebalance lets another node join in the middle of a flush, while the
// lane has read on behind it.
func TestDangerRebalance(t *testing.T) {
	scenario{guard: guardSettle, run: func(d *danger) []string {
		v := d.createView("v", true)
		a := d.begin("a", patient)
		d.produce(300)
		d.folded(v)
		flush := d.readBehind("a", a, pointOffsets)
		asked := d.hold("a", pointRevoked)
		b := d.begin("b")
		d.await(asked)
		asked.release()
		if !d.guarded { // it does not wait for the flush
			d.wait("partitions are given up", func() bool { return !d.owns(a) })
		}
		flush.release()
		d.share(a, b)
		d.produce(300)
		return d.outcome(v)
	}}.test(t)
}

// TestDangerLostInAFlush puts a node out of the group in the middle of a flush,
// while the lane has read on behind it.
func TestDangerLostInAFlush(t *testing.T) {
	scenario{guard: guardReset, run: func(d *danger) []string {
		v := d.createView("v", true)
		n := d.begin("a", patient)
		d.produce(300)
		d.folded(v)
		flush := d.readBehind("a", n, pointOffsets)
		d.expel("a")
		d.wait("the partitions are lost", func() bool { return !d.owns(n) })
		flush.release()
		d.wait("the partitions are given again", func() bool { return d.owns(n) })
		d.produce(300)
		return d.outcome(v)
	}}.test(t)
}

// TestDangerOpenFlushOfFormerOwner takes partitions over whose former owner has
// a flush on the way: its offsets are added to a transaction that is still open,
// and that is committed later.
func TestDangerOpenFlushOfFormerOwner(t *testing.T) {
	scenario{guard: guardStable, run: func(d *danger) []string {
		v := d.createView("v", true)
		flush, _ := d.supersede(v, pointOffsets)
		if !d.guarded {
			d.wait("the new owner has read the same again", d.allCommitted)
		}
		flush.release()
		return d.outcome(v)
	}}.test(t)
}

// supersede holds a flush of node a at a point, and has node b take all of its
// partitions over.
func (d *danger) supersede(v *topology.View, point string) (flush *hold, b *running) {
	d.t.Helper()
	d.leaveOut(guardFence, true) // others are not needed to be right, only to be quick
	a := d.begin("a", patient)
	b = d.begin("b", patient)
	d.share(a, b)
	d.produce(300)
	d.folded(v)
	flush = d.hold("a", point)
	d.produce(100)
	d.await(flush)
	d.expel("a")
	d.wait("the other node has all partitions", func() bool { return d.owns(b) })
	d.produce(200)
	return flush, b
}

// TestDangerCommitOfFormerOwner wakes a node in the middle of a flush, whose
// partitions have been read on by another meanwhile.
func TestDangerCommitOfFormerOwner(t *testing.T) {
	scenario{guard: guardIdentity, run: func(d *danger) []string {
		v := d.createView("v", true)
		flush, _ := d.supersede(v, pointProduced)
		d.wait("the new owner has read on", d.allCommitted)
		flush.release()
		return d.outcome(v)
	}}.test(t)
}

// TestDangerJoinedAsAnother has the group put a node out between the heartbeat
// that tells it of a rebalance and its joining, in the middle of a flush: its
// client joins again as another member, without a word of the partitions that
// the node still believes in. That moment can be met on the broker in this
// process alone.
func TestDangerJoinedAsAnother(t *testing.T) {
	s := scenario{guard: guardMember, run: func(d *danger) []string {
		v := d.createView("v", true)
		d.leaveOut(guardFence, true)
		a, b := d.begin("a", patient), d.begin("b", patient)
		d.share(a, b)
		d.produce(300)
		d.folded(v)
		flush := d.hold("a", pointProduced)
		d.produce(100)
		d.await(flush)
		former, _ := a.node.members.client.GroupMetadata()
		joining, join := d.holdJoin(former)
		d.expel("b") // so that there is a rebalance
		await(d.t, "the node asks to join the group", joining)
		d.expel("a")
		d.wait("the other node has all partitions", func() bool { return d.owns(b) })
		d.produce(200)
		d.wait("it has read on", d.allCommitted)
		close(join)
		d.wait("a is a member again", func() bool {
			member, generation := a.node.members.client.GroupMetadata()
			return member != former && member != "" && generation >= 0
		})
		before := d.committed()
		ended := d.hold("a", pointCommitted)
		failed := failedFlushes(a)
		flush.release()
		d.wait("the flush ends", func() bool { return failedFlushes(a) > failed || ended.is() })
		ended.release()
		var faults []string
		for p, at := range d.committed() {
			if at < before[p] {
				faults = append(faults, fmt.Sprintf("partition %d: committed up to %d, and then back to %d", p, before[p], at))
			}
		}
		d.produce(300)
		return append(faults, d.outcome(v)...)
	}}
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("%s=%v", s.guard, guarded), func(t *testing.T) {
			t.Parallel()
			s.judge(t, nil, guarded)
		})
	}
}

// holdJoin holds a member's next joining of the group, once it has asked for it,
// until join is closed.
func (d *danger) holdJoin(member string) (joining, join chan struct{}) {
	joining, join = make(chan struct{}), make(chan struct{})
	d.fake.ControlKey(kmsg.JoinGroup.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if r.(*kmsg.JoinGroupRequest).MemberID != member {
			d.fake.KeepControl()
			return nil, nil, false
		}
		d.fake.SleepControl(func() {
			close(joining)
			select {
			case <-join:
			case <-d.t.Context().Done(): // the test has failed
			}
		})
		return nil, nil, false
	})
	return joining, join
}

// TestDangerCommitOfAnothersPartition has a member of the present generation
// commit a partition that is another's. The broker does not mind.
func TestDangerCommitOfAnothersPartition(t *testing.T) {
	scenario{guard: guardIdentity, run: func(d *danger) []string {
		v := d.createView("v", true)
		a, b := d.begin("a"), d.begin("b")
		d.share(a, b)
		d.produce(300)
		d.folded(v)
		d.published(v)
		var others topology.TopicPartition
		for p := range int32(len(d.want)) {
			if tp := (topology.TopicPartition{Topic: d.stream.Topic, Partition: p}); b.node.members.owns(tp) {
				others = tp
			}
		}
		before := d.committed()[others.Partition]
		err := d.publishAs(a, others)
		var faults []string
		if d.guarded && !errors.Is(err, errNotOwner) || !d.guarded && err != nil {
			faults = append(faults, fmt.Sprintf("the commit answers %v", err))
		}
		if at := d.committed()[others.Partition]; at != before {
			faults = append(faults, fmt.Sprintf("partition %d of node b: node a committed offset %d over %d", others.Partition, at, before))
		}
		return faults
	}}.test(t)
}

// publishAs has a node commit offset 7 of a partition, in a flush of its own.
func (d *danger) publishAs(node *running, tp topology.TopicPartition) error {
	d.t.Helper()
	var p *publisher
	d.must("make a publisher", func(ctx context.Context) (err error) {
		p, err = newPublisher(ctx, &node.node.cfg, node.node.opts, 7, node.node.members)
		return err
	})
	defer p.client.Close()
	return within(d.t, "publish a flush", func(ctx context.Context) error {
		return p.publish(ctx, &sealed{
			records: []*kgo.Record{{Topic: d.stream.DeadLetters, Value: []byte("of a flush")}},
			commits: []offsetCommit{{tp: tp, topicID: d.stream.TopicID, offset: 7, metadata: "1;1"}},
		})
	})
}

// TestDangerFlushTwice publishes every block a second time, as a broker or a
// client would whose transactions are not what they say.
func TestDangerFlushTwice(t *testing.T) {
	scenario{guard: guardLedger, run: func(d *danger) []string {
		v := d.createView("v", true)
		d.begin("a")
		d.produce(300)
		d.folded(v)
		blocks := map[int32][]*kgo.Record{}
		reader := d.client2(kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeTopics(d.stream.Partials))
		var ends map[int32]int64
		d.must("ask where the partials end", func(ctx context.Context) (err error) {
			ends, err = d.admin.EndOffsets(ctx, d.stream.Partials)
			return err
		})
		read := func(p int32) bool { // behind the last block lies its flush's marker
			return ends[p] == 0 || len(blocks[p]) > 0 && blocks[p][len(blocks[p])-1].Offset >= ends[p]-2
		}
		d.must("read the blocks", func(ctx context.Context) error {
			for ctx.Err() == nil && (!read(0) || !read(1)) {
				reader.PollFetches(ctx).EachRecord(func(r *kgo.Record) { blocks[r.Partition] = append(blocks[r.Partition], r) })
			}
			return ctx.Err()
		})
		for p := range blocks {
			for _, r := range blocks[p] {
				d.send(d.client, &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value})
			}
		}
		d.produce(300)
		return d.outcome(v)
	}}.test(t)
}

// TestBrokerChecksGenerationOnly is why [membership.identity] looks at who owns
// the partitions: the same commit, signed with a's own generation, is taken.
func TestBrokerChecksGenerationOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, brokers []string) {
		c := newClusterOf(t, setting{brokers: brokers, seed: seedOf(), onError: topology.DeadLetter})
		d := &danger{testCluster: c, guarded: true, holds: map[string]*hold{}, off: map[string]bool{}, nodes: map[string]*running{}}
		t.Cleanup(d.abandon)
		d.createView("v", true)
		a, b := d.begin("a"), d.begin("b")
		d.share(a, b)
		for part := range int32(len(d.want)) {
			tp := topology.TopicPartition{Topic: d.stream.Topic, Partition: part}
			if !b.node.members.owns(tp) {
				continue
			}
			a.node.members.mu.Lock()
			a.node.members.owned[tp], _ = a.node.members.client.GroupMetadata() // as if nobody looked
			a.node.members.mu.Unlock()
			err := d.publishAs(a, tp)
			if at := d.committed()[part]; err != nil || at != 7 {
				t.Errorf("the broker refuses it by itself: %v, committed %d", err, at)
			}
			return
		}
	})
}
