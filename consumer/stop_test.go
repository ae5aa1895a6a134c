package consumer

import (
	"testing"
	"time"

	"github.com/millrace/millrace/topology"
)

// TestStopWithoutBroker ends a node whose broker is gone, in order and at once.
func TestStopWithoutBroker(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		c := newTestCluster(t, seedOf(), topology.DeadLetter)
		v := c.createView("v", true)
		cfg := c.config()
		cfg.StopTimeout = time.Second
		n := c.start(cfg)
		c.produce(300)
		c.folded(v)
		c.produce(300)
		c.fake.Close()
		n.stop()
		if atOnce {
			n.abort()
		}
		select {
		case <-n.done:
		case <-time.After(10 * time.Second):
			t.Fatalf("the node has not ended long after its StopTimeout; at once: %v", atOnce)
		}
		n.abort()
	}
}
