package topology

import (
	"fmt"
	"time"
)

// NodeInfo is what a node says of itself when it starts.
type NodeInfo struct {
	Node        string
	Incarnation ID // random: names this start of the node
	Host        string
	PID         int
	Version     string // of the binary
	// Lanes and Suffix make up the transactional ids of its lanes, which are
	// fenced after its death.
	Lanes  int
	Suffix string
}

// NodeState is what others see of a node that has entered the cluster and has not
// left it in order.
type NodeState struct {
	NodeInfo
	Started time.Time
	// Alive says that its session holds the node's lock in PostgreSQL: the
	// process lives, though it may be stopped.
	Alive bool
	// Held is when the session that holds the lock got it; another value says
	// that it was lost and taken again. Only a node's own is asked for, others'
	// may be zero.
	Held time.Time
	// Joined says that it has been a member of the group since its start.
	Joined bool
	// Fenced says that another node fenced its lanes since it last joined the group.
	Fenced bool
}

// NameTakenError says that another process has the node's name.
type NameTakenError struct {
	Cluster string
	Holder  NodeInfo
	Since   time.Time
}

// Error names the process that has the name, and the way out.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the node name %q is taken in cluster %q: process %d on host %q has it since %s; "+
		"give this process a name of its own (MILLRACE_NODE), or end the other one",
		e.Holder.Node, e.Cluster, e.Holder.PID, e.Holder.Host, e.Since.UTC().Format(time.RFC3339))
}
