package aggregator

import (
	"bytes"
	"math"
	"math/bits"
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// table numbers groups: equal canonical keys have one group id, ids count from
// 0 in the order in which the groups were first seen. Open addressing with
// linear probing over slots that hold no pointer; keys lie in an arena.
//
// A batch's keys are hashed first; then, 64 rows at a time, their slots and
// their stored keys are touched before the first is compared, so that the cache
// misses of a large table overlap instead of adding up.
type table struct {
	groups int
	// slots are a power of two; 0 is empty, else the hash's upper half above,
	// the group id plus 1 below. At most half are in use.
	slots  []uint64
	hashes []topology.GroupHash // by group
	starts []uint64             // of the group's key in arena; one more than groups
	arena  []byte
	// keys are the groups' key values as they looked when the group was first
	// seen (1.0 and 1.00 are one group and look different).
	keys    []*column.Vector
	batch   keyBatch
	touched uint64 // keeps the touching reads alive
}

// chunk is how many rows are touched ahead.
const chunk = 64

const leastSlots = 2 * chunk

func newTable(types []datum.Type) *table {
	t := &table{slots: make([]uint64, leastSlots), starts: make([]uint64, 1)}
	for _, typ := range types {
		t.keys = append(t.keys, column.New(typ))
	}
	return t
}

// assign sets groups[r] to the group id of row r of the key vectors, for each
// of the rows.
func (t *table) assign(keys []*column.Vector, rows []int32, groups []uint32) {
	if len(t.keys) == 0 {
		t.assignAll(rows, groups)
		return
	}
	t.batch.fill(keys, rows)
	for start := 0; start < len(rows); start += chunk {
		end := min(start+chunk, len(rows))
		t.reserve(chunk)
		t.touch(t.batch.hashes[start:end])
		for i := start; i < end; i++ {
			groups[rows[i]] = t.find(i, keys, rows[i])
		}
	}
}

// assignAll is assign without keys: one group, which is there as soon as a row is.
func (t *table) assignAll(rows []int32, groups []uint32) {
	if t.groups == 0 && len(rows) > 0 {
		t.groups = 1
		t.hashes = append(t.hashes, 0)
		t.starts = append(t.starts, 0)
	}
	for _, r := range rows {
		groups[r] = 0
	}
}

// touch reads what find will read.
func (t *table) touch(hashes []uint64) {
	mask := uint64(len(t.slots) - 1)
	var found [chunk]uint64
	for i, h := range hashes {
		found[i] = t.slots[h&mask]
	}
	for i, h := range hashes {
		if s := found[i]; s != 0 && s>>32 == h>>32 {
			found[i] = t.starts[uint32(s)-1]
		} else {
			found[i] = math.MaxUint64
		}
	}
	var sum uint64
	for _, at := range found[:len(hashes)] {
		if at < uint64(len(t.arena)) {
			sum += uint64(t.arena[at])
		}
	}
	t.touched = sum
}

// find returns the group of the i-th key of the batch, which is row of the key
// vectors, and makes the group where it is new. There is room for it.
func (t *table) find(i int, keys []*column.Vector, row int32) uint32 {
	start := 0
	if i > 0 {
		start = t.batch.ends[i-1]
	}
	key, hash := t.batch.bytes[start:t.batch.ends[i]], t.batch.hashes[i]
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			t.slots[at] = hash>>32<<32 | uint64(t.groups+1)
			return t.insert(key, hash, keys, row)
		}
		if s>>32 == hash>>32 {
			if g := uint32(s) - 1; bytes.Equal(t.key(g), key) {
				return g
			}
		}
	}
}

// insert adds a group.
func (t *table) insert(key []byte, hash uint64, keys []*column.Vector, row int32) uint32 {
	g := uint32(t.groups)
	t.groups++
	t.hashes = append(t.hashes, topology.GroupHash(hash))
	t.arena = append(t.arena, key...)
	t.starts = append(t.starts, uint64(len(t.arena)))
	for i, v := range t.keys {
		if len(v.Arena) > math.MaxUint32-len(key) {
			panic("bug: keys of 4 GiB in one group table, beyond any memory limit")
		}
		v.AppendFrom(keys[i], int(row))
	}
	return g
}

// key returns a group's canonical key.
func (t *table) key(g uint32) []byte { return t.arena[t.starts[g]:t.starts[g+1]] }

// reserve makes room for n more groups.
func (t *table) reserve(n int) {
	if need := 2 * (t.groups + n); need > len(t.slots) {
		t.resize(1 << bits.Len(uint(need-1)))
	}
}

// resize makes the number of slots n, with the memory there is if it can, and
// places every group anew.
func (t *table) resize(n int) {
	t.slots = slices.Grow(t.slots[:0], n)[:n]
	clear(t.slots)
	mask := uint64(n - 1)
	for g, h := range t.hashes {
		at := uint64(h) & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint64(h)>>32<<32 | uint64(g+1)
	}
}

// rowHash returns the 128-bit hash of a group.
func (t *table) rowHash(g uint32) (upper topology.GroupHash, lower uint64) {
	if len(t.keys) == 0 {
		return 0, 0
	}
	return t.hashes[g], rowHash(t.key(g))
}

// reset forgets all groups and keeps the memory. It clears as many slots as
// this round's groups needed, not as many as there ever were.
func (t *table) reset() {
	need := max(leastSlots, 2*(t.groups+chunk))
	t.groups = 0
	t.hashes, t.starts, t.arena = t.hashes[:0], t.starts[:1], t.arena[:0]
	for _, v := range t.keys {
		v.Reset()
	}
	t.resize(min(len(t.slots), 1<<bits.Len(uint(need-1))))
}

// memory returns the bytes in use.
func (t *table) memory() int {
	size := 8*len(t.slots) + 8*len(t.hashes) + 8*len(t.starts) + len(t.arena)
	for _, v := range t.keys {
		size += used(v)
	}
	return size
}

// used returns the bytes that a vector's rows take.
func used(v *column.Vector) int {
	return 8*len(v.Valid) + 8*len(v.Ints) + 8*len(v.Floats) + 16*len(v.Spans) + 8*len(v.Slices) + len(v.Arena)
}
