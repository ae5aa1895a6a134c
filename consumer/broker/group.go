package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace/millrace/topology"
)

// Group is a consumer group as its coordinator sees it.
type Group struct {
	// Settled says that the group is not choosing anew who gets what: while it
	// is, the broker tells who the members are and not what they are given.
	Settled bool
	// Members are in order of their client ids, then of their own.
	Members []Member
}

// Member is a member of a consumer group.
type Member struct {
	ID       string // made up by the broker
	ClientID string // as the client names itself; see topology.NodeOfClient
	Host     string // the address that the broker sees
	// Assigned is what the group has given it, in order; nil in a group that is
	// not settled.
	Assigned []topology.TopicPartition
}

// ByNode returns the members that are nodes of a cluster, by node name. A node has
// one, or for a moment two, when it has just been started again.
func (g Group) ByNode(cluster string) map[string][]Member {
	nodes := map[string][]Member{}
	for _, m := range g.Members {
		if name, ok := topology.NodeOfClient(cluster, m.ClientID); ok {
			nodes[name] = append(nodes[name], m)
		}
	}
	return nodes
}

// groupStable is the state of a group whose assignment stands.
const groupStable = "Stable"

// Group describes a group of the classic protocol. One that does not exist is an
// empty one, for a group exists as long as it has members or commits.
func (a *Admin) Group(ctx context.Context, name string) (Group, error) {
	g, err := a.describeGroup(ctx, name)
	switch {
	case errors.Is(err, kerr.GroupIDNotFound):
		return Group{}, nil
	case err != nil:
		return Group{}, fmt.Errorf("describe group %q: %w", name, withCause(ctx, err))
	}
	group := Group{Settled: g.State == groupStable}
	for _, m := range g.Members {
		member := Member{ID: m.MemberID, ClientID: m.ClientID, Host: strings.TrimPrefix(m.ClientHost, "/")}
		if group.Settled {
			member.Assigned = assigned(m.Assigned)
		}
		group.Members = append(group.Members, member)
	}
	slices.SortFunc(group.Members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.ID, b.ID))
	})
	return group, nil
}

// describeGroup asks again while the group's coordinator is being found: a broker
// that has never had a group makes the topic for them first.
func (a *Admin) describeGroup(ctx context.Context, name string) (kadm.DescribedGroup, error) {
	return again(ctx, noCoordinator, func() (kadm.DescribedGroup, error) {
		described, err := a.admin.DescribeGroups(ctx, name)
		g := described[name]
		if err == nil {
			err = g.Err
		}
		return g, err
	})
}

func noCoordinator(err error) bool {
	return errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.NotCoordinator)
}

func assigned(raw kadm.GroupMemberAssignment) []topology.TopicPartition {
	var parts []topology.TopicPartition
	if given, ok := raw.AsConsumer(); ok {
		for _, t := range given.Topics {
			for _, p := range t.Partitions {
				parts = append(parts, topology.TopicPartition{Topic: t.Topic, Partition: p})
			}
		}
	}
	slices.SortFunc(parts, topology.TopicPartition.Compare)
	return parts
}
