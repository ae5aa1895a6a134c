package catalog

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff spaces the attempts of writers that fence one another. Without
// jitter, two of them can fence each other in step for ever.
type backoff struct{ limit time.Duration }

const (
	firstBackoff = 10 * time.Millisecond
	lastBackoff  = 500 * time.Millisecond
)

func newBackoff() *backoff { return &backoff{limit: firstBackoff} }

// next waits; it returns the context's cause where that ends first.
func (b *backoff) next(ctx context.Context) error {
	t := time.NewTimer(rand.N(b.limit) + time.Millisecond)
	defer t.Stop()
	b.limit = min(2*b.limit, lastBackoff)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
