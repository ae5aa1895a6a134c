package catalog

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// Follow keeps up with the catalog until ctx ends, then returns nil. It calls
// onChange with each new state, first with that of the end it found, one call
// at a time; the state is a snapshot that never changes, and may be one that
// was seen before. Brokers that are away are waited for. An error means that
// the log cannot be read any more, such as when its topic was deleted.
func (c *Catalog) Follow(ctx context.Context, onChange func(*topology.Catalog)) error {
	wait := newBackoff(readBackoff)
	for ctx.Err() == nil {
		err := c.follow(ctx, onChange)
		if ctx.Err() != nil {
			break
		}
		if !broker.Retryable(err) {
			return fmt.Errorf("follow the catalog: %w", err)
		}
		c.logger.Warn("catalog cannot be read, trying again", "topic", c.topic, "err", err)
		_ = wait.next(ctx) // fails only where ctx ends
	}
	return nil //nolint:nilerr // what fails because ctx ended is no fault
}

// follow reads with one client until it fails or ctx ends.
func (c *Catalog) follow(ctx context.Context, onChange func(*topology.Catalog)) error {
	client, err := kgo.NewClient(append(c.readOptions(), c.opts...)...)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	defer c.closeReader(client)
	t, err := c.newTail(ctx, client)
	if err != nil {
		return err
	}
	if err := t.toEnd(ctx); err != nil {
		return err
	}
	c.publish(t.state.Clone(), onChange)
	for {
		before := t.next
		whole, err := t.poll(ctx)
		if err != nil {
			return err
		}
		// Between a change's records and its marker the state is half of it.
		if whole && t.next > before {
			c.publish(t.state.Clone(), onChange)
		}
	}
}

// publish makes a snapshot the followed one.
func (c *Catalog) publish(snapshot *topology.Catalog, onChange func(*topology.Catalog)) {
	c.report(snapshot)
	c.mu.Lock()
	c.followed = snapshot
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
	onChange(snapshot)
}

// Wait blocks until Follow, which runs beside it, has seen a revision, and
// returns the state that has it.
func (c *Catalog) Wait(ctx context.Context, revision topology.Revision) (*topology.Catalog, error) {
	for {
		c.mu.Lock()
		followed, moved := c.followed, c.moved
		c.mu.Unlock()
		if followed.Revision >= revision {
			return followed, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for catalog revision %d, having seen %d: %w", revision, followed.Revision, context.Cause(ctx))
		case <-moved:
		}
	}
}
