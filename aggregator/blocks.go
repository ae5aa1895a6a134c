package aggregator

import (
	"fmt"
	"math"
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// blockWriter turns a view's groups into blocks. Its memory serves every flush.
type blockWriter struct {
	view   *View
	block  partial.Block
	order  []uint32 // group ids by shard, within a shard in the order they came
	starts []int    // of each shard in order, and the end
	cuts   []int    // ends of the parts of the shard at hand
	filled bool     // the block holds the shard at hand, which is one part
	size   int      // bytes of a group in the last block that held a whole shard
}

func newBlockWriter(v *View) blockWriter {
	w := blockWriter{view: v}
	w.block.View, w.block.Schema = v.id, SchemaHash(v.plan)
	w.block.Keys, w.block.States = newVectors(v.plan.KeyTypes()), newVectors(v.plan.StateTypes())
	return w
}

func (w *blockWriter) write(flush partial.FlushID, ranges []partial.Range, limit int,
	emit func(key topology.GroupHash, b *partial.Block) error,
) error {
	w.block.Flush, w.block.Ranges = flush, ranges
	room := limit - partial.HeaderSize(len(ranges), len(w.block.Keys)+len(w.block.States))
	if w.view.policy == topology.WriteOptimized {
		w.gather(homeOf(ranges, w.view.shards))
	} else {
		w.distribute()
	}
	for shard := range w.view.shards {
		ids := w.order[w.starts[shard]:w.starts[shard+1]]
		if w.whole(ids, limit) {
			w.cuts = append(w.cuts[:0], len(ids))
		} else if err := w.cut(ids, room); err != nil {
			return err
		}
		if err := w.writeShard(topology.ShardID(shard), ids, emit); err != nil {
			return err
		}
	}
	return nil
}

// distribute sorts the groups by shard (a counting sort).
func (w *blockWriter) distribute() {
	hashes, shards := w.view.states.table.hashes, w.view.shards
	w.starts = append(w.starts[:0], make([]int, shards+1)...)
	for _, h := range hashes {
		w.starts[topology.ShardOf(h.Slot(), shards)+1]++
	}
	for i := range shards {
		w.starts[i+1] += w.starts[i]
	}
	w.order = slices.Grow(w.order[:0], len(hashes))[:len(hashes)]
	for g, h := range hashes {
		s := topology.ShardOf(h.Slot(), shards)
		w.order[w.starts[s]] = uint32(g)
		w.starts[s]++
	}
	copy(w.starts[1:], w.starts[:shards]) // each has moved to its end, the next one's start
	w.starts[0] = 0
}

// homeOf returns the shard that gets all groups of a write_optimized view's flush.
// Any would do, since reading combines them: a lane's flushes go to few
// shards, and the partitions together to all.
func homeOf(ranges []partial.Range, shards int) topology.ShardID {
	if len(ranges) == 0 {
		return 0
	}
	least := ranges[0].Partition
	for _, r := range ranges[1:] {
		least = min(least, r.Partition)
	}
	return topology.ShardID(int(least) % shards)
}

// gather gives every group to one shard, in the order they came.
func (w *blockWriter) gather(home topology.ShardID) {
	groups, shards := w.view.states.table.groups, w.view.shards
	w.order = slices.Grow(w.order[:0], groups)[:groups]
	for g := range w.order {
		w.order[g] = uint32(g)
	}
	w.starts = slices.Grow(w.starts[:0], shards+1)[:shards+1]
	clear(w.starts[:home+1])
	for i := int(home) + 1; i <= shards; i++ {
		w.starts[i] = groups
	}
}

// whole makes the block one of all groups of a shard, where that is likely to
// stay below the limit, and reports whether it does: then nothing is copied only
// to know its size.
func (w *blockWriter) whole(ids []uint32, limit int) bool {
	w.filled = false
	if len(ids)*max(w.size, leastGroupSize) > limit {
		return false
	}
	w.fill(ids)
	size := partial.MaxSize(&w.block)
	if len(ids) > 0 {
		w.size = size / len(ids)
	}
	w.filled = size <= limit
	return w.filled
}

// leastGroupSize is what a group of few values takes in a block.
const leastGroupSize = 16

// cut finds where the parts of a shard end, so that none takes more than room.
// It asks for the states some thousand groups at a time, to hold no copy of all.
func (w *blockWriter) cut(ids []uint32, room int) error {
	w.cuts = w.cuts[:0]
	taken := 0
	for start := 0; start < len(ids); start += column.BatchRows {
		some := ids[start:min(start+column.BatchRows, len(ids))]
		w.reset()
		w.view.states.copyStates(w.block.States, some)
		for i, g := range some {
			size := w.groupSize(g, i)
			if size > room {
				return w.tooLarge(size, room)
			}
			if taken+size > room {
				w.cuts = append(w.cuts, start+i)
				taken = 0
			}
			taken += size
		}
	}
	w.cuts = append(w.cuts, len(ids))
	if room < 0 || len(w.cuts) > math.MaxUint16 {
		return w.tooLarge(len(w.cuts), room)
	}
	return nil
}

// groupSize bounds the bytes of a group whose states are row i of the block's.
func (w *blockWriter) groupSize(g uint32, i int) int {
	size := 0
	for _, v := range w.view.states.table.keys {
		size += partial.ValueSize(v, int(g))
	}
	for _, v := range w.block.States {
		size += partial.ValueSize(v, i)
	}
	if err := w.view.states.errors[g]; err != nil {
		size += partial.ErrorSize(err)
	}
	return size
}

func (w *blockWriter) tooLarge(size, room int) error {
	return &datum.Error{
		Code:    datum.CodeProgramLimitExceeded,
		Message: fmt.Sprintf("view %v: a group takes %d bytes in a partial, more than the %d that a block has for it", w.view.id, size, room),
		Hint:    "Raise max.message.bytes of the partials topic.",
	}
}

// writeShard hands out the parts of a shard.
func (w *blockWriter) writeShard(shard topology.ShardID, ids []uint32,
	emit func(key topology.GroupHash, b *partial.Block) error,
) error {
	b := &w.block
	b.Shard, b.Parts = shard, uint16(len(w.cuts))
	start := 0
	for part, end := range w.cuts {
		b.Part = uint16(part)
		if !w.filled {
			w.fill(ids[start:end])
		}
		key := firstHash(shard, w.view.shards)
		if b.Groups > 0 {
			key = w.view.states.table.hashes[ids[start]]
		}
		if err := emit(key, b); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// fill makes the block one of the given groups.
func (w *blockWriter) fill(ids []uint32) {
	w.reset()
	w.block.Groups = len(ids)
	w.view.states.copyTo(w.block.Keys, w.block.States, ids)
	w.block.Errors = w.block.Errors[:0]
	if len(w.view.states.errors) == 0 {
		return
	}
	for i, g := range ids {
		if err, ok := w.view.states.errors[g]; ok {
			w.block.Errors = append(w.block.Errors, partial.GroupError{Group: i, Err: err})
		}
	}
}

func (w *blockWriter) reset() {
	for _, v := range w.block.Keys {
		v.Reset()
	}
	for _, v := range w.block.States {
		v.Reset()
	}
}
