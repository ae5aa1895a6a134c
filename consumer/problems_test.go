package consumer

import "testing"

// TestProblemsOfAnother: what stopped a partition here is of no matter when it
// is another node's.
func TestProblemsOfAnother(t *testing.T) {
	var p problems
	mine, others := topicPartition{"events", 0}, topicPartition{"events", 1}
	for _, tp := range []topicPartition{mine, others} {
		if !p.report(problemKey{"topic events", tp}, "connection refused") {
			t.Fatal("a new problem is not taken")
		}
	}
	p.leave([]topicPartition{others})
	if len(p.open) != 1 || !p.some.Load() || p.solved(problemKey{"topic events", others}) {
		t.Errorf("left: %v", p.open)
	}
	p.leave([]topicPartition{mine})
	if len(p.open) != 0 || p.some.Load() {
		t.Errorf("left: %v", p.open)
	}
}
