package status

import (
	"testing"

	"github.com/millrace/millrace/topology"
)

func TestShardOf(t *testing.T) {
	v := &topology.View{ID: topology.ViewID{0, 3}, Name: "v", Shards: 2, Partitions: 4}
	for _, c := range []struct {
		policy topology.ShardingPolicy
		want   Shard
	}{
		{"", Shard{Name: "v_shard1", View: "v", Shard: 1, Policy: topology.ReadOptimized, FirstSlot: 2048, LastSlot: 4095, Partition: 0}},
		{topology.WriteOptimized, Shard{Name: "v_shard1", View: "v", Shard: 1, Policy: topology.WriteOptimized, FirstSlot: 0, LastSlot: 4095, Partition: 0}},
	} {
		v.Policy = c.policy
		if got := shardOf(v, 1); got != c.want {
			t.Errorf("%q: %+v", c.policy, got)
		}
	}
}
