package aggregator

import (
	"encoding/binary"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// rowSeed is the seed of the lower half of a row's 128-bit hash, "millrace" in
// ASCII. It stands in result tables: it never changes.
const rowSeed = 0x6d696c6c72616365

// groupHash is the hash of a canonical key that selects its slot.
func groupHash(key []byte) topology.GroupHash { return topology.GroupHash(xxhash.Sum64(key)) }

// rowHash is the lower half of the 128-bit hash of a canonical key; the group's
// hash is the upper.
func rowHash(key []byte) uint64 {
	if len(key) < 32 {
		return sumShort(key, rowSeed)
	}
	var d xxhash.Digest
	d.ResetWithSeed(rowSeed)
	d.Write(key) //nolint:errcheck // it never fails
	return d.Sum64()
}

// The primes of xxHash64.
const (
	prime1 uint64 = 11400714785074694791
	prime2 uint64 = 14029467366897019727
	prime3 uint64 = 1609587929392839161
	prime4 uint64 = 9650029242287828579
	prime5 uint64 = 2870177450012600261
)

// sumShort is xxhash64 of less than 32 bytes with a seed, for which the package
// has only its digest: a third of the time.
func sumShort(b []byte, seed uint64) uint64 {
	h := seed + prime5 + uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h ^= bits.RotateLeft64(binary.LittleEndian.Uint64(b)*prime2, 31) * prime1
		h = bits.RotateLeft64(h, 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h ^= uint64(binary.LittleEndian.Uint32(b)) * prime1
		h = bits.RotateLeft64(h, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h ^= uint64(c) * prime5
		h = bits.RotateLeft64(h, 11) * prime1
	}
	h ^= h >> 33
	h *= prime2
	h ^= h >> 29
	h *= prime3
	return h ^ h>>32
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
