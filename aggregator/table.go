package aggregator

import (
	"math"
	"math/bits"
	"slices"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// table numbers groups: equal canonical keys have one group id, ids count from
// 0 in the order in which the groups were first seen. Open addressing with
// linear probing over slots that hold no pointer. The words that keys are
// compared by stand in the groups' rows, before their states.
//
// Batch rows are taken some hundred at a time, in passes that each do one thing
// for all of them: make the key's words, hash, look into the slots, compare. So
// the cache misses of a large table overlap instead of adding up, and no pass
// asks about types for each row. What no pass found is looked for, and made
// where it is new, one by one.
type table struct {
	groups int
	round  uint64 // how often it forgot its groups
	// slots are a power of two; 0 is empty, else a hash above, the group id
	// plus 1 below. The hash's highest bits are its place, hash >> shift. At most
	// half of the slots are in use.
	slots  []uint64
	placed int // groups in slots: all, but where rows pass
	shift  uint
	hashes []topology.GroupHash // by group
	rows   *agg.Rows            // the keys' words first
	// keys are the groups' key values as they looked when the group was first
	// seen (1.0 and 1.00 are one group and look different).
	keys []*column.Vector
	// identity is how many of the keys tell groups apart. The others are carried.
	identity int
	appends  bool // each row is a group of its own, and no two have one key

	taken   int // rows of this round
	repeats repeats

	few few

	// Of the chunk at hand.
	words  keyWords
	probes []uint64 // hashes
	found  []uint32 // the group id plus 1, 0 for none
	fresh  []int32  // rows of new groups whose hashes and keys are still to be added

	text []byte // canonical keys
	ends []int  // of each in text
}

// chunk is how many rows go through the passes together.
const chunk = 256

const leastSlots = 2 * chunk

// newTable makes a table of keys of the given types, the first identity of which
// tell groups apart.
func newTable(types []datum.Type, identity int) *table {
	t := &table{rows: &agg.Rows{}, probes: make([]uint64, chunk), found: make([]uint32, chunk), identity: identity}
	t.resize(leastSlots)
	for i, typ := range types {
		t.keys = append(t.keys, column.New(typ))
		if i < t.identity {
			t.words.width += widthOf(typ)
		}
	}
	t.words.words, t.words.doubt = make([]uint64, chunk*t.words.width), make([]bool, chunk)
	t.rows.Reserve(make([]uint64, t.words.width)...)
	return t
}

// assign sets groups[r] to the group id of row r of the key vectors, for each
// of the rows.
func (t *table) assign(keys []*column.Vector, rows []int32, groups []uint32) {
	if len(t.keys) == 0 {
		t.assignAll(rows, groups)
		return
	}
	t.taken += len(rows)
	for start := 0; start < len(rows); start += chunk {
		some := rows[start:min(start+chunk, len(rows))]
		switch {
		case t.appends:
			t.appendRows(keys, some, groups)
			continue
		case t.repeats.passing:
			t.reserve(chunk)
			t.pass(keys, some, groups)
		default:
			t.reserve(chunk)
			t.assignChunk(keys, some, groups)
		}
	}
}

// assignSet is assign for the rows of a grouping set, the last of whose keys is its
// number: those of () are all of one group.
func (t *table) assignSet(set []bool, keys []*column.Vector, rows []int32, groups []uint32) {
	t.words.within = set
	if slices.Contains(set[:len(set)-1], true) {
		t.assign(keys, rows, groups)
		return
	}
	t.assign(keys, rows[:1], groups)
	group := groups[rows[0]]
	for _, r := range rows {
		groups[r] = group
	}
}

func (t *table) assignChunk(keys []*column.Vector, rows []int32, groups []uint32) {
	probes, found := t.probes[:len(rows)], t.found[:len(rows)]
	t.words.fill(keys[:t.identity], rows)
	if t.isFew() {
		t.assignFew(keys, rows, groups)
		return
	}
	t.words.hash(probes)
	t.look(probes, found)
	t.words.dismiss(t.rows.Words, t.rows.Stride, found)
	if t.words.doubts {
		t.dismissDoubtful(keys, rows, found)
	}
	for i, r := range rows {
		g := found[i]
		if g == 0 {
			g = t.find(i, keys, r)
		}
		groups[r] = g - 1
	}
	t.settle(keys)
}

// dismissDoubtful compares values whose words do not say all.
func (t *table) dismissDoubtful(keys []*column.Vector, rows []int32, found []uint32) {
	at := 0
	for i, stored := range t.keys[:t.identity] {
		if isText(stored.Type) {
			t.words.dismissTexts(at, stored, keys[i], rows, found)
		} else {
			t.words.dismissOthers(stored, keys[i], rows, found)
		}
		at += widthOf(stored.Type)
	}
}

// assignAll is assign without keys: one group, which is there as soon as a row is.
func (t *table) assignAll(rows []int32, groups []uint32) {
	if t.groups == 0 && len(rows) > 0 {
		t.groups = 1
		t.hashes = append(t.hashes, 0)
		t.rows.Add(nil)
	}
	for _, r := range rows {
		groups[r] = 0
	}
}

// appendRows is assign where no row can have an earlier one's key: nothing is
// looked up, and so nothing is placed.
func (t *table) appendRows(keys []*column.Vector, rows []int32, groups []uint32) {
	t.words.fill(keys[:t.identity], rows)
	for i, r := range rows {
		groups[r] = t.insert(t.words.of(i), r) - 1
	}
	t.settle(keys)
}

// look finds for each hash the first group with its upper half.
func (t *table) look(probes []uint64, found []uint32) {
	slots, shift, mask := t.slots, t.shift, uint64(len(t.slots)-1)
	found = found[:len(probes)]
	for i, h := range probes {
		at := h >> shift
		s := slots[at&mask]
		for s != 0 && s>>32 != h>>32 {
			at++
			s = slots[at&mask]
		}
		found[i] = uint32(s)
	}
}

// find returns the group id plus 1 of the key of a chunk's row, which is row of
// the key vectors, and makes the group where it is new. There is room for it.
func (t *table) find(i int, keys []*column.Vector, row int32) uint32 {
	hash, words, doubt := t.probes[i], t.words.of(i), t.words.doubt[i]
	mask := uint64(len(t.slots) - 1)
	for at := hash >> t.shift; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			t.slots[at] = hash>>32<<32 | uint64(t.groups+1)
			t.placed++
			return t.insert(words, row)
		}
		if s>>32 != hash>>32 {
			continue
		}
		if g := uint32(s) - 1; sameWords(t.row(g), words) {
			if doubt && int(g) >= len(t.hashes) {
				t.settle(keys) // it is new in this chunk
			}
			if !doubt || t.same(g, keys, row) {
				return g + 1
			}
		}
	}
}

