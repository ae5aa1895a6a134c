package consumer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/millrace/millrace/topology"
)

// memCluster is what the nodes of a test know of each other, in memory.
type memCluster struct {
	mu    sync.Mutex // guards all
	nodes map[string]*memNode
	blind map[string]bool // who is cut off
}

type memNode struct {
	topology.NodeState
	seized bool
	gone   chan struct{} // closed when a rescuer gives its name back
}

func newMemCluster() *memCluster {
	return &memCluster{nodes: map[string]*memNode{}, blind: map[string]bool{}}
}

// cut takes a node's session away, or gives it back.
func (c *memCluster) cut(node string, off bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blind[node] = off
	if n := c.nodes[node]; n != nil && off {
		n.Alive = false
	}
}

// registry returns what one process knows the others by.
func (c *memCluster) registry() *memRegistry { return &memRegistry{cluster: c} }

// memRegistry is a Registry with the rules of the real one.
type memRegistry struct {
	cluster *memCluster
	self    *memNode
}

func (r *memRegistry) Enter(ctx context.Context, n topology.NodeInfo) error {
	for {
		r.cluster.mu.Lock()
		old := r.cluster.nodes[n.Node]
		if old == nil || !old.Alive && !old.seized {
			r.self = &memNode{NodeState: topology.NodeState{NodeInfo: n, Started: time.Now(), Alive: true}, gone: make(chan struct{})}
			r.cluster.nodes[n.Node] = r.self
			r.cluster.mu.Unlock()
			return nil
		}
		gone := old.gone
		r.cluster.mu.Unlock()
		if old.Alive {
			return &topology.NameTakenError{Cluster: "test", Holder: old.NodeInfo, Since: old.Started}
		}
		select {
		case <-gone:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// errBlind is what a node sees that is cut off from the registry.
var errBlind = errors.New("registry: not reached")

func (r *memRegistry) Look(context.Context) ([]topology.NodeState, error) {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	if r.cluster.blind[r.self.Node] {
		return nil, errBlind
	}
	if !r.self.Alive { // it was cut off
		r.self.Alive, r.self.Joined, r.self.Held = true, false, time.Now()
		r.cluster.nodes[r.self.Node] = r.self
	}
	var all []topology.NodeState
	for _, n := range r.cluster.nodes {
		all = append(all, n.NodeState)
	}
	return all, nil
}

func (r *memRegistry) Joined(context.Context) error {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	r.self.Joined, r.self.Fenced = true, false
	return nil
}

func (r *memRegistry) Seize(ctx context.Context, dead topology.NodeState, do func(ctx context.Context) error) error {
	r.cluster.mu.Lock()
	n := r.cluster.nodes[dead.Node]
	if n == nil || n.Incarnation != dead.Incarnation || n.Alive || n.seized {
		r.cluster.mu.Unlock()
		return nil
	}
	n.seized = true
	r.cluster.mu.Unlock()
	err := do(ctx)
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	n.seized = false
	close(n.gone)
	n.gone = make(chan struct{})
	if err == nil {
		delete(r.cluster.nodes, dead.Node)
	}
	return err
}

func (r *memRegistry) Fenced(_ context.Context, silent topology.NodeState) error {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	if n := r.cluster.nodes[silent.Node]; n != nil && n.Incarnation == silent.Incarnation {
		n.Fenced = true
	}
	return nil
}

func (r *memRegistry) Leave(context.Context) error {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	delete(r.cluster.nodes, r.self.Node)
	return nil
}

// die is what the end of a process does to its name.
func (r *memRegistry) die() {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	if r.self != nil {
		r.self.Alive = false
	}
}
