package consumer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// groupOf is a group that kgo's interfaces balance without a broker.
type groupOf struct {
	t          *testing.T
	topics     map[string]int32
	generation int32
	members    map[string]*groupMember
}

type groupMember struct {
	node       string
	topics     []string
	owned      map[string][]int32
	generation int32
}

func newGroupOf(t *testing.T, topics map[string]int32) *groupOf {
	return &groupOf{t: t, topics: topics, members: map[string]*groupMember{}}
}

func (g *groupOf) join(id string, topics ...string) *groupMember {
	if len(topics) == 0 {
		topics = slices.Sorted(maps.Keys(g.topics))
	}
	m := &groupMember{node: "node-" + id, topics: topics, owned: map[string][]int32{}, generation: -1}
	g.members[id] = m
	return m
}

// rebalance does one round of the protocol: all join, one leads, all sync. It
// returns how many partitions were given up, and fails where one is given to
// somebody while somebody else has it.
func (g *groupOf) rebalance() (revoked int) {
	g.t.Helper()
	var joined []kmsg.JoinGroupResponseMember
	for _, id := range slices.Sorted(maps.Keys(g.members)) {
		m := g.members[id]
		member := kmsg.NewJoinGroupResponseMember()
		member.MemberID = id
		member.ProtocolMetadata = newBalancer("c", m.node).JoinGroupMetadata(m.topics, m.owned, m.generation)
		joined = append(joined, member)
	}
	leader := newBalancer("c", "leader")
	balance, topics, err := leader.MemberBalancer(joined)
	if err != nil {
		g.t.Fatal(err)
	}
	known := map[string]int32{}
	for topic := range topics {
		known[topic] = g.topics[topic]
	}
	into, err := balance.(kgo.GroupMemberBalancerOrError).BalanceOrError(known)
	if err != nil {
		g.t.Fatal(err)
	}
	g.generation++
	next := map[string]map[string][]int32{}
	for _, a := range into.IntoSyncAssignment() {
		if next[a.MemberID], err = leader.ParseSyncAssignment(a.MemberAssignment); err != nil {
			g.t.Fatal(err)
		}
	}
	for id, parts := range next {
		for topic, ps := range parts {
			for _, p := range ps {
				g.mustBeFree(id, topic, p)
			}
		}
	}
	for id, m := range g.members {
		for topic, ps := range m.owned {
			for _, p := range ps {
				if !slices.Contains(next[id][topic], p) {
					revoked++
				}
			}
		}
		m.owned, m.generation = next[id], g.generation
	}
	return revoked
}

func (g *groupOf) mustBeFree(to, topic string, p int32) {
	g.t.Helper()
	for id, m := range g.members {
		if id != to && slices.Contains(m.owned[topic], p) && !slices.Contains(g.members[to].owned[topic], p) {
			g.t.Errorf("%s/%d is given to %s, and %s has not given it up", topic, p, to, id)
		}
	}
}

// settle rebalances until nobody gives anything up, as the members do, and
// returns how many partitions moved.
func (g *groupOf) settle() (moved int) {
	g.t.Helper()
	for range 3 {
		revoked := g.rebalance()
		if revoked == 0 {
			return moved
		}
		moved += revoked
	}
	g.t.Fatal("three rounds were not enough")
	return 0
}

// loads checks that each partition has one owner, and returns how many members
// have how many.
func (g *groupOf) loads() map[int]int {
	g.t.Helper()
	owners := map[topology.TopicPartition]int{}
	loads := map[int]int{}
	for _, m := range g.members {
		n := 0
		for topic, ps := range m.owned {
			for _, p := range ps {
				owners[topology.TopicPartition{Topic: topic, Partition: p}]++
				n++
			}
		}
		loads[n]++
	}
	for topic, n := range g.topics {
		for p := range n {
			if owners[topology.TopicPartition{Topic: topic, Partition: p}] != 1 {
				g.t.Errorf("%s/%d has %d owners", topic, p, owners[topology.TopicPartition{Topic: topic, Partition: p}])
			}
		}
	}
	return loads
}

