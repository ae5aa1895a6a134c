package consumer

import (
	"context"
	"sync"
	"time"
)

// mailbox brings work to the goroutine that owns some state: others post
// functions, the owner runs them. A post ends the owner's current sleep.
type mailbox struct {
	mu    sync.Mutex // guards queue and wake
	queue []func()
	wake  context.CancelFunc // ends the owner's sleep; nil while it is awake
	ended chan struct{}      // closed when the owner takes nothing any more
}

func newMailbox() *mailbox { return &mailbox{ended: make(chan struct{})} }

// end says that the owner takes nothing any more.
func (m *mailbox) end() { close(m.ended) }

// post adds f to what the owner runs next. It never blocks.
func (m *mailbox) post(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, f)
	if m.wake != nil {
		m.wake()
	}
}

// do posts f and waits until the owner has run it or has ended, or ctx ends.
func (m *mailbox) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	m.post(func() {
		defer close(done)
		f()
	})
	select {
	case <-done:
		return nil
	case <-m.ended:
		return errStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take returns what was posted, in order.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	posted := m.queue
	m.queue = nil
	return posted
}

// sleep returns a context for the owner's next wait: it ends after d, with the
// parent, or at the next post. The caller calls the function when awake again.
func (m *mailbox) sleep(parent context.Context, d time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(parent, d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wake = cancel
	if len(m.queue) > 0 {
		cancel()
	}
	return ctx, func() {
		m.mu.Lock()
		m.wake = nil
		m.mu.Unlock()
		cancel()
	}
}
