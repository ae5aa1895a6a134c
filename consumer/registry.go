package consumer

import (
	"context"

	"github.com/millrace/millrace/topology"
)

// Registry is where the nodes of a cluster see of each other whether they live,
// sooner than the group would notice. The sink package fits it. Its methods are
// called by one goroutine at a time.
type Registry interface {
	// Enter takes the node's name for this process, for as long as it lives. The
	// error is a [topology.NameTakenError] where another process has it.
	Enter(ctx context.Context, n topology.NodeInfo) error
	// Look returns the nodes that have entered and not left, this one included.
	// It takes the name again where the connection that held it was lost, and
	// returns a [topology.NameTakenError] where another process has it by now.
	Look(ctx context.Context) ([]topology.NodeState, error)
	// Joined notes that this node is a member of the group, with nothing fenced.
	Joined(ctx context.Context) error
	// Seize runs do while it holds the name of a dead node, so that no process of that
	// name starts meanwhile, and then notes that it is gone. Where the node
	// lives after all, or another one seizes it just now, it does nothing.
	Seize(ctx context.Context, dead topology.NodeState, do func(ctx context.Context) error) error
	// Fenced notes that a node's lanes were fenced, until it joins again.
	Fenced(ctx context.Context, silent topology.NodeState) error
	// Leave gives the name back.
	Leave(ctx context.Context) error
}