func TestBalancerMovesInTwoRounds(t *testing.T) {
	partials := topology.PartialsTopic("c", topology.StreamID{1})
	g := newGroupOf(t, map[string]int32{"events": 8, partials: 4})
	g.join("a")
	g.join("b")
	if moved := g.settle(); moved != 0 || !maps.Equal(g.loads(), map[int]int{6: 2}) {
		t.Errorf("two members have %v, and %d partitions moved", g.loads(), moved)
	}
	g.join("c")
	if revoked := g.rebalance(); revoked != 4 || len(g.members["c"].owned) > 0 {
		t.Errorf("%d partitions are given up for the third, want 4; at once it has %v", revoked, g.members["c"].owned)
	}
	if revoked := g.rebalance(); revoked != 0 || !maps.Equal(g.loads(), map[int]int{4: 3}) {
		t.Errorf("then %d are given up, and three members have %v", revoked, g.loads())
	}
	delete(g.members, "a")
	if moved := g.settle(); moved != 0 || !maps.Equal(g.loads(), map[int]int{6: 2}) {
		t.Errorf("what one left was given to two: %v, and %d more moved", g.loads(), moved)
	}
}

func TestBalancerOldCatalog(t *testing.T) {
	g := newGroupOf(t, map[string]int32{"events": 4, "new": 4})
	g.join("a")
	g.join("b", "events")
	g.settle()
	if g.loads(); len(g.members["b"].owned["new"]) > 0 {
		t.Errorf("b was given %v", g.members["b"].owned)
	}
	g.members["b"].topics = []string{"events", "new"}
	g.settle()
	if loads := g.loads(); !maps.Equal(loads, map[int]int{4: 2}) {
		t.Errorf("both know both topics and have %v", loads)
	}
}

// TestBalancerZombie lets a member come back that missed the revocation of all
// that it had. It gets what its share is, and only after its owners gave it up.
func TestBalancerZombie(t *testing.T) {
	g := newGroupOf(t, map[string]int32{"events": 6})
	g.join("a")
	zombie := g.join("z")
	g.settle()
	delete(g.members, "z")
	g.settle()
	g.members["z"] = zombie
	before := slices.Clone(g.members["a"].owned["events"])
	// What it says that it owns is a's by now: a gives up three of its six.
	if revoked := g.rebalance(); revoked != 3+3 {
		t.Errorf("%d partitions were given up, want z's three claims and a's three surplus ones", revoked)
	}
	if kept := g.members["a"].owned["events"]; len(kept) != 3 || !slices.Contains(before, kept[0]) {
		t.Errorf("a kept %v of %v", kept, before)
	}
	g.settle()
	if loads := g.loads(); !maps.Equal(loads, map[int]int{3: 2}) {
		t.Errorf("loads %v", loads)
	}
}

