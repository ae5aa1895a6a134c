package topology

// GroupHash is xxhash64 of a group's canonical key.
type GroupHash uint64

// Slot is the top 12 bits of a group hash: a place on the ring of 4,096.
type Slot uint16

// Slots is the size of the ring.
const Slots = 4096

// ShardID is a shard's number within its view, from 0.
type ShardID uint16

// Partition is a partition's number within its topic.
type Partition = int32

// Slot returns the hash's place on the ring.
func (h GroupHash) Slot() Slot { return Slot(h >> 52) }

// ShardOf returns the shard that owns a slot, of a view with the given number
// of shards (1 to Slots): contiguous ranges whose sizes differ by at most one.
func ShardOf(s Slot, shards int) ShardID { return ShardID(int(s) * shards / Slots) }

// PartitionOf returns the partition of the stream's partials topic in which a
// view's shard lives. Shard numbers are rotated by the view's id, so that the
// first shards of many small views do not meet in partition 0. partitions is
// the number that the topic had when the view was created: it is kept in the
// view's definition, for the topic may grow later.
func PartitionOf(view ViewID, shard ShardID, partitions int32) Partition {
	start := (uint32(view[0])<<8 | uint32(view[1])) % uint32(partitions)
	return Partition((start + uint32(shard)) % uint32(partitions))
}

// SlotsOf returns the first and the last slot of a shard of a view with the
// given number of shards: what [ShardOf] maps to it.
func SlotsOf(shard ShardID, shards int) (first, last Slot) {
	start := func(i int) int { return (i*Slots + shards - 1) / shards }
	return Slot(start(int(shard))), Slot(start(int(shard)+1) - 1)
}
