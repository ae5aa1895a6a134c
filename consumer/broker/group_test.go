package broker

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// join makes a client that is a member of the group over the topic; what it
// returns ends it.
func join(t *testing.T, cfg Config, group, topic, clientID string) (leave func()) {
	t.Helper()
	client, err := NewClient(cfg, quiet(), kgo.ClientID(clientID), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			client.PollFetches(ctx)
		}
	}()
	left := false
	leave = func() {
		if !left {
			left = true
			cancel()
			<-done
			client.Close()
		}
	}
	t.Cleanup(leave)
	return leave
}

// awaitGroup asks until the group is settled with these clients.
func awaitGroup(t *testing.T, a *Admin, name string, clients ...string) Group {
	t.Helper()
	ctx := testContext(t)
	for wait := newPause(); ; {
		group, err := a.Group(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, m := range group.Members {
			ids = append(ids, m.ClientID)
			if !group.Settled && m.Assigned != nil {
				t.Fatalf("a group that is not settled tells assignments: %+v", m)
			}
		}
		if group.Settled && slices.Equal(ids, clients) && spread(group) {
			return group
		}
		if err := wait.more(ctx); err != nil {
			t.Fatalf("group %+v: %v", group, err)
		}
	}
}

// spread reports whether each member has been given something.
func spread(g Group) bool {
	return !slices.ContainsFunc(g.Members, func(m Member) bool { return len(m.Assigned) == 0 })
}

func TestGroup(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		a := newAdmin(t, cfg)
		topic, name := newTopic(t, a, 4, nil), topicName()
		none, err := a.Group(testContext(t), name)
		if err != nil || len(none.Members) != 0 {
			t.Fatalf("a group that nobody has joined: %+v, %v", none, err)
		}

		join(t, cfg, name, topic, "millrace.c.one")
		one := awaitGroup(t, a, name, "millrace.c.one")
		all := []topology.TopicPartition{{Topic: topic, Partition: 0}, {Topic: topic, Partition: 1}, {Topic: topic, Partition: 2}, {Topic: topic, Partition: 3}}
		if m := one.Members[0]; !slices.Equal(m.Assigned, all) || m.ID == "" || m.Host == "" || m.Host[0] == '/' {
			t.Fatalf("the only member: %+v", m)
		}

		leave := join(t, cfg, name, topic, "millrace.c.two")
		two := awaitGroup(t, a, name, "millrace.c.one", "millrace.c.two")
		if got := len(two.Members[0].Assigned) + len(two.Members[1].Assigned); got != 4 || two.Members[0].ID == two.Members[1].ID {
			t.Fatalf("two members: %+v", two.Members)
		}

		leave()
		awaitGroup(t, a, name, "millrace.c.one")
	})
}
