package status

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// Reader reads a cluster's state.
type Reader struct {
	Cluster string // needed by Nodes
	Kafka   *broker.Admin
	Catalog *catalog.Catalog
	Store   *sink.Store
}

// Progress is how far one view is folded in one input partition: as far as the
// shard of it that is furthest behind.
type Progress struct {
	View      string
	Topic     string
	Partition topology.Partition
	Start     int64     // where the view began
	Folded    int64     // everything before it counts
	End       int64     // of the input partition
	Newest    time.Time // Kafka timestamp of the newest record folded; zero for none
}

// Lag returns how many records are not folded yet.
func (p Progress) Lag() int64 { return max(0, p.End-max(p.Folded, p.Start)) }

// inputKey names an input partition of a view's shard.
type inputKey struct {
	view      topology.ViewID
	shard     topology.ShardID
	partition topology.Partition
}

// folded is the ledger by view, shard and input partition.
type folded map[inputKey]sink.LedgerRow

func (r *Reader) folded(ctx context.Context) (folded, error) {
	rows, err := r.Store.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	ledger := make(folded, len(rows))
	for _, row := range rows {
		ledger[inputKey{row.View, row.Shard, row.Range.Partition}] = row
	}
	return ledger, nil
}

// progress returns how far a view is folded in a partition.
func (f folded) progress(v *topology.View, topic string, p topology.Partition, end int64) Progress {
	out := Progress{View: v.Name, Topic: topic, Partition: p, Start: v.StartAt(p), Folded: -1, End: end}
	for shard := range v.Shards {
		to := out.Start
		if row, ok := f[inputKey{v.ID, topology.ShardID(shard), p}]; ok {
			to = row.Range.To
			if row.Range.MaxTime > 0 {
				if t := time.UnixMilli(row.Range.MaxTime); t.After(out.Newest) {
					out.Newest = t
				}
			}
		}
		if out.Folded < 0 || to < out.Folded {
			out.Folded = to
		}
	}
	return out
}

// Lag returns the progress of the named views, or of all, in every partition.
func (r *Reader) Lag(ctx context.Context, names ...string) ([]Progress, error) {
	current, err := r.Catalog.Read(ctx)
	if err != nil {
		return nil, err
	}
	views, err := pick(current, names)
	if err != nil {
		return nil, err
	}
	ledger, err := r.folded(ctx)
	if err != nil {
		return nil, err
	}
	ends := map[string]map[int32]int64{}
	var all []Progress
	for _, v := range views {
		s, ok := current.StreamByID(v.Stream)
		if !ok {
			continue
		}
		if ends[s.Topic] == nil {
			if ends[s.Topic], err = r.Kafka.EndOffsets(ctx, s.Topic); err != nil {
				return nil, err
			}
		}
		for p := range int32(len(ends[s.Topic])) {
			all = append(all, ledger.progress(v, s.Topic, p, ends[s.Topic][p]))
		}
	}
	return all, nil
}

// pick returns the named views, or all where no name is given.
func pick(c *topology.Catalog, names []string) ([]*topology.View, error) {
	if len(names) == 0 {
		return c.Views(), nil
	}
	views := make([]*topology.View, 0, len(names))
	for _, name := range names {
		v, ok := c.View(name)
		if !ok {
			return nil, fmt.Errorf("continuous view %q does not exist; `millrace views` lists those that do", name)
		}
		views = append(views, v)
	}
	return views, nil
}
