package consumer

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/topology"
)

// TestMoreCatchUpsThanCursors has more positions to catch up than cursors may
// run with much memory, so that some partitions get none at first.
func TestMoreCatchUpsThanCursors(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	views := []*topology.View{c.createView("live", true)}
	c.produce(600)
	cfg := c.config()
	cfg.Lanes = 1
	n := c.start(cfg)
	c.folded(views...)
	c.end(n)
	for i := range mostCursors {
		views = append(views, c.createViewAt(fmt.Sprint("late_", i), func(topology.Partition) int64 { return int64(10 * i) }))
	}
	n = c.start(cfg)
	c.folded(views...)
	c.end(n)
	c.check(views...)
}
