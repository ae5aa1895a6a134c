package consumer

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// ownedPartition is a partials partition under this node's claim: what has been
// merged since the last fold, and what the ledger says.
type ownedPartition struct {
	tp        topology.TopicPartition
	claim     *aggregator.Claim
	next      int64         // the next offset to take
	inbox     []*kgo.Record // fetched, not taken yet
	since     time.Time     // when the first block since the last fold came; zero for none
	shards    map[shardKey]*ownedShard
	ledger    map[shardKey][]aggregator.Applied // as the claim brought it
	moved     []*ownedShard                     // those whose ledger moved since the last fold
	open      map[flushKey]openFlush            // flushes whose parts have not all come
	used      int64                             // bytes of what is merged and not folded
	held      int64                             // bytes of the parts in open
	unchecked bool                              // the ledger's guard is left out
	pending   *aggregator.Fold                  // a fold that has not succeeded yet, nil for none
	tryAt     time.Time                         // when to try it again
	wait      time.Duration                     // how long to wait after the next failure
}

// shardKey names a shard of a view.
type shardKey struct {
	view  topology.ViewID
	shard topology.ShardID
}

// ownedShard is one shard of one view.
type ownedShard struct {
	key    shardKey
	def    *topology.View
	merger *aggregator.Merger
	ledger map[inputKey]partial.Range
	moved  map[inputKey]int64 // ranges that advanced since the last fold, and where they stood then
	used   int64              // bytes of its groups
	fault  error              // stops the shard: its blocks are left alone
}

// inputKey names an input partition.
type inputKey struct {
	topic     topology.TopicID
	partition topology.Partition
}

func newOwnedPartition(tp topology.TopicPartition, claim *aggregator.Claim) *ownedPartition {
	p := &ownedPartition{
		tp: tp, claim: claim, next: claim.Position, ledger: map[shardKey][]aggregator.Applied{},
		shards: map[shardKey]*ownedShard{}, open: map[flushKey]openFlush{},
	}
	for _, a := range claim.Ledger {
		key := shardKey{a.View, a.Shard}
		p.ledger[key] = append(p.ledger[key], a)
	}
	return p
}

// shard returns a shard with the ledger that the claim brought.
func (p *ownedPartition) shard(def *topology.View, shard topology.ShardID, merger *aggregator.Merger) *ownedShard {
	key := shardKey{def.ID, shard}
	s := &ownedShard{key: key, def: def, merger: merger, ledger: map[inputKey]partial.Range{}, moved: map[inputKey]int64{}}
	for _, a := range p.ledger[key] {
		s.ledger[inputKey{a.Range.Topic, a.Range.Partition}] = a.Range
	}
	p.shards[key] = s
	return s
}

// merge merges a part of a flush. Memory is counted where it changes: adding it up
// at every block would cost as much as a block for each of the other shards.
func (p *ownedPartition) merge(s *ownedShard, b *partial.Block) error {
	err := s.merger.Merge(b)
	now := int64(s.merger.Memory())
	p.used += now - s.used
	s.used = now
	return err
}

// verdict is what the ledger says of a flush's ranges.
type verdict uint8

const (
	fresh     verdict = iota // goes on where the ledger stands
	duplicate                // applied before
	broken                   // a gap or an overlap
)

// check holds a flush's ranges against the ledger.
func (s *ownedShard) check(ranges []partial.Range) (verdict, error) {
	freshRanges, old := 0, 0
	for _, r := range ranges {
		at := s.at(inputKey{r.Topic, r.Partition}, r.Partition)
		switch {
		case r.From == at:
			freshRanges++
		case r.To <= at:
			old++
		case r.From > at:
			return broken, fmt.Errorf("gap: partition %d is folded up to %d, the next flush begins at %d", r.Partition, at, r.From)
		default:
			return broken, fmt.Errorf("overlap: partition %d is folded up to %d, a flush covers [%d, %d)", r.Partition, at, r.From, r.To)
		}
	}
	switch {
	case old == 0:
		return fresh, nil
	case freshRanges == 0:
		return duplicate, nil
	}
	return broken, fmt.Errorf("torn flush: %d of its ranges were folded before, %d were not", old, freshRanges)
}

