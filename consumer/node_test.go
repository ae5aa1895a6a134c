package consumer

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

func seedOf() uint64 { return uint64(time.Now().UnixNano()) }

func TestNodeFoldsWhatIsProduced(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	v := c.createView("v", false)
	n := c.start(c.config())
	for range 5 {
		c.produce(500)
	}
	c.folded(v)
	c.end(n)
	c.check(v)
}

// TestViewCreatedWhileEventsFlow creates views from the end and from the
// beginning while the node reads: none misses a record, none counts one twice.
func TestViewCreatedWhileEventsFlow(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	views := []*topology.View{c.createView("first", false)}
	n := c.start(c.config())
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		c.produce(700)
		views = append(views, c.createView(name, i%2 == 0))
		c.produce(300)
	}
	c.folded(views...)
	c.end(n)
	c.check(views...)
}

// TestKilledAgainAndAgain kills the node at any time, with a store and a broker
// that fail now and then, and creates views in between.
func TestKilledAgainAndAgain(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	c.store.fail, c.store.unknown = 5, 5
	views := []*topology.View{c.createView("first", true)}
	c.failSometimes(3)
	for i := range 12 {
		n := c.start(c.config())
		for range 3 {
			c.produce(1 + c.rng.IntN(400))
			time.Sleep(time.Duration(c.rng.IntN(30)) * time.Millisecond) // lets the kill fall anywhere
		}
		if i%4 == 1 {
			views = append(views, c.createView(string(rune('a'+i)), i%8 == 1))
		}
		c.kill(n)
	}
	n := c.start(c.config())
	c.folded(views...)
	c.end(n)
	c.check(views...)
}

// failSometimes makes some of 100 offset commits, transaction ends and produces
// fail with errors that brokers answer with.
func (c *testCluster) failSometimes(of100 int) {
	rng := rand.New(rand.NewPCG(c.rng.Uint64(), 5))
	c.failCommits(kerr.UnknownMemberID, func() bool { return rng.IntN(100) < of100 })
}

// failCommits makes offset commits fail as long as fails says so.
func (c *testCluster) failCommits(with *kerr.Error, fails func() bool) {
	c.fake.ControlKey(int16(kmsg.TxnOffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.fake.KeepControl()
		if !fails() {
			return nil, nil, false
		}
		req := r.(*kmsg.TxnOffsetCommitRequest)
		resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewTxnOffsetCommitResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewTxnOffsetCommitResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, with.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
}

// TestGenerationBeginsInAFlush: a rebalance among others costs a flush nothing
// but a second signature; nothing is read again.
func TestGenerationBeginsInAFlush(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	v := c.createView("v", false)
	commits := 0
	c.failCommits(kerr.IllegalGeneration, func() bool {
		commits++
		return commits%3 != 0
	})
	cfg := c.config()
	cfg.SessionTimeout, cfg.TransactionTimeout = patience, patience // else a slow machine begins a generation of its own
	n := c.start(cfg)
	for range 5 {
		c.produce(200)
		c.folded(v)
	}
	c.end(n)
	c.check(v)
	if resets := testutil.ToFloat64(n.node.metrics.resets); resets != 0 {
		t.Errorf("lanes started again %v times", resets)
	}
}

func TestSkip(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.Skip)
	v := c.createView("v", false)
	n := c.start(c.config())
	c.produce(1000)
	c.folded(v)
	c.end(n)
	c.check(v)
}

// TestStop sees that on_error = 'stop' folds just what comes before the first
// record that cannot be decoded, in each partition.
func TestStop(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.Stop)
	v := c.createView("v", false)
	c.produce(3000)
	for p, events := range c.want {
		for i, e := range events {
			if e.bad {
				c.want[p] = events[:i]
				break
			}
		}
	}
	n := c.start(c.config())
	c.folded(v)
	if len(n.node.Problems()) == 0 {
		t.Error("no problem is reported")
	}
	c.end(n)
	c.check(v)
}
