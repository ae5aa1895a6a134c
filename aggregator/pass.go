package aggregator

import (
	"math/bits"

	"github.com/millrace/millrace/aggregator/column"
)

// Where hardly a row finds a group of an earlier one, looking for it is work for
// nothing. A table that may hold a key twice (a lane's: owners merge what is
// equal) counts how many of a round's rows found one. Where nearly none did, rows
// pass in the next round: each is a group of its own. Only the keys of one hash in
// sampled are still looked up; they say when keys begin to repeat, and from then
// on all are looked up again.
//
// A sample of rows, or the beginning of a round, would not do: of a hundred
// thousand keys that come ten times each, hardly one comes twice among the first
// some thousand rows.
const (
	sampled = 16 // a power of two
	// Looking is worth it where one row in worth finds a group: one more group
	// costs some ten times as much in a flush and a fold as looking for it.
	worth = 16
	// enough is how many looks it takes to decide.
	enough = 1024
)

// repeats counts how often keys repeat: in a round while all are looked up, over
// rounds while rows pass.
type repeats struct {
	allowed bool // keys may be there twice
	passing bool // rows pass
	rows    int
	looks   int
	finds   int
}

// judge decides, at the end of a round of so many rows in so many groups, whether
// rows pass in the next.
func (r *repeats) judge(rows, groups int) {
	if !r.passing {
		r.passing = r.allowed && rows >= enough && (rows-groups)*worth < rows
		r.rows, r.looks, r.finds = 0, 0, 0
	}
}

// refuted reports, while rows pass, whether they should not: the keys that are
// looked up repeat, or there are so few different keys that none or hardly one is.
func (r *repeats) refuted() bool {
	switch {
	case r.looks >= enough && r.finds*worth >= r.looks:
		return true
	case r.rows < 2*sampled*enough:
		return false
	case r.looks < r.rows/sampled/2:
		return true
	}
	r.rows, r.looks, r.finds = 0, 0, 0
	return false
}

// isSampled reports whether a key is looked up while others pass.
func isSampled(hash uint64) bool { return hash%sampled == 0 }

// pass is assignChunk while rows pass.
func (t *table) pass(keys []*column.Vector, rows []int32, groups []uint32) {
	probes := t.probes[:len(rows)]
	t.words.fill(keys[:t.identity], rows)
	t.words.hash(probes)
	for i, r := range rows {
		if !isSampled(probes[i]) {
			groups[r] = t.insert(t.words.of(i), r) - 1
			continue
		}
		before := t.groups
		groups[r] = t.find(i, keys, r) - 1
		t.repeats.looks++
		t.repeats.finds += 1 - (t.groups - before)
	}
	t.settle(keys)
	if t.repeats.rows += len(rows); t.repeats.refuted() {
		t.repeats = repeats{allowed: true}
		t.placed = t.groups
		t.resize(max(len(t.slots), 1<<bits.Len(uint(2*t.groups))))
	}
}
