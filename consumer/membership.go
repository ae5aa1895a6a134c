package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// assignment receives the group's decisions. Calls never overlap. revoked
// returns when nothing more is done in the name of these partitions.
type assignment interface {
	assigned(ctx context.Context, parts []topology.TopicPartition)
	revoked(ctx context.Context, parts []topology.TopicPartition)
	lost(ctx context.Context, parts []topology.TopicPartition)
}

// membership is this node's place in the consumer group. Its client fetches
// nothing: every topic is paused before it is subscribed to.
type membership struct {
	group  string
	client *kgo.Client
	end    context.CancelFunc // of whatever the client does
	to     assignment

	inject func(point string) bool

	mu sync.Mutex // guards owned
	// owned has, for each partition that the group gives this node, the member
	// that it was given to: this node's id in the group, which is another one
	// after the group has put it out.
	owned map[topology.TopicPartition]string

	putOut atomic.Bool // the group has put this node out, since this was last cleared
}

// heartbeats is how many heartbeats a session timeout is long. Members hear of a
// rebalance by the answer to one, and everybody waits for the last of them.
const heartbeats = 24

// noticeTopics is how long a partition that is added to a topic goes unnoticed.
const noticeTopics = 10 * time.Second

// errNotOwner occurs when a flush would commit partitions that the group has
// taken away: the broker itself checks the generation only.
var errNotOwner = errors.New("the group no longer gives this node the flush's partitions")

// errNotMember occurs when the broker does not count this node to the group.
var errNotMember = errors.New("not a member of the group now")

func newMembership(cfg *Config, opts []kgo.Opt, to assignment) (*membership, error) {
	ctx, end := context.WithCancel(context.Background())
	m := &membership{group: cfg.Cluster, end: end, to: to, inject: cfg.inject, owned: map[topology.TopicPartition]string{}}
	client, err := kgo.NewClient(append(opts,
		kgo.WithContext(ctx),
		kgo.ClientID(topology.ClientID(cfg.Cluster, cfg.Node)),
		kgo.ConsumerGroup(cfg.Cluster),
		kgo.Balancers(newBalancer(cfg.Cluster, cfg.Node)),
		kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()),
		kgo.MetadataMaxAge(noticeTopics),
		kgo.SessionTimeout(cfg.SessionTimeout),
		kgo.HeartbeatInterval(cfg.SessionTimeout/heartbeats),
		kgo.RebalanceTimeout(cfg.SessionTimeout+cfg.TransactionTimeout),
		kgo.OnPartitionsAssigned(m.onAssigned),
		kgo.OnPartitionsRevoked(m.onRevoked),
		kgo.OnPartitionsLost(m.onLost),
	)...)
	if err != nil {
		end()
		return nil, fmt.Errorf("kafka client for group %q: %w", cfg.Cluster, err)
	}
	m.client = client
	return m, nil
}

// subscribe makes the group's client one of exactly these topics.
func (m *membership) subscribe(add, drop []string) {
	if len(add) > 0 {
		m.client.PauseFetchTopics(add...)
		m.client.AddConsumeTopics(add...)
	}
	if len(drop) > 0 {
		m.client.PurgeTopicsFromConsuming(drop...)
	}
}

func flatten(topics map[string][]int32) []topology.TopicPartition {
	var all []topology.TopicPartition
	for t, ps := range topics {
		for _, p := range ps {
			all = append(all, topology.TopicPartition{Topic: t, Partition: p})
		}
	}
	return all
}

// onAssigned is called at the end of every rebalance. Where the group put this
// node out in the middle of one, the client joins again as another member
// without a word, and says nothing of the partitions that are given to it
// again: they may have been another's meanwhile, so they are lost and new.
func (m *membership) onAssigned(ctx context.Context, _ *kgo.Client, topics map[string][]int32) {
	parts := flatten(topics)
	member, _ := m.client.GroupMetadata()
	if again := m.ofAnother(member); len(again) > 0 && !m.inject(guardMember) {
		m.disown(again)
		m.to.lost(ctx, again)
		parts = append(parts, again...)
	}
	if len(parts) == 0 {
		return
	}
	m.mu.Lock()
	for _, tp := range parts {
		m.owned[tp] = member
	}
	m.mu.Unlock()
	m.to.assigned(ctx, parts)
}

// ofAnother returns the partitions that were given to another member than this.
func (m *membership) ofAnother(member string) []topology.TopicPartition {
	m.mu.Lock()
	defer m.mu.Unlock()
	var parts []topology.TopicPartition
	for tp, to := range m.owned {
		if to != member {
			parts = append(parts, tp)
		}
	}
	return parts
}

// onRevoked lets the owners finish what they have begun before it gives the
// partitions up: they still count as owned meanwhile.
func (m *membership) onRevoked(ctx context.Context, _ *kgo.Client, topics map[string][]int32) {
	parts := flatten(topics)
	if len(parts) == 0 {
		m.inject(pointRejoin)
		return
	}
	m.to.revoked(ctx, parts)
	m.disown(parts)
}

// onLost gives the partitions up first: nothing of theirs may be committed.
func (m *membership) onLost(ctx context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.putOut.Store(true)
	parts := flatten(topics)
	if len(parts) == 0 {
		return
	}
	m.disown(parts)
	m.to.lost(ctx, parts)
}

func (m *membership) disown(parts []topology.TopicPartition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, tp := range parts {
		delete(m.owned, tp)
	}
}

// owns reports whether the group gives this node a partition.
func (m *membership) owns(tp topology.TopicPartition) bool {
	_, _, err := m.identity([]topology.TopicPartition{tp})
	return err == nil
}

// identity returns what an offset commit for these partitions is signed with.
// Ownership and generation are captured together: a member owns in a generation
// what it was given and has not given back, for who has to give something up is
// waited for. That holds as long as it is one and the same member.
func (m *membership) identity(parts []topology.TopicPartition) (member string, generation int32, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	member, generation = m.client.GroupMetadata()
	for _, tp := range parts {
		if to, ok := m.owned[tp]; !ok || to != member && !m.inject(guardMember) {
			return "", 0, fmt.Errorf("%w: %s/%d", errNotOwner, tp.Topic, tp.Partition)
		}
	}
	if member == "" || generation < 0 {
		return "", 0, fmt.Errorf("%w: %w", errNotOwner, errNotMember) // the broker would take it for a commit outside of any group
	}
	return member, generation, nil
}

// confirm asks the broker whether this node is a member of the group's present
// generation. One that was stopped for long may have been put out without
// knowing it yet.
func (m *membership) confirm(ctx context.Context) error {
	member, generation := m.client.GroupMetadata()
	if member == "" || generation < 0 {
		return errNotMember
	}
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.group, member, generation
	resp, err := req.RequestWith(ctx, m.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil && !errors.Is(err, kerr.RebalanceInProgress) { // then it is one still
		return fmt.Errorf("%w: %w", errNotMember, err)
	}
	return nil
}

// leave leaves the group, so that others need not wait for the session to end.
// The group's client by itself would first wait for a rebalance that is under
// way, and so for the slowest of the others: it is ended at once, and another
// client takes its member out. Nothing may be done any more in the name of a
// partition.
func (m *membership) leave(ctx context.Context, by *kgo.Client) error {
	m.close()
	member, _ := m.client.GroupMetadata()
	if member == "" {
		return nil
	}
	if err := takeOut(ctx, by, m.group, member); err != nil {
		return fmt.Errorf("leave the consumer group: %w", err)
	}
	return nil
}

// close ends the client without leaving the group.
func (m *membership) close() {
	m.end()
	m.client.Close()
}
