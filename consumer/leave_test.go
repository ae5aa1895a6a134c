package consumer

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// TestLeaveInARebalance: a node that stops does not wait for a rebalance that
// another member holds up.
func TestLeaveInARebalance(t *testing.T) {
	onBoth(t, func(t *testing.T, brokers []string) {
		c := newClusterOf(t, setting{brokers: brokers, seed: seedOf(), onError: topology.DeadLetter})
		v := c.createView("v", true)
		c.produce(100)
		n := c.start(c.config())
		c.folded(v)
		// A member that joins and is never heard of again: the next rebalance waits
		// for its session to end.
		silent, err := kgo.NewClient(kgo.SeedBrokers(c.kafka.Brokers...))
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		joined := c.joinAndFallSilent(ctx, silent)
		c.end(n) // within patience
		cancel()
		await(t, "the other member's request ends", joined)
		c.check(v)
	})
}

// silence is the session timeout of the member that falls silent: who waits for it
// has no patience left.
const silence = patience + time.Minute

// joinAndFallSilent begins to join the group with a client that does nothing
// else, and returns when the group has begun to rebalance. The channel is closed
// when it has ended.
func (c *testCluster) joinAndFallSilent(ctx context.Context, client *kgo.Client) <-chan struct{} {
	c.t.Helper()
	join := func(member string) *kmsg.JoinGroupRequest {
		req := kmsg.NewPtrJoinGroupRequest()
		req.Group, req.MemberID, req.ProtocolType = c.name, member, "consumer"
		req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = int32(silence.Milliseconds()), int32(silence.Milliseconds())
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name = balancerProtocol
		p.Metadata = newBalancer(c.name, "silent").JoinGroupMetadata(nil, nil, -1)
		req.Protocols = append(req.Protocols, p)
		return req
	}
	first, err := join("").RequestWith(ctx, client)
	if err != nil {
		c.t.Fatal(err)
	}
	// The second member to ask makes the first rebalance end; it then says nothing,
	// and the third makes one that waits for it.
	if resp, err := join(first.MemberID).RequestWith(ctx, client); err != nil || resp.ErrorCode != 0 {
		c.t.Fatalf("join: %v, %+v", err, resp)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		again, err := join("").RequestWith(ctx, client)
		if err == nil {
			_, _ = join(again.MemberID).RequestWith(ctx, client) // answered when the silent member is out
		}
	}()
	c.wait("the group rebalances", func() bool {
		settled := true
		err := within(c.t, "describe the group", func(ctx context.Context) error {
			g, err := c.admin.Group(ctx, c.name)
			if err == nil {
				settled = g.Settled
			}
			return err
		})
		return err == nil && !settled
	})
	return done
}
