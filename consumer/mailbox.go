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

// runPosts runs what has been posted until now, in order. It takes one post at a time:
// one that waits for another, as giving partitions up does for the flush in
// flight, runs those behind it itself.
func (m *mailbox) runPosts() {
	m.mu.Lock()
	n := len(m.queue)
	m.mu.Unlock()
	for range n { // what comes meanwhile has its turn later, or the owner would do nothing else
		f := m.next()
		if f == nil {
			return
		}
		f()
	}
}

// next takes the oldest post, nil where there is none.
func (m *mailbox) next() func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		return nil
	}
	f := m.queue[0]
	m.queue[0] = nil
	m.queue = m.queue[1:]
	return f
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
