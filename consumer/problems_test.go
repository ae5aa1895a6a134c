package consumer

import (
	"testing"

	"github.com/millrace/millrace/topology"
)

// TestProblemsOfAnother: what stopped a partition here is of no matter when it
// is another node's.
func TestProblemsOfAnother(t *testing.T) {
	var p problems
	mine, others := topology.TopicPartition{Topic: "events", Partition: 0}, topology.TopicPartition{Topic: "events", Partition: 1}
	for _, tp := range []topology.TopicPartition{mine, others} {
		if !p.report(problemKey{"topic events", tp}, "connection refused") {
			t.Fatal("a new problem is not taken")
		}
	}
	p.leave([]topology.TopicPartition{others})
	if len(p.open) != 1 || !p.some.Load() || p.solved(problemKey{"topic events", others}) {
		t.Errorf("left: %v", p.open)
	}
	p.leave([]topology.TopicPartition{mine})
	if len(p.open) != 0 || p.some.Load() {
		t.Errorf("left: %v", p.open)
	}
}
