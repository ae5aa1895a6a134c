package topology

import (
	"fmt"
	"testing"
)

// BenchmarkWatch1000 is one node's look at 1,000.
func BenchmarkWatch1000(b *testing.B) {
	const n = 1000
	for name, dead := range map[string]int{"well": 0, "dead=1": 1, "dead=500": 500} {
		b.Run(name, func(b *testing.B) {
			nodes := make([]NodeState, n)
			members := map[string]bool{}
			for i := range nodes {
				node := fmt.Sprintf("node-%04d", i)
				nodes[i] = NodeState{NodeInfo: NodeInfo{Node: node, Incarnation: ID{byte(i >> 8), byte(i)}}, Alive: i < n-dead, Joined: true}
				members[node] = true
			}
			var w Watch
			now := dawn
			b.ReportAllocs()
			for b.Loop() {
				w.Look(now, "node-0000", nodes, members)
				now = now.Add(LookEvery)
			}
		})
	}
}
