package consumer

import (
	"context"
	"sync"

	"github.com/millrace/millrace/topology"
)

// assigned gives partitions to their lanes and folders.
func (n *Node) assigned(_ context.Context, parts []topology.TopicPartition) {
	n.watch.nudge()
	n.route(parts, func(l *lane, mine []topology.TopicPartition) {
		l.post(func() { l.assign(mine) })
	}, func(f *folder, mine []topology.TopicPartition) {
		f.post(func() { f.assign(mine) })
	})
}

// revoked returns when lanes and folders have finished with the partitions.
func (n *Node) revoked(ctx context.Context, parts []topology.TopicPartition) {
	n.cfg.inject(pointRevoked)
	n.takeBack(parts, func(l *lane, mine []topology.TopicPartition) {
		l.do(ctx, func() { l.revoke(mine) }) //nolint:errcheck // the client is closing
	}, func(f *folder, mine []topology.TopicPartition) {
		f.do(ctx, func() { f.revoke(ctx, mine) }) //nolint:errcheck // as above
	})
}

// lost takes partitions from lanes and folders at once.
func (n *Node) lost(ctx context.Context, parts []topology.TopicPartition) {
	n.takeBack(parts, func(l *lane, mine []topology.TopicPartition) {
		l.do(ctx, func() { l.lose(mine) }) //nolint:errcheck // the client is closing
	}, func(f *folder, mine []topology.TopicPartition) {
		f.do(ctx, func() { f.lose(mine) }) //nolint:errcheck // as above
	})
}

// takeBack has lanes and folders give up partitions, all at a time, and waits.
func (n *Node) takeBack(parts []topology.TopicPartition, fromLane func(*lane, []topology.TopicPartition), fromFolder func(*folder, []topology.TopicPartition)) {
	var work sync.WaitGroup
	n.route(parts, func(l *lane, mine []topology.TopicPartition) {
		work.Go(func() { fromLane(l, mine) })
	}, func(f *folder, mine []topology.TopicPartition) {
		work.Go(func() { fromFolder(f, mine) })
	})
	work.Wait()
	n.inputs.remove(parts)
	n.partials.remove(parts)
	n.problems.leave(parts)
}

// route splits partitions by lane and folder: the same ones for a partition
// from when it is assigned until it is taken back.
func (n *Node) route(parts []topology.TopicPartition, toLane func(*lane, []topology.TopicPartition), toFolder func(*folder, []topology.TopicPartition)) {
	lanes := map[*lane][]topology.TopicPartition{}
	folders := map[*folder][]topology.TopicPartition{}
	for _, tp := range parts {
		if tp.Topic == topology.CatalogTopic(n.cfg.Cluster) {
			continue // a member's only, see subscription
		}
		if topology.IsPartials(n.cfg.Cluster, tp.Topic) {
			f := n.folders[n.partials.place(tp)]
			folders[f] = append(folders[f], tp)
			continue
		}
		l := n.lanes[n.inputs.place(tp)]
		lanes[l] = append(lanes[l], tp)
	}
	for l, mine := range lanes {
		toLane(l, mine)
	}
	for f, mine := range folders {
		toFolder(f, mine)
	}
}
