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

// electionTimeout is how long a partition may be without a leader, or a group
// without a coordinator: one that was just created, or whose broker is gone,
// soon has another.
const electionTimeout = 10 * time.Second

// again asks until the answer is none of those that an election passes with, for
// electionTimeout at most.
func again[T any](ctx context.Context, electing func(error) bool, ask func() (T, error)) (T, error) {
	limit, cancel := context.WithTimeout(ctx, electionTimeout)
	defer cancel()
	for wait := newPause(); ; {
		answer, err := ask()
		if !electing(err) || wait.more(limit) != nil {
			return answer, err
		}
	}
}
