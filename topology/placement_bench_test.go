package topology

import (
	"fmt"
	"testing"
)

// BenchmarkPlace1000x10000 decides for 1,000 nodes, 10,000 partials partitions and
// as many input partitions, of 100 streams.
func BenchmarkPlace1000x10000(b *testing.B) {
	var topics []Topic
	var names []string
	for i := range 100 {
		in, out := fmt.Sprintf("input-%d", i), fmt.Sprintf("cluster.partials.%d", i)
		topics = append(topics, Topic{Name: in, Partitions: 100}, Topic{Name: out, Partitions: 100, Partials: true})
		names = append(names, in, out)
	}
	fresh := func(i int) Member {
		return Member{ID: fmt.Sprintf("id-%d", i), Node: fmt.Sprintf("node-%d", i), Topics: names, Generation: -1}
	}
	var scratch []Member
	for i := range 1000 {
		scratch = append(scratch, fresh(i))
	}
	settled := make([]Member, len(scratch))
	for i, placed := 0, Place(scratch, topics); i < len(settled); i++ {
		settled[i] = scratch[i]
		settled[i].Owned, settled[i].Generation = placed[scratch[i].ID], 1
	}
	for name, members := range map[string][]Member{
		"scratch": scratch,
		"nothing": settled,
		"leave":   settled[1:],
		"join":    append(settled[:len(settled):len(settled)], fresh(1000)),
		"half":    append(settled[:500:500], scratch[500:]...),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Place(members, topics)
			}
		})
	}
}
