package consumer

import "github.com/millrace/millrace/topology"

// router places the partitions that the group gives to this node on its lanes
// or folders, each on the one that has the fewest: of the same topic, then of
// all. A partition stays where it is until it is taken back. The group's
// callbacks alone use it, which never overlap.
type router struct {
	owners int
	at     map[topology.TopicPartition]int
}

func newRouter(owners int) *router {
	return &router{owners: owners, at: map[topology.TopicPartition]int{}}
}

// place returns the owner of a partition, chosen now where it has none.
func (r *router) place(tp topology.TopicPartition) int {
	if i, ok := r.at[tp]; ok {
		return i
	}
	topic, all := make([]int, r.owners), make([]int, r.owners)
	for placed, i := range r.at {
		all[i]++
		if placed.Topic == tp.Topic {
			topic[i]++
		}
	}
	best := 0
	for i := 1; i < r.owners; i++ {
		if topic[i] < topic[best] || topic[i] == topic[best] && all[i] < all[best] {
			best = i
		}
	}
	r.at[tp] = best
	return best
}

// remove forgets partitions that were taken back.
func (r *router) remove(parts []topology.TopicPartition) {
	for _, tp := range parts {
		delete(r.at, tp)
	}
}
