package aggregator

import (
	"slices"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// Fold is what one owner's transaction does: rows of some views, and the move
// of the partition's position and ledger that go with them. The store carries
// it out whole or not at all.
type Fold struct {
	// Topic and Partition name the partials partition.
	Topic     string
	Partition topology.Partition
	// From is the position that the owner folds on from, To the one after the
	// last block: the next offset to read.
	From, To int64
	Views    []ViewRows
	Applied  []Applied
}

// ViewRows are the merged groups of one shard of one view, each group once, in
// ascending order of Hash (so that two writers never lock in different orders).
type ViewRows struct {
	View  topology.ViewID
	Name  string
	Shard topology.ShardID
	// Policy says what the row's unique key is: the hash alone (read_optimized,
	// also where it is empty), or hash and shard (write_optimized).
	Policy topology.ShardingPolicy
	Plan   *query.Plan
	// Hashes are the 128-bit hashes of the canonical keys. They, Keys and States
	// are nil where the rows are still a merger's: Piece has them of both.
	Hashes [][16]byte
	Keys   []*column.Vector
	States []*column.Vector
	Errors []partial.GroupError // ascending by row

	states *states  // whose groups they are, nil where they are in the vectors
	order  []uint32 // ids of the rows' groups
}

// Piece is a stretch of a fold's rows: row First of the vectors is its first, and
// it has as many as Hashes. Its memory serves the next stretch, so a fold of a
// million groups holds some thousand of them a second time, not all.
type Piece struct {
	First        int
	Hashes       [][16]byte
	Keys, States []*column.Vector

	hashes       [][16]byte // its own memory, as follows
	keys, states []*column.Vector
}

// Len returns the number of rows.
func (r *ViewRows) Len() int {
	if r.states != nil {
		return len(r.order)
	}
	return len(r.Hashes)
}

// Piece makes p that of the rows [from, to), good until its next use and as long
// as the rows are.
func (r *ViewRows) Piece(from, to int, p *Piece) {
	if r.states == nil {
		p.First, p.Hashes, p.Keys, p.States = from, r.Hashes[from:to], r.Keys, r.States
		return
	}
	groups := r.order[from:to]
	p.hashes = slices.Grow(p.hashes[:0], len(groups))
	for _, g := range groups {
		p.hashes = append(p.hashes, r.states.hash(g))
	}
	p.keys, p.states = renewed(p.keys, r.Plan.KeyTypes()), renewed(p.states, r.states.types)
	for i, v := range r.states.table.keys {
		column.Gather(p.keys[i], v, groups)
	}
	r.states.copyStates(p.states, groups)
	p.First, p.Hashes, p.Keys, p.States = 0, p.hashes, p.keys, p.states
}

// renewed returns empty vectors of the given types, those that there are first.
func renewed(vs []*column.Vector, types []datum.Type) []*column.Vector {
	for len(vs) < len(types) {
		vs = append(vs, &column.Vector{})
	}
	vs = vs[:len(types)]
	for i, t := range types {
		vs[i].ResetAs(t)
	}
	return vs
}

// hash returns a group's 128-bit hash.
func (s *states) hash(g uint32) [16]byte { return hash128(s.table.rowHash(g)) }

// Share is one partition's part of a transaction: its fold, and the claim that
// allows it.
type Share struct {
	Claim *Claim
	Fold  *Fold
}

// FoldResult says what a fold did.
type FoldResult struct {
	Rows   int // rows inserted or updated
	Failed int // groups that PostgreSQL refused and that are now marked in error
}

// Newest returns the newest Kafka timestamp among the folded ranges, in
// milliseconds since 1970, 0 where there is none.
func (f *Fold) Newest() int64 {
	var newest int64
	for _, a := range f.Applied {
		newest = max(newest, a.Range.MaxTime)
	}
	return newest
}