func TestNodeOfMember(t *testing.T) {
	var meta kmsg.ConsumerMemberMetadata
	if err := meta.ReadFrom(newBalancer("c", "node-7").JoinGroupMetadata([]string{"t"}, nil, 3)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(meta.UserData, []byte("\x01node-7")) { // version 1, for ever
		t.Errorf("user data %q", meta.UserData)
	}
	for data, want := range map[string]string{"\x01node-7": "node-7", "\x02node-7": "id", "\x01": "id", "": "id"} {
		if got := nodeOf([]byte(data), "id"); got != want {
			t.Errorf("node of %q is %q, want %q", data, got, want)
		}
	}
}

// FuzzMemberMetadata gives the leader members that say anything.
func FuzzMemberMetadata(f *testing.F) {
	f.Add(newBalancer("c", "a").JoinGroupMetadata([]string{"events"}, map[string][]int32{"events": {0, 3}}, 4), int32(4))
	f.Add(newBalancer("c", "").JoinGroupMetadata(nil, map[string][]int32{"gone": {-1, 1 << 30}}, -1), int32(1))
	f.Add([]byte{0, 1}, int32(0))
	f.Fuzz(func(t *testing.T, metadata []byte, partitions int32) {
		partitions = max(0, partitions%64)
		well := kmsg.NewJoinGroupResponseMember()
		well.MemberID, well.ProtocolMetadata = "well", newBalancer("c", "well").JoinGroupMetadata([]string{"events"}, nil, 1)
		odd := kmsg.NewJoinGroupResponseMember()
		odd.MemberID, odd.ProtocolMetadata = "odd", slices.Clone(metadata)
		b := newBalancer("c", "a")
		balance, _, err := b.MemberBalancer([]kmsg.JoinGroupResponseMember{odd, well})
		if err != nil {
			return
		}
		into, err := balance.(kgo.GroupMemberBalancerOrError).BalanceOrError(map[string]int32{"events": partitions})
		if err != nil {
			t.Fatal(err)
		}
		given := map[int32]int{}
		for _, a := range into.IntoSyncAssignment() {
			parts, err := b.ParseSyncAssignment(a.MemberAssignment)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range parts["events"] {
				given[p]++
			}
		}
		for p, n := range given {
			if n > 1 || p < 0 || p >= partitions {
				t.Errorf("events/%d of %d given %d times", p, partitions, n)
			}
		}
	})
}

// ownership is what clients have been given and not given up, as their callbacks
// say. It fails where two have one partition.
type ownership struct {
	t       *testing.T
	mu      sync.Mutex // guards all
	owner   map[topology.TopicPartition]string
	changed chan struct{}
}

func (o *ownership) give(node string, parts map[string][]int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, tp := range flatten(parts) {
		if was, ok := o.owner[tp]; ok {
			o.t.Errorf("%v is given to %s, and %s has it", tp, node, was)
		}
		o.owner[tp] = node
	}
	o.tell()
}

func (o *ownership) take(node string, parts map[string][]int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, tp := range flatten(parts) {
		if o.owner[tp] == node {
			delete(o.owner, tp)
		}
	}
	o.tell()
}

func (o *ownership) tell() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// settled waits until so many partitions are owned, evenly by so many nodes.
func (o *ownership) settled(partitions, nodes int) map[topology.TopicPartition]string {
	o.t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		o.mu.Lock()
		now := maps.Clone(o.owner)
		o.mu.Unlock()
		loads := map[string]int{}
		for _, node := range now {
			loads[node]++
		}
		low, high := partitions, 0
		for _, n := range loads {
			low, high = min(low, n), max(high, n)
		}
		if len(now) == partitions && len(loads) == nodes && high-low <= 1 {
			return now
		}
		select {
		case <-o.changed:
		case <-deadline:
			o.t.Fatalf("not settled within 60 s: %d of %d partitions owned, %v", len(now), partitions, loads)
		}
	}
}

// moved counts the partitions that had an owner and have another now.
func moved(before, after map[topology.TopicPartition]string) (n int) {
	for tp, node := range before {
		if after[tp] != node {
			n++
		}
	}
	return n
}

// TestBalancerInGroup lets clients join and leave a group on a broker.
func TestBalancerInGroup(t *testing.T) {
	partials := topology.PartialsTopic("test", topology.StreamID{1})
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(10, "events", "clicks"), kfake.SeedTopics(4, partials),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	const partitions = 24
	o := &ownership{t: t, owner: map[topology.TopicPartition]string{}, changed: make(chan struct{}, 1)}
	join := func(node string) *kgo.Client {
		client, err := kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...), kgo.ConsumerGroup("test"),
			kgo.Balancers(newBalancer("test", node)), kgo.DisableAutoCommit(), kgo.ConsumeTopics("events", "clicks", partials),
			kgo.HeartbeatInterval(20*time.Millisecond),
			kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { o.give(node, parts) }),
			kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { o.take(node, parts) }),
			kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { o.take(node, parts) }),
		)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return client
	}
	clients := map[string]*kgo.Client{}
	var before map[topology.TopicPartition]string
	for n, want := range []int{0, 12, 8} { // what the one that joins gets
		node := fmt.Sprint("node-", n+1)
		clients[node] = join(node)
		after := o.settled(partitions, n+1)
		if n := moved(before, after); n != want {
			t.Errorf("%d partitions moved when %s joined, want %d", n, node, want)
		}
		before = after
	}
	clients["node-2"].Close()
	after := o.settled(partitions, 2)
	if n := moved(before, after); n != 8 {
		t.Errorf("%d partitions moved when node-2 left, want its 8", n)
	}
}
