package consumer

import (
	"testing"

	"github.com/millrace/millrace/topology"
)

// TestCutOffFromTheDatabase: a node that cannot reach PostgreSQL while others can
// is put out of the group, and does not come back to hold partitions that it
// cannot fold, until it can.
func TestCutOffFromTheDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, brokers []string) {
		c := newClusterOf(t, setting{brokers: brokers, seed: seedOf(), onError: topology.DeadLetter})
		v := c.createView("v", true)
		one, two := c.config(), c.config()
		two.Node = "node-2"
		a, b := c.start(one), c.start(two)
		shared := func() bool { return c.owns(a) > 0 && c.owns(b) > 0 }
		c.wait("both nodes have partitions", shared)
		c.produce(500)
		c.folded(v)
		c.others.cut(two.Node, true)
		c.wait("the other has all partitions", func() bool { return c.owns(b) == 0 && c.owns(a) == testPartitions+2 })
		c.produce(500)
		c.folded(v)
		c.others.cut(two.Node, false)
		c.wait("both nodes have partitions again", shared)
		c.produce(500)
		c.folded(v)
		c.end(a)
		c.end(b)
		c.check(v)
	})
}

// owns returns how many partitions of streams a node has.
func (c *testCluster) owns(r *running) int {
	if !r.node.Ready() {
		return 0
	}
	r.node.members.mu.Lock()
	defer r.node.members.mu.Unlock()
	n := 0
	for tp := range r.node.members.owned {
		if tp.Topic != topology.CatalogTopic(c.name) {
			n++
		}
	}
	return n
}
