// Package aggregator is one stream's pipeline between decoded columns and the
// rows of a fold, without any input or output of its own.
//
// A [View] is a continuous view on one lane: batches go in, it filters, groups
// and accumulates, and at a flush its groups come out as partial blocks, some
// for each shard. A [Merger] is the same view's shard at its owner: blocks go
// in, and at a fold the merged groups come out as [ViewRows]. Both are a group
// table with flat accumulators: keys in an arena, states in arrays by group id,
// no pointer per group, nothing allocated per record in the steady state.
//
// What a fold is, what a claim is and what the ledger holds is defined here as
// data, because consumer (which drives) and sink (which stores) share it and
// never meet.
//
// # Hashes
//
// A group's [topology.GroupHash] is xxhash64 (seed 0) of its canonical key; its
// top 12 bits are the group's slot. The 128-bit hash that names a row in the
// result table is that hash, big-endian, and behind it xxhash64 of the same key
// with the seed rowSeed, so that rows in order of the hash are in order of their
// slots. A view without GROUP BY has one group, whose hashes are 0.
package aggregator