// row returns a group's words, its key's first.
func (t *table) row(g uint32) []uint64 { return t.rows.Words[int(g)*t.rows.Stride:] }

// same reports whether a group has the key of a row.
func (t *table) same(g uint32, keys []*column.Vector, row int32) bool {
	for i, stored := range t.keys[:t.identity] {
		if !sameValue(stored, int(g), keys[i], int(row)) {
			return false
		}
	}
	return true
}

// insert adds a group, but for what settle adds, and returns its id plus 1.
func (t *table) insert(words []uint64, row int32) uint32 {
	t.rows.Add(words)
	t.fresh = append(t.fresh, row)
	t.groups++
	return uint32(t.groups)
}

// settle adds hashes and keys of the new groups, whose rows are fresh: all of a
// chunk at once, a pass for each column.
func (t *table) settle(keys []*column.Vector) {
	if len(t.fresh) == 0 {
		return
	}
	t.encode(keys, t.fresh)
	start := 0
	for _, end := range t.ends {
		t.hashes = append(t.hashes, groupHash(t.text[start:end]))
		start = end
	}
	for i, stored := range t.keys {
		if len(stored.Arena) > math.MaxUint32-len(t.text) {
			panic("bug: keys of 4 GiB in one group table, beyond any memory limit")
		}
		column.Gather(stored, keys[i], t.fresh)
	}
	t.fresh = t.fresh[:0]
}

// encode makes the canonical keys of the given rows.
func (t *table) encode(keys []*column.Vector, rows []int32) {
	t.text, t.ends = t.text[:0], t.ends[:0]
	for _, r := range rows {
		for _, v := range keys[:t.identity] {
			t.text = appendKey(t.text, v, r)
		}
		t.ends = append(t.ends, len(t.text))
	}
}

// key returns a group's canonical key, good until the next call of key or assign.
func (t *table) key(g uint32) []byte {
	t.text = t.text[:0]
	for _, v := range t.keys[:t.identity] {
		t.text = appendKey(t.text, v, int32(g))
	}
	return t.text
}

// reserve makes room for n more groups.
func (t *table) reserve(n int) {
	if need := 2 * (t.placed + n); need > len(t.slots) {
		t.resize(1 << bits.Len(uint(need-1)))
	}
}

// resize makes the number of slots n, with the memory there is if it can, and
// places every group anew.
func (t *table) resize(n int) {
	t.slots = slices.Grow(t.slots[:0], n)[:n]
	clear(t.slots)
	t.shift = uint(64 - bits.Len(uint(n-1)))
	mask := uint64(n - 1)
	for g := range t.groups {
		h := hashWords(t.row(uint32(g))[:t.words.width])
		if t.repeats.passing && !isSampled(h) {
			continue
		}
		at := h >> t.shift
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = h>>32<<32 | uint64(g+1)
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
	need := max(leastSlots, 2*(t.placed+chunk))
	t.repeats.judge(t.taken, t.groups)
	t.taken, t.groups, t.placed = 0, 0, 0
	t.round++
	t.hashes = t.hashes[:0]
	t.rows.Reset()
	for _, v := range t.keys {
		v.Reset()
	}
	t.resize(min(len(t.slots), 1<<bits.Len(uint(need-1))))
}

// memory returns the bytes in use: of the slots, as many as the groups need.
func (t *table) memory() int {
	size := 8*min(len(t.slots), max(leastSlots, 4*t.placed)) + 8*len(t.hashes) + 8*t.words.width*t.rows.Len()
	for _, v := range t.keys {
		size += used(v)
	}
	return size
}

// used returns the bytes that a vector's rows take.
func used(v *column.Vector) int {
	return 8*len(v.Valid) + 8*len(v.Ints) + 8*len(v.Floats) + 16*len(v.Spans) + 8*len(v.Slices) + len(v.Arena)
}
