package status

import (
	"context"

	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// Shard is a shard of a view.
type Shard struct {
	View      string
	Shard     topology.ShardID
	FirstSlot topology.Slot
	LastSlot  topology.Slot
	Topic     string // partials
	Partition topology.Partition
	Owner     string // the claim's id; "" where nobody holds the partition
	Term      int64
	Position  int64 // the next offset to fold
}

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
	rows, err := r.Store.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	type key struct {
		topic     string
		partition topology.Partition
	}
	claims := map[key]sink.PartitionRow{}
	for _, row := range rows {
		claims[key{row.Topic, row.Partition}] = row
	}
	var all []Shard
	for _, v := range views {
		s, ok := current.StreamByID(v.Stream)
		if !ok {
			continue
		}
		for i := range v.Shards {
			shard := Shard{View: v.Name, Shard: topology.ShardID(i), Topic: s.Partials}
			shard.FirstSlot, shard.LastSlot = topology.SlotsOf(shard.Shard, v.Shards)
			shard.Partition = topology.PartitionOf(v.ID, shard.Shard, v.Partitions)
			if row, ok := claims[key{s.Partials, shard.Partition}]; ok {
				shard.Term, shard.Position = row.Term, row.Position
				if !row.Owner.IsZero() {
					shard.Owner = row.Owner.String()
				}
			}
			all = append(all, shard)
		}
	}
	return all, nil
}