// at returns where the next range of an input partition must begin.
func (s *ownedShard) at(key inputKey, p topology.Partition) int64 {
	if r, ok := s.ledger[key]; ok {
		return r.To
	}
	return s.def.StartAt(p)
}

// apply moves a shard's ledger over a flush's ranges.
func (p *ownedPartition) apply(s *ownedShard, ranges []partial.Range) {
	if len(s.moved) == 0 {
		p.moved = append(p.moved, s)
	}
	for _, r := range ranges {
		key := inputKey{r.Topic, r.Partition}
		entry, ok := s.ledger[key]
		if !ok {
			entry = partial.Range{Topic: r.Topic, Partition: r.Partition, From: s.def.StartAt(r.Partition)}
		}
		if _, ok := s.moved[key]; !ok {
			s.moved[key] = s.at(key, r.Partition)
		}
		entry.To, entry.MaxTime = r.To, max(entry.MaxTime, r.MaxTime)
		s.ledger[key] = entry
	}
}

// fold collects what was merged since the last one. Nothing is forgotten until
// folded says so.
func (p *ownedPartition) fold() (*aggregator.Fold, error) {
	out := &aggregator.Fold{Topic: p.tp.Topic, Partition: p.tp.Partition, From: p.claim.Position, To: p.whole()}
	for _, s := range p.sorted() {
		if s.fault != nil || len(s.moved) == 0 {
			continue
		}
		if s.merger.Groups() > 0 {
			rows, err := s.merger.Sorted()
			if err != nil {
				return nil, fmt.Errorf("view %q: %w", s.def.Name, err)
			}
			out.Views = append(out.Views, *rows)
		}
		for key, stood := range s.moved {
			out.Applied = append(out.Applied, aggregator.Applied{View: s.key.view, Shard: s.key.shard, Range: s.ledger[key], Continues: stood})
		}
	}
	return out, nil
}

// sorted returns the shards that have moved in one order for every owner, so that
// two transactions never lock rows in different orders.
func (p *ownedPartition) sorted() []*ownedShard {
	slices.SortFunc(p.moved, func(a, b *ownedShard) int {
		return cmp.Or(bytes.Compare(a.key.view[:], b.key.view[:]), cmp.Compare(a.key.shard, b.key.shard))
	})
	return p.moved
}

// folded forgets what a fold has carried into the store.
func (p *ownedPartition) folded(f *aggregator.Fold) {
	p.pending = nil
	p.claim.Position = f.To
	p.since = time.Time{}
	for _, s := range p.moved {
		clear(s.moved)
		if s.merger != nil {
			s.merger.Reset()
		}
		s.used = 0
	}
	clear(p.moved)
	p.moved, p.used = p.moved[:0], 0
}

// without takes a view out of a fold.
func without(f *aggregator.Fold, view topology.ViewID) {
	f.Views = slices.DeleteFunc(f.Views, func(r aggregator.ViewRows) bool { return r.View == view })
	f.Applied = slices.DeleteFunc(f.Applied, func(a aggregator.Applied) bool { return a.View == view })
}

// exclude stops a view's shards: the others go on without it.
func (p *ownedPartition) exclude(view topology.ViewID, fault error) {
	for key := range p.shards {
		if key.view == view {
			p.fail(key, fault)
		}
	}
}

// fail stops a shard. The rest of its flushes is not waited for: nobody counts
// the parts of a shard that is not folded.
func (p *ownedPartition) fail(key shardKey, fault error) {
	s := p.shards[key]
	p.used -= s.used
	s.fault, s.merger, s.used = fault, nil, 0
	p.forgetFlushes(func(k shardKey) bool { return k == key })
}

// forget drops the shards of views that the catalog no longer has.
func (p *ownedPartition) forget(c *topology.Catalog) {
	exists := map[topology.ViewID]bool{}
	for _, v := range c.Views() {
		exists[v.ID] = true
	}
	for key, s := range p.shards {
		if !exists[key.view] {
			p.used -= s.used
			delete(p.shards, key)
		}
	}
	p.moved = slices.DeleteFunc(p.moved, func(s *ownedShard) bool { return !exists[s.key.view] })
	p.forgetFlushes(func(k shardKey) bool { return !exists[k.view] })
}
