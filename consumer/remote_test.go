package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

func fromStart(topology.Partition) int64 { return 0 }

// dead returns the dead letters of a view, as "partition/offset: SQLSTATE", in order.
func (c *testCluster) dead(view string) []string {
	c.t.Helper()
	var all []string
	var ends map[int32]int64
	c.must("ask for the dead letters' end", func(ctx context.Context) (err error) {
		all, err := c.admin.EndOffsets(ctx, c.stream.DeadLetters)
		ends = map[int32]int64{}
		for p, end := range all {
			ends[p] = end
		}
		return err
	})
	reader, err := kgo.NewClient(kgo.SeedBrokers(c.kafka.Brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{c.stream.DeadLetters: {0: kgo.NewOffset().At(0)}}))
	if err != nil {
		c.t.Fatal(err)
	}
	defer broker.CloseReader(reader, map[string][]int32{c.stream.DeadLetters: {0}})
	for next := int64(0); next < ends[0]; {
		var fetches kgo.Fetches
		c.must("read dead letters", func(ctx context.Context) error {
			fetches = reader.PollFetches(ctx)
			return fetches.Err()
		})
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			headers := map[string]string{}
			for _, h := range r.Headers {
				headers[h.Key] = string(h.Value)
			}
			if !r.Attrs.IsControl() && slices.Contains(strings.Split(headers[HeaderViews], ","), view) {
				all = append(all, fmt.Sprintf("%s/%s: %s of %s", headers[HeaderPartition], headers[HeaderOffset], headers[HeaderCode], r.Value))
			}
		})
	}
	slices.Sort(all)
	return all
}

// checkDead compares the dead letters of a view from the start with what must be there.
func (c *testCluster) checkDead(v *topology.View) {
	c.t.Helper()
	var want []string
	for p := range c.want {
		for offset, e := range c.want[p] {
			switch {
			case e.bad:
				want = append(want, fmt.Sprintf(`%d/%d: 22P02 of {"k": "x", "i": "y"}`, p, offset))
			case c.remote[v.ID] && e.i < 450 && refuses(e.i):
				want = append(want, fmt.Sprintf(`%d/%d: P0001 of {"k": %q, "i": %d}`, p, offset, e.key, e.i))
			}
		}
	}
	slices.Sort(want)
	if got := c.dead(v.Name); !slices.Equal(got, want) {
		c.t.Errorf("view %s has %d dead letters, want %d", v.Name, len(got), len(want))
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				c.t.Errorf("the first that differ, at %d of %v and %v", i, got[i:min(i+2, len(got))], want[i:min(i+2, len(want))])
				break
			}
		}
	}
}

// TestRemote: views with a row program and others read one stream, while PostgreSQL is
// away now and then; nodes are killed in the midst. All is exact, dead letters too.
func TestRemote(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	c.postgres.fail = 20
	views := []*topology.View{c.createRemote("remote", fromStart), c.createView("native", true), c.createRemote("another", fromStart)}
	for i := range 6 {
		n := c.start(c.config())
		c.produce(2000)
		if i%2 == 0 {
			c.wait("something is evaluated", func() bool { return c.postgres.is(func() bool { return c.postgres.rows > 1000*i }) })
			c.kill(n)
			continue
		}
		c.folded(views...)
		c.end(n)
	}
	c.check(views...)
	for _, v := range views {
		c.checkDead(v)
	}
}

// TestRemoteIsSlow: PostgreSQL does not answer; the other views go on as if nothing
// were, and the memory that waits for it is bounded. A node that is killed then has
// lost nothing.
func TestRemoteIsSlow(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	remote, native := c.createRemote("remote", fromStart), c.createView("native", true)
	c.postgres.close()
	cfg := c.config()
	cfg.Lanes, cfg.Folders = 1, 1
	n := c.start(cfg)
	for range 5 {
		c.produce(10_000)
		c.folded(native)
	}
	c.published(native)
	var held, room int64
	lane := n.node.lanes[0]
	c.must("ask the lane", func(ctx context.Context) error {
		return lane.do(ctx, func() {
			room = n.node.memory.remote
			for _, s := range lane.streams {
				for _, v := range s.views {
					if v.queue != nil {
						held += int64(v.queue.bytes)
					}
				}
			}
		})
	})
	if held == 0 || held > room+4<<20 {
		t.Errorf("%d bytes wait for PostgreSQL, there is room for %d", held, room)
	}
	if rows := c.store.rows(remote.ID); len(rows) > 0 {
		t.Errorf("%d groups of what was not evaluated", len(rows))
	}
	c.kill(n)
	c.postgres.open()
	n = c.start(cfg)
	c.produce(1000)
	c.folded(remote, native)
	c.end(n)
	c.check(remote, native)
	c.checkDead(remote)
	c.checkDead(native)
}

