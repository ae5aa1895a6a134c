package consumer

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace/millrace/topology"
)

// TestOffsetsExpired deletes the group's committed offsets while the node is
// down and partials are not folded yet: the ledger and the partials behind it
// tell where the views stand.
func TestOffsetsExpired(t *testing.T) {
	c := newTestCluster(t, seedOf(), topology.DeadLetter)
	first, late := c.createView("first", true), (*topology.View)(nil)
	n := c.start(c.config())
	c.produce(800)
	c.folded(first)
	late = c.createView("late", false)
	c.produce(500)
	c.folded(first, late)
	c.store.refuse(true) // what follows is published, but not folded
	c.produce(600)
	c.published(first)
	c.kill(n)

	c.must("delete the group", func(ctx context.Context) error {
		_, err := kadm.NewClient(c.client).DeleteGroups(ctx, c.name)
		return err
	})
	c.produce(700)
	c.store.refuse(false)
	n = c.start(c.config())
	c.folded(first, late)
	c.end(n)
	c.check(first, late)
}
