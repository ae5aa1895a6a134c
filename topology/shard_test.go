package topology

import (
	"math/rand/v2"
	"testing"
)

func TestSlotIsTheTopOfTheHash(t *testing.T) {
	for hash, want := range map[GroupHash]Slot{
		0: 0, 1<<52 - 1: 0, 1 << 52: 1, 0xfff << 52: Slots - 1, 1<<64 - 1: Slots - 1, 0x800<<52 | 7: Slots / 2,
	} {
		if got := hash.Slot(); got != want {
			t.Errorf("slot of %#x is %d, want %d", uint64(hash), got, want)
		}
	}
}

// TestShardsAreContiguousAndEven looks at every number of shards there can be.
func TestShardsAreContiguousAndEven(t *testing.T) {
	for shards := 1; shards <= Slots; shards++ {
		sizes := make([]int, shards)
		last := ShardID(0)
		for s := range Slots {
			shard := ShardOf(Slot(s), shards)
			if int(shard) >= shards || shard != last && shard != last+1 {
				t.Fatalf("of %d shards, slot %d is in shard %d behind shard %d", shards, s, shard, last)
			}
			last = shard
			sizes[shard]++
		}
		for shard, size := range sizes {
			if size < Slots/shards || size > (Slots+shards-1)/shards {
				t.Fatalf("of %d shards, shard %d has %d slots", shards, shard, size)
			}
		}
	}
}

func TestPartitionsAreEvenWithinAView(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		view := randomView(random)
		partitions := Partition(1 + random.IntN(40))
		shards := 1 + random.IntN(200)
		sizes := make([]int, partitions)
		for shard := range shards {
			p := PartitionOf(view, ShardID(shard), partitions)
			if p < 0 || p >= partitions {
				t.Fatalf("shard %d is in partition %d of %d", shard, p, partitions)
			}
			sizes[p]++
		}
		for p, n := range sizes {
			if n < shards/int(partitions) || n > (shards+int(partitions)-1)/int(partitions) {
				t.Fatalf("partition %d of %d has %d of %d shards", p, partitions, n, shards)
			}
		}
	}
}

// TestSmallViewsSpread has many views of one shard, which must not meet in one
// partition.
func TestSmallViewsSpread(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const views, partitions = 8000, 8
	sizes := make([]int, partitions)
	for range views {
		sizes[PartitionOf(randomView(random), 0, partitions)]++
	}
	for p, n := range sizes {
		if n < views/partitions*8/10 || n > views/partitions*12/10 {
			t.Fatalf("partition %d has %d of %d views: %v", p, n, views, sizes)
		}
	}
}

func randomView(random *rand.Rand) (id ViewID) {
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	return id
}
