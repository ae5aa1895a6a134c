package aggregator

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// rowSeed is the seed of the lower half of a row's 128-bit hash, "millrace" in
// ASCII. It stands in result tables: it never changes.
const rowSeed = 0x6d696c6c72616365

// rowHash is the lower half of the 128-bit hash of a canonical key; the group's
// hash is the upper.
func rowHash(key []byte) uint64 {
	var d xxhash.Digest
	d.ResetWithSeed(rowSeed)
	d.Write(key) //nolint:errcheck // it never fails
	return d.Sum64()
}

// SchemaHash is the hash of a plan's key types, state types and aggregate names
// that every block carries: owners merge only blocks that have their plan's.
func SchemaHash(plan *query.Plan) uint64 {
	var text []byte
	add := func(what, value string) { text = append(append(append(text, what...), value...), '\n') }
	for _, t := range plan.KeyTypes() {
		add("key ", t.String())
	}
	for _, a := range plan.Aggregates {
		add("aggregate ", a.Function.Name)
		for _, s := range a.Function.States {
			add("state ", s.Type.String())
		}
	}
	return xxhash.Sum64(text)
}

// firstHash returns the least hash of a shard's slots.
func firstHash(shard topology.ShardID, shards int) topology.GroupHash {
	first, _ := topology.SlotsOf(shard, shards)
	return topology.GroupHash(first) << 52
}

// hash128 joins the halves.
func hash128(upper topology.GroupHash, lower uint64) (h [16]byte) {
	binary.BigEndian.PutUint64(h[:8], uint64(upper))
	binary.BigEndian.PutUint64(h[8:], lower)
	return h
}
