package consumer

import (
	"fmt"
	"maps"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/partial"
)

// flushKey names one flush to one shard.
type flushKey struct {
	shardKey
	flush partial.FlushID
}

// openFlush is a flush of which not all parts have come. Its groups and its
// ranges move together, so its parts are held until the last one is there;
// meanwhile the partition is folded, and its position stays before the first.
type openFlush struct {
	first   int64 // offset of the first part
	left    int   // parts still to come
	refused bool  // it was folded before
	parts   []*kgo.Record
	bytes   int64 // of parts
}

// take adds a part to its flush and returns what is to be merged now: all parts
// with the last one, nothing before. h is the part's header.
func (p *ownedPartition) take(s *ownedShard, h *partial.Block, r *kgo.Record) ([]*kgo.Record, verdict, error) {
	key := flushKey{shardKey{h.View, h.Shard}, h.Flush}
	open, ok := p.open[key]
	if !ok {
		v, err := s.check(h.Ranges)
		switch {
		case p.unchecked:
			v = fresh
		case v == broken:
			return nil, broken, err
		case v == fresh && h.Part != 0:
			return nil, broken, fmt.Errorf("flush begins with part %d of %d", h.Part, h.Parts)
		}
		// One that was folded before may begin with any part: a fold that ended
		// between its parts was read again from there.
		open = openFlush{first: r.Offset, left: int(h.Parts) - int(h.Part), refused: v == duplicate}
	}
	open.left--
	if !open.refused {
		open.parts = append(open.parts, r)
	}
	switch {
	case open.left > 0:
		if !open.refused {
			open.bytes += int64(len(r.Value))
			p.held += int64(len(r.Value))
		}
		p.open[key] = open
		return nil, fresh, nil
	case open.refused:
		delete(p.open, key)
		return nil, duplicate, nil
	}
	delete(p.open, key)
	p.held -= open.bytes
	return open.parts, fresh, nil
}

// whole returns the offset up to which all flushes are whole: where the next
// fold's position ends.
func (p *ownedPartition) whole() int64 {
	to := p.next
	for _, o := range p.open {
		to = min(to, o.first)
	}
	return to
}

// forgetFlushes drops the open flushes to some shards: nobody waits for the rest.
func (p *ownedPartition) forgetFlushes(of func(shardKey) bool) {
	maps.DeleteFunc(p.open, func(k flushKey, o openFlush) bool {
		if !of(k.shardKey) {
			return false
		}
		p.held -= o.bytes
		return true
	})
}
