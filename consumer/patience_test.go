package consumer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// patience is how long a test waits for what is sure to come: long enough for a
// machine that has much else to do. What never comes ends the test here, by name.
const patience = 3 * time.Minute

// within does what takes others, no longer than patience.
func within(t *testing.T, what string, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, fmt.Errorf("not within %v", patience))
	defer cancel()
	if err := do(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// must is within, and ends the test where that fails.
func (c *testCluster) must(what string, do func(ctx context.Context) error) {
	c.t.Helper()
	if err := within(c.t, what, do); err != nil {
		c.t.Fatal(err)
	}
}

// wait polls until something is so.
func (c *testCluster) wait(what string, so func() bool) {
	c.t.Helper()
	if !c.poll(patience, so) {
		c.t.Fatalf("not within %v: %s", patience, what)
	}
}

// poll asks until something is so, which it returns, or for so long.
func (c *testCluster) poll(long time.Duration, so func() bool) bool {
	deadline := time.After(long)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// await receives from a channel, or until it is closed.
func await[T any](t *testing.T, what string, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
	return got
}