// TestRemoteCatchesUp: a view that fell out of the live reading reads on when
// PostgreSQL answers, and gets there.
func TestRemoteCatchesUp(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	views := []*topology.View{c.createRemote("remote", fromStart), c.createRemote("another", fromStart), c.createView("native", true)}
	c.postgres.close()
	n := c.start(c.config())
	c.produce(40_000)
	c.folded(views[2])
	c.postgres.open()
	c.produce(1000)
	c.folded(views...)
	c.end(n)
	c.check(views...)
	c.checkDead(views[0])
	c.checkDead(views[1])
}

// TestRemoteRevoked: partitions are given up while batches with their rows are under
// way, and others go on with them from where the views' tables stood.
func TestRemoteRevoked(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	views := []*topology.View{c.createRemote("remote", fromStart), c.createView("native", true)}
	c.postgres.close()
	first := c.start(c.config())
	c.produce(1000)
	c.folded(views[1])
	c.wait("batches are under way", func() bool { return c.postgres.is(func() bool { return c.postgres.waiting > 0 }) })
	cfg := c.config()
	cfg.Node = "node-2"
	second := c.start(cfg)
	c.wait("the other node has a partition", func() bool {
		for p := range int32(len(c.want)) {
			if second.node.Ready() && second.node.members.owns(topology.TopicPartition{Topic: c.stream.Topic, Partition: p}) {
				return true
			}
		}
		return false
	})
	c.produce(1000)
	c.postgres.open()
	c.folded(views...)
	c.end(first)
	c.produce(1000)
	c.folded(views...)
	c.end(second)
	c.check(views...)
	c.checkDead(views[0])
}

// TestRemoteEnds: a node that stops in order does not wait for a PostgreSQL that does
// not answer, and what it had sent is read again.
func TestRemoteEnds(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	views := []*topology.View{c.createRemote("remote", fromStart), c.createView("native", true)}
	c.postgres.close()
	n := c.start(c.config())
	c.produce(3000)
	c.folded(views[1])
	c.wait("batches are under way", func() bool { return c.postgres.is(func() bool { return c.postgres.waiting > 0 }) })
	c.end(n)
	c.postgres.open()
	n = c.start(c.config())
	c.folded(views...)
	c.end(n)
	c.check(views...)
	c.checkDead(views[0])
	c.checkDead(views[1])
}

// TestRemoteDropped: a view is dropped while its batches are under way; they are given
// up, and nothing else is stopped by it.
func TestRemoteDropped(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	remote, other, native := c.createRemote("remote", fromStart), c.createRemote("other", fromStart), c.createView("native", true)
	c.postgres.close()
	n := c.start(c.config())
	c.produce(2000)
	c.folded(native)
	c.wait("batches are under way", func() bool { return c.postgres.is(func() bool { return c.postgres.waiting > 0 }) })
	c.update(func(cat *topology.Catalog) ([]*topology.Record, error) { return cat.DropView(remote.Name, false) })
	c.wait("they are given up", func() bool { return c.postgres.is(func() bool { return c.postgres.given > 0 }) })
	c.postgres.open()
	c.produce(1000)
	c.folded(other, native)
	c.end(n)
	c.check(other, native)
	c.checkDead(other)
}

// TestRemoteFails: the program cannot be carried out; the view says so and stands
// still, the others go on, and it goes on by itself.
func TestRemoteFails(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	remote, native := c.createRemote("remote", fromStart), c.createView("native", true)
	c.postgres.breaks(errors.New("function f(bigint) does not exist"))
	n := c.start(c.config())
	c.produce(2000)
	c.folded(native)
	c.wait("the view's problem is named", func() bool {
		for what, text := range n.node.Problems() {
			if strings.HasPrefix(what, "view remote") && strings.Contains(text, "does not exist") {
				return true
			}
		}
		return false
	})
	c.postgres.breaks(nil)
	c.folded(remote)
	c.wait("the problem is gone", func() bool { return len(n.node.Problems()) == 0 })
	c.end(n)
	c.check(remote, native)
	c.checkDead(remote)
}

// TestRemoteStops: under on_error = 'stop' a record that PostgreSQL refuses ends its
// partition, and all before it counts, once.
func TestRemoteStops(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.Stop)
	remote := c.createRemote("remote", fromStart)
	var records []*kgo.Record
	for i := range int64(500) {
		if refuses(i % 36) {
			t.Fatal("refused too early")
		}
		value := i % 36
		if i == 400 {
			value = 36
		}
		c.want[0] = append(c.want[0], event{key: "k", i: value})
		records = append(records, &kgo.Record{Topic: c.stream.Topic, Value: fmt.Appendf(nil, `{"k": "k", "i": %d}`, value)})
	}
	c.send(c.client, records...)
	n := c.start(c.config())
	c.wait("all before the record is folded", func() bool { return c.store.foldedTo(remote, 0) == 400 })
	c.wait("the problem is named", func() bool {
		for what, text := range n.node.Problems() {
			if strings.HasPrefix(what, "stream events") && strings.Contains(text, "offset 400") && strings.Contains(text, "f refuses 36") {
				return true
			}
		}
		return false
	})
	c.end(n)
	c.want[0] = c.want[0][:400]
	c.check(remote)
}
