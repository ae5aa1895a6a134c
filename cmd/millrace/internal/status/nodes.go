package status

import (
	"cmp"
	"context"
	"slices"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// NodeStatus is what a node is doing.
type NodeStatus string

// What a node can be doing.
const (
	// NodeStarting has its name and is not a member of the group yet.
	NodeStarting NodeStatus = "starting"
	// NodeRunning is a member of the group.
	NodeRunning NodeStatus = "running"
	// NodeSilent lives and was a member: the group has put it out, because it is
	// stopped, or cannot reach Kafka.
	NodeSilent NodeStatus = "silent"
	// NodeDead has ended without leaving, and no other node has put its affairs
	// in order yet.
	NodeDead NodeStatus = "dead"
	// NodeLeft has left in order.
	NodeLeft NodeStatus = "left"
	// NodeExpelled died, and another node has taken it out of the group.
	NodeExpelled NodeStatus = "expelled"
	// NodeUnknown is a member of the group that the database does not know.
	NodeUnknown NodeStatus = "unknown"
)

// Node is a node of the cluster, as PostgreSQL and Kafka know it.
type Node struct {
	sink.NodeRow
	Status NodeStatus
	// Inputs and Partials are the partitions that the group has given it, in
	// order. They are nil where the group tells none: the node is no member, or
	// the group is just choosing anew (Settled is false).
	Inputs, Partials []topology.TopicPartition
	Settled          bool
}

// Nodes returns the cluster's nodes in order of their names: those that have
// not left, or with left set also those that did within the last week.
func (r *Reader) Nodes(ctx context.Context, left bool) ([]Node, error) {
	rows, err := r.Store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	group, err := r.Kafka.Group(ctx, r.Cluster)
	if err != nil {
		return nil, err
	}
	nodes := nodesOf(r.Cluster, rows, group)
	if !left {
		nodes = slices.DeleteFunc(nodes, func(n Node) bool { return n.Status == NodeLeft || n.Status == NodeExpelled })
	}
	return nodes, nil
}

// nodesOf puts together what both sides know.
func nodesOf(cluster string, rows []sink.NodeRow, group broker.Group) []Node {
	members := group.ByNode(cluster)
	var nodes []Node
	for _, row := range rows {
		of, member := members[row.Node]
		delete(members, row.Node)
		n := Node{NodeRow: row, Status: statusOf(row, member), Settled: group.Settled}
		n.given(cluster, of)
		nodes = append(nodes, n)
	}
	for name, of := range members {
		n := Node{NodeRow: sink.NodeRow{NodeInfo: topology.NodeInfo{Node: name, Host: of[0].Host}}, Status: NodeUnknown, Settled: group.Settled}
		n.given(cluster, of)
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return cmp.Compare(a.Node, b.Node) })
	return nodes
}

func statusOf(row sink.NodeRow, member bool) NodeStatus {
	switch {
	case !row.Left.IsZero() && row.ExpelledBy != "":
		return NodeExpelled
	case !row.Left.IsZero():
		return NodeLeft
	case !row.Alive:
		return NodeDead
	case member:
		return NodeRunning
	case row.Joined.IsZero():
		return NodeStarting
	}
	return NodeSilent
}

// given takes what the group has given the node's members. That somebody is also
// given the catalog's topic only makes everybody a member while there is no stream.
func (n *Node) given(cluster string, members []broker.Member) {
	for _, m := range members {
		for _, tp := range m.Assigned {
			switch {
			case topology.IsPartials(cluster, tp.Topic):
				n.Partials = append(n.Partials, tp)
			case tp.Topic != topology.CatalogTopic(cluster):
				n.Inputs = append(n.Inputs, tp)
			}
		}
	}
}
