package broker

import (
	"context"
	"time"
)

// pause waits between two looks at something that is about to happen: a
// millisecond at first, up to fifty.
type pause struct{ next time.Duration }

const (
	firstPause = time.Millisecond
	lastPause  = 50 * time.Millisecond
)

func newPause() *pause { return &pause{next: firstPause} }

// more returns the context's cause where it ends first.
func (p *pause) more(ctx context.Context) error {
	t := time.NewTimer(p.next)
	defer t.Stop()
	p.next = min(2*p.next, lastPause)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
