package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// watch keeps this node's name and looks after nodes that can do nothing for
// themselves: those that died are taken out of the group, and the transactions
// of the dead and the silent are ended, so that nobody waits for them. What is
// to be done decides [topology.Watch]; nothing that is done here can make a
// result wrong, should it hit a node that lives.
type watch struct {
	node   *Node
	log    *slog.Logger
	decide topology.Watch

	members    map[string][]broker.Member // of the group, by node name
	generation int32                      // that the members were seen in
	failing    bool                       // the last look failed
	joined     chan struct{}              // has one where the group has just given this node something
}

// nudge has it look again soon: this node is a member, which the others are to
// know before it can fall silent again.
func (w *watch) nudge() {
	select {
	case w.joined <- struct{}{}:
	default:
	}
}

// lookTimeout bounds one look and what follows from it.
const lookTimeout = 10 * time.Second

// run looks until ctx ends. It returns an error where the node cannot go on: its
// name is another process's.
func (w *watch) run(ctx context.Context) error {
	tick := time.NewTicker(topology.LookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.joined:
		case <-ctx.Done():
			return nil
		}
		look, cancel := context.WithTimeoutCause(ctx, lookTimeout, fmt.Errorf("looking after other nodes took longer than %v", lookTimeout))
		sees, err := w.look(look)
		cancel()
		var taken *topology.NameTakenError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &taken):
			return err
		}
		w.report(err)
		w.keepAway(!sees)
	}
}

// report says when looks begin to fail, and when they succeed again.
func (w *watch) report(err error) {
	switch {
	case err != nil && !w.failing:
		w.log.Warn("other nodes cannot be watched: until they can, a death is noticed by the group only", "error", err)
	case err == nil && w.failing:
		w.log.Info("other nodes are watched again")
	}
	w.failing = err != nil
}

// keepAway takes whether this node is blind: it does not reach the registry, and
// so cannot fold. Where the others do, they take it for dead and put it out of
// the group, which it would join again, to have partitions that it does not
// fold: it asks for none until it sees again. Where nobody sees, all keep what
// they have.
func (w *watch) keepAway(blind bool) {
	switch {
	case !blind:
		w.node.members.putOut.Store(false)
		if w.node.topics.resume() {
			w.log.Info("this node asks for partitions again")
		}
	case w.node.members.putOut.Load() && w.node.topics.withdraw():
		w.log.Warn("the others have put this node out of the group, and it cannot reach PostgreSQL: it asks for no partitions until it can")
	}
}

// look sees who lives, and does what is to be done; sees is false where the
// registry does not tell.
func (w *watch) look(ctx context.Context) (sees bool, err error) {
	nodes, err := w.node.registry.Look(ctx)
	if err != nil {
		return false, err
	}
	if err := w.readMembers(ctx, nodes); err != nil {
		return true, err
	}
	present := make(map[string]bool, len(w.members))
	for name := range w.members {
		present[name] = true
	}
	for _, n := range nodes {
		if n.Node == w.node.cfg.Node && present[n.Node] && (n.Fenced || !n.Joined) {
			err = errors.Join(err, w.node.registry.Joined(ctx))
		}
	}
	for _, r := range w.decide.Look(time.Now(), w.node.cfg.Node, nodes, present) {
		err = errors.Join(err, w.rescue(ctx, r))
	}
	return true, err
}

// readMembers asks for the group's members where they may have changed.
func (w *watch) readMembers(ctx context.Context, nodes []topology.NodeState) error {
	_, generation := w.node.members.client.GroupMetadata()
	if w.members != nil && generation >= 0 && generation == w.generation && w.settled(nodes) {
		return nil
	}
	group, err := w.node.admin.Group(ctx, w.node.cfg.Cluster)
	if err != nil {
		return err
	}
	w.generation, w.members = generation, group.ByNode(w.node.cfg.Cluster)
	return nil
}

// settled reports whether the members, as they were last seen, are the nodes.
func (w *watch) settled(nodes []topology.NodeState) bool {
	for _, n := range nodes {
		if len(w.members[n.Node]) != 1 || !n.Alive || !n.Joined || n.Fenced {
			return false
		}
	}
	return len(nodes) == len(w.members)
}

// rescue does for a node what it cannot do for itself.
func (w *watch) rescue(ctx context.Context, r topology.Rescue) error {
	if !r.Expel {
		w.log.Info("a node has fallen silent: its transactions are ended", "of", r.Node.Node, "host", r.Node.Host, "pid", r.Node.PID)
		if err := w.node.fence(ctx, r.Node.NodeInfo); err != nil {
			return err
		}
		return w.node.registry.Fenced(ctx, r.Node)
	}
	return w.node.registry.Seize(ctx, r.Node, func(ctx context.Context) error {
		w.log.Info("a node is dead: it is taken out of the group", "of", r.Node.Node, "host", r.Node.Host, "pid", r.Node.PID)
		fenced := w.node.fence(ctx, r.Node.NodeInfo)
		return errors.Join(fenced, w.node.expel(ctx, r.Node.Node))
	})
}
