package consumer

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

// balancer lets the group's leader place partitions as [topology.Place] decides.
// It is cooperative: a partition that moves is first revoked, and given to its
// next owner by the rebalance that follows, so nobody stops for what stays.
//
// What a member says of itself is Kafka's own "consumer" metadata, version 2 (its
// topics, what it owns, the generation it owns it in), with these user data:
//
//	┌─────────┬──────────────────────┐
//	│ version │ node name            │
//	│ 1 byte  │ UTF-8, to the end    │
//	└─────────┴──────────────────────┘
//
// The protocol has a name of its own: a client that places otherwise cannot be
// in the group (the broker refuses it with INCONSISTENT_GROUP_PROTOCOL), or what
// one leader places the next would move.
type balancer struct{ cluster, node string }

var _ kgo.GroupBalancer = balancer{}

const (
	balancerProtocol = "millrace"
	// memberVersion is the version of the user data.
	memberVersion = 1
	// ownedVersion is the first version of Kafka's member metadata that says in
	// which generation partitions are owned.
	ownedVersion = 2
)

// newBalancer returns the group protocol of a cluster, for a node's client.
func newBalancer(cluster, node string) kgo.GroupBalancer { return balancer{cluster, node} }

func (balancer) ProtocolName() string { return balancerProtocol }

func (balancer) IsCooperative() bool { return true }

// JoinGroupMetadata writes what this node says of itself. Equal states give equal
// bytes, or the broker would see a change and rebalance.
func (b balancer) JoinGroupMetadata(topics []string, owned map[string][]int32, generation int32) []byte {
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Version = ownedVersion
	meta.Topics = topics
	meta.Generation = generation
	meta.UserData = append([]byte{memberVersion}, b.node...)
	for topic, partitions := range owned {
		part := kmsg.NewConsumerMemberMetadataOwnedPartition()
		part.Topic, part.Partitions = topic, partitions
		meta.OwnedPartitions = append(meta.OwnedPartitions, part)
	}
	slices.SortFunc(meta.OwnedPartitions, func(x, y kmsg.ConsumerMemberMetadataOwnedPartition) int {
		return strings.Compare(x.Topic, y.Topic)
	})
	return meta.AppendTo(nil)
}

// nodeOf reads a member's user data. A member whose user data are of another
// version goes by its id: names only put members in order.
func nodeOf(userData []byte, memberID string) string {
	if len(userData) < 2 || userData[0] != memberVersion {
		return memberID
	}
	return string(userData[1:])
}

func (balancer) ParseSyncAssignment(assignment []byte) (map[string][]int32, error) {
	return kgo.ParseConsumerSyncAssignment(assignment)
}

func (b balancer) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	c, err := kgo.NewConsumerBalancer(b, members)
	if err != nil {
		return nil, nil, err
	}
	return c, c.MemberTopics(), nil
}

// Balance places the partitions of topics, whose numbers are the leader's.
func (b balancer) Balance(c *kgo.ConsumerBalancer, topics map[string]int32) kgo.IntoSyncAssignment {
	var members []topology.Member
	ids := map[string]*kmsg.JoinGroupResponseMember{}
	c.EachMember(func(m *kmsg.JoinGroupResponseMember, meta *kmsg.ConsumerMemberMetadata) {
		members = append(members, memberOf(m, meta))
		ids[m.MemberID] = m
	})
	plan := c.NewPlan()
	for id, parts := range topology.Place(members, b.topicsOf(topics)) {
		for _, tp := range parts {
			plan.AddPartition(ids[id], tp.Topic, tp.Partition)
		}
	}
	if m := b.control(members, topics); m != nil {
		plan.AddPartition(ids[m.ID], topology.CatalogTopic(b.cluster), 0)
	}
	plan.AdjustCooperative(c)
	return plan
}

// control chooses who is given the catalog's partition: who has it, else the
// first by name. Nobody reads it through the group; that it is subscribed to
// makes a node a member before there is any stream.
func (b balancer) control(members []topology.Member, topics map[string]int32) *topology.Member {
	control := topology.TopicPartition{Topic: topology.CatalogTopic(b.cluster)}
	if topics[control.Topic] == 0 {
		return nil
	}
	var chosen *topology.Member
	owned := false
	for i := range members {
		m := &members[i]
		has := slices.Contains(m.Owned, control)
		switch {
		case !slices.Contains(m.Topics, control.Topic):
		case chosen == nil, has && !owned, has == owned && has && m.Generation > chosen.Generation, has == owned && !has && m.Node < chosen.Node:
			chosen, owned = m, has
		}
	}
	return chosen
}

func memberOf(m *kmsg.JoinGroupResponseMember, meta *kmsg.ConsumerMemberMetadata) topology.Member {
	member := topology.Member{
		ID: m.MemberID, Node: nodeOf(meta.UserData, m.MemberID), Topics: meta.Topics, Generation: meta.Generation,
	}
	for _, owned := range meta.OwnedPartitions {
		for _, p := range owned.Partitions {
			member.Owned = append(member.Owned, topology.TopicPartition{Topic: owned.Topic, Partition: p})
		}
	}
	return member
}

func (b balancer) topicsOf(partitions map[string]int32) []topology.Topic {
	topics := make([]topology.Topic, 0, len(partitions))
	for name, n := range partitions {
		if name == topology.CatalogTopic(b.cluster) {
			continue // it is no work
		}
		topics = append(topics, topology.Topic{Name: name, Partitions: n, Partials: topology.IsPartials(b.cluster, name)})
	}
	return topics
}
