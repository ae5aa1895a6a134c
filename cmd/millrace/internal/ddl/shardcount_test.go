package ddl

import "testing"

func TestShardsFor(t *testing.T) {
	for _, c := range []struct{ nodes, factor, want int }{
		{0, 100, 1},
		{1, 1, 1},
		{1, 100, 1},
		{3, 50, 2}, // a part of a node is a shard
		{3, 33, 1},
		{3, 34, 2},
		{3, 67, 3},
		{4, 50, 2},
		{4, 25, 1},
		{4, 26, 2},
		{100, 1, 1},
		{101, 1, 2},
		{1000, 100, 1000},
		{5000, 100, 1024}, // as many as a view can have
	} {
		if got := shardsFor(c.nodes, c.factor); got != c.want {
			t.Errorf("%d %% of %d nodes: %d shards, not %d", c.factor, c.nodes, got, c.want)
		}
	}
}
