package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// takeBlock merges one record of a partials partition. A block that cannot be
// read stops nothing: what it belonged to shows as a gap in the ledger.
func (f *folder) takeBlock(p *ownedPartition, r *kgo.Record) {
	if r.Offset < p.next {
		return
	}
	p.next = r.Offset + 1
	if r.Attrs.IsControl() {
		return
	}
	header, err := partial.Header(r.Value)
	if err != nil {
		f.node.problem("partials", p.tp, fmt.Errorf("block at offset %d cannot be read: %w", r.Offset, err))
		return
	}
	s := f.shardOf(p, &header)
	if s == nil || s.fault != nil {
		f.begin(p)
		return
	}
	records, ok := f.admit(p, s, &header, r)
	if !ok || len(records) > 0 {
		f.begin(p)
	}
	if len(records) == 0 {
		return
	}
	for _, part := range records {
		if err = partial.Decode(part.Value, &f.block); err == nil {
			err = p.merge(s, &f.block)
		}
		if err != nil {
			p.fail(shardKey{header.View, header.Shard}, err)
			f.node.problem("view "+s.def.Name, p.tp, fmt.Errorf("block at offset %d: %w", part.Offset, err))
			return
		}
	}
	p.apply(s, header.Ranges)
}

// begin starts the interval at whose end the partition is folded.
func (f *folder) begin(p *ownedPartition) {
	if p.since.IsZero() {
		p.since = time.Now()
	}
}

// admit holds a part against the ledger and returns what is to be merged now; ok
// is false where the part is the end of a flush that is not merged.
func (f *folder) admit(p *ownedPartition, s *ownedShard, h *partial.Block, r *kgo.Record) (records []*kgo.Record, ok bool) {
	records, v, err := p.take(s, h, r)
	switch v {
	case broken:
		fault := fmt.Errorf("shard %d of view %q, partials %s/%d, flush %v/%d: %w; the shard is not folded any more: drop the view and create it again",
			h.Shard, s.def.Name, p.tp.Topic, p.tp.Partition, h.Flush.Lane, h.Flush.Seq, err)
		f.node.metrics.ledgerFaults.Inc()
		p.fail(shardKey{h.View, h.Shard}, fault)
		f.node.problem("view "+s.def.Name, p.tp, fault)
		return nil, false
	case duplicate:
		f.node.metrics.duplicates.Inc()
		return nil, false
	default:
		return records, true
	}
}

// shardOf returns the shard that a block is for; nil where its view has been
// dropped. A view that this node has not heard of yet is looked up first.
func (f *folder) shardOf(p *ownedPartition, h *partial.Block) *ownedShard {
	if s := p.shards[shardKey{h.View, h.Shard}]; s != nil {
		return s
	}
	def, stream := f.find(h.View)
	if def == nil {
		if f.gone[h.View] {
			return nil
		}
		f.learn()
		if def, stream = f.find(h.View); def == nil {
			f.gone[h.View] = f.ctx.Err() == nil
			return nil
		}
	}
	plan, err := f.planOf(stream, def)
	if errors.Is(err, topology.ErrViewDropped) {
		f.gone[h.View] = true
		return nil
	}
	if err != nil {
		s := p.shard(def, h.Shard, nil)
		s.fault = err
		f.node.problem("view "+def.Name, p.tp, err)
		return s
	}
	merger := aggregator.NewMerger(def.ID, def.Name, h.Shard, plan)
	merger.SetPolicy(def.ShardingPolicy())
	return p.shard(def, h.Shard, merger)
}

// planOf returns a view's plan when the view's tables exist. Both is done once for
// all of its shards, until this folder loses a partition: then the database may
// be another one.
func (f *folder) planOf(stream *topology.Stream, def *topology.View) (*query.Plan, error) {
	if plan := f.plans[def.ID]; plan != nil {
		return plan, nil
	}
	plan, err := BuildPlan(stream, def)
	if err != nil {
		return nil, err
	}
	err = f.ensure(def, func(ctx context.Context) error { return f.node.store.EnsureView(ctx, def, plan, f.catalog) })
	if err != nil {
		return nil, err
	}
	f.plans[def.ID] = plan
	return plan, nil
}

// ensure carries out the creation of a view's tables, which waits for the store.
func (f *folder) ensure(def *topology.View, try func(ctx context.Context) error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := try(f.ctx)
		if err == nil || f.ctx.Err() != nil {
			return err
		}
		var temporary interface{ Temporary() bool }
		if !errors.As(err, &temporary) || !temporary.Temporary() {
			return err
		}
		f.log.Warn("tables of a view not there yet: trying again", "view", def.Name, "error", err)
		if !f.pause(wait) {
			return err
		}
	}
}

func (f *folder) find(id topology.ViewID) (*topology.View, *topology.Stream) {
	for _, v := range f.catalog.Views() {
		if v.ID == id {
			if s, ok := f.catalog.StreamByID(v.Stream); ok {
				return v, s
			}
		}
	}
	return nil, nil
}

// learn brings the folder's catalog to the log's present end. Without it, it
// could not tell a dropped view from a new one, so it tries until it can.
func (f *folder) learn() {
	for f.ctx.Err() == nil {
		c, err := f.node.catalog.Read(f.ctx)
		if err == nil {
			f.know(c)
			return
		}
		f.log.Warn("catalog not read: trying again", "error", err)
		if !f.pause(claimRetry) {
			return
		}
	}
}

// partialsFault says what stops the reading of partials, and the way out.
func partialsFault(tp topology.TopicPartition, at int64, err error) error {
	return fmt.Errorf("partials are retained for less than the result tables lag: %w", readFault(tp, at, err))
}
