package status

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// Shard is a shard of a view, as pipeline_cluster.shards shows it in
// PostgreSQL, and where it lives. The catalog says which there are, so that a
// view is among them before its table is made.
type Shard struct {
	Name      string // of the shard: the view's, with its number
	View      string
	Shard     topology.ShardID
	Policy    topology.ShardingPolicy
	Owner     string // the node that folds it; "" where nobody does
	Reachable bool   // that node lives
	// FirstSlot and LastSlot are where its groups are on the ring: all of it where
	// the view is write_optimized.
	FirstSlot topology.Slot
	LastSlot  topology.Slot
	Topic     string // partials
	Partition topology.Partition
	Term      int64 // of the claim; 0 where the partition was never claimed
	Position  int64 // the next offset to fold
}

// Type is what a shard is among the copies of it. All nodes share one database,
// so there is one.
func (s Shard) Type() string { return "primary" }

// Local reports whether its rows are in this database: all nodes share it.
func (s Shard) Local() bool { return true }

// Balanced reports whether it holds no group outside its slots, which never move.
func (s Shard) Balanced() bool { return true }

// Shards returns the shards of the named views, or of all.
func (r *Reader) Shards(ctx context.Context, names ...string) ([]Shard, error) {
	current, err := r.Catalog.Read(ctx)
	if err != nil {
		return nil, err
	}
	views, err := pick(current, names)
	if err != nil {
		return nil, err
	}
	claims, err := r.claims(ctx)
	if err != nil {
		return nil, err
	}
	alive, err := r.alive(ctx)
	if err != nil {
		return nil, err
	}
	var all []Shard
	for _, v := range views {
		s, ok := current.StreamByID(v.Stream)
		if !ok {
			continue
		}
		for i := range v.Shards {
			shard := shardOf(v, topology.ShardID(i))
			shard.Topic = s.Partials
			if row, ok := claims[topology.TopicPartition{Topic: s.Partials, Partition: shard.Partition}]; ok {
				shard.Owner, shard.Term, shard.Position = row.Node, row.Term, row.Position
				shard.Reachable = alive[row.Node]
			}
			all = append(all, shard)
		}
	}
	return all, nil
}

// shardOf returns what a view's definition says about a shard.
func shardOf(v *topology.View, id topology.ShardID) Shard {
	shard := Shard{
		Name: fmt.Sprintf("%s_shard%d", v.Name, id), View: v.Name, Shard: id, Policy: v.ShardingPolicy(),
		Partition: topology.PartitionOf(v.ID, id, v.Partitions), LastSlot: topology.Slots - 1,
	}
	if shard.Policy == topology.ReadOptimized {
		shard.FirstSlot, shard.LastSlot = topology.SlotsOf(id, v.Shards)
	}
	return shard
}

func (r *Reader) claims(ctx context.Context) (map[topology.TopicPartition]sink.PartitionRow, error) {
	rows, err := r.Store.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	claims := make(map[topology.TopicPartition]sink.PartitionRow, len(rows))
	for _, row := range rows {
		claims[topology.TopicPartition{Topic: row.Topic, Partition: row.Partition}] = row
	}
	return claims, nil
}

// alive returns the nodes that live, by name.
func (r *Reader) alive(ctx context.Context) (map[string]bool, error) {
	nodes, err := r.Store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	alive := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		alive[n.Node] = n.Alive
	}
	return alive, nil
}
