package catalog

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff spaces the attempts of writers that fence one another. Without
// jitter, two of them can fence each other in step for ever.
type backoff struct{ limit, last time.Duration }

const (
	firstBackoff = 10 * time.Millisecond
	// readBackoff bounds the pause between attempts to read: brokers that were
	// away are soon read again.
	readBackoff = 500 * time.Millisecond
	// writeBackoff bounds the pause between attempts to write. An attempt succeeds
	// if nobody fences it while it lasts, so the pauses must grow beyond what
	// all writers' attempts take one after the other: with half a second, twenty
	// writers on a busy machine fenced each other for a minute.
	writeBackoff = 10 * time.Second
)

func newBackoff(last time.Duration) *backoff { return &backoff{limit: firstBackoff, last: last} }

// next waits; it returns the context's cause where that ends first.
func (b *backoff) next(ctx context.Context) error {
	t := time.NewTimer(rand.N(b.limit) + time.Millisecond)
	defer t.Stop()
	b.limit = min(2*b.limit, b.last)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
