package consumer

import (
	"context"
	"sync"

	"github.com/millrace/millrace/topology"
)

// assigned gives partitions to their lanes and folders.
func (n *Node) assigned(_ context.Context, parts []topicPartition) {
	n.watch.nudge()
	n.route(parts, func(l *lane, mine []topicPartition) {
		l.post(func() { l.assign(mine) })
	}, func(f *folder, mine []topicPartition) {
		f.post(func() { f.assign(mine) })
	})
}

// revoked returns when lanes and folders have finished with the partitions.
func (n *Node) revoked(ctx context.Context, parts []topicPartition) {
	n.cfg.inject(pointRevoked)
	n.takeBack(parts, func(l *lane, mine []topicPartition) {
		l.do(ctx, func() { l.revoke(mine) }) //nolint:errcheck // the client is closing
	}, func(f *folder, mine []topicPartition) {
		f.do(ctx, func() { f.revoke(ctx, mine) }) //nolint:errcheck // as above
	})
}

// lost takes partitions from lanes and folders at once.
func (n *Node) lost(ctx context.Context, parts []topicPartition) {
	n.takeBack(parts, func(l *lane, mine []topicPartition) {
		l.do(ctx, func() { l.lose(mine) }) //nolint:errcheck // the client is closing
	}, func(f *folder, mine []topicPartition) {
		f.do(ctx, func() { f.lose(mine) }) //nolint:errcheck // as above
	})
}

// takeBack has lanes and folders give up partitions, all at a time, and waits.
func (n *Node) takeBack(parts []topicPartition, fromLane func(*lane, []topicPartition), fromFolder func(*folder, []topicPartition)) {
	var work sync.WaitGroup
	n.route(parts, func(l *lane, mine []topicPartition) {
		work.Go(func() { fromLane(l, mine) })
	}, func(f *folder, mine []topicPartition) {
		work.Go(func() { fromFolder(f, mine) })
	})
	work.Wait()
	n.inputs.remove(parts)
	n.partials.remove(parts)
	n.problems.leave(parts)
}

// route splits partitions by lane and folder: the same ones for a partition
// from when it is assigned until it is taken back.
func (n *Node) route(parts []topicPartition, toLane func(*lane, []topicPartition), toFolder func(*folder, []topicPartition)) {
	lanes := map[*lane][]topicPartition{}
	folders := map[*folder][]topicPartition{}
	for _, tp := range parts {
		if tp.topic == topology.CatalogTopic(n.cfg.Cluster) {
			continue // a member's only, see subscribe
		}
		if topology.IsPartials(n.cfg.Cluster, tp.topic) {
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
