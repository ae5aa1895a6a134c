package consumer

import (
	"slices"
	"testing"
)

// TestPostsBehindOneThatWaits: what gives partitions up waits for the flush in
// flight, whose result may have been posted before the owner came to either. A
// node that was stopped wakes to just that.
func TestPostsBehindOneThatWaits(t *testing.T) {
	l := &lane{mailbox: newMailbox(), ctx: t.Context(), inFlight: true}
	var order []int
	l.post(func() {
		l.awaitFlush()
		order = append(order, 2)
	})
	l.post(func() {
		l.inFlight = false
		order = append(order, 1)
	})
	l.post(func() { order = append(order, 3) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.runPosts()
	}()
	await(t, "the post ends, which waits for one behind it", done)
	l.runPosts()
	slices.Sort(order)
	if !slices.Equal(order, []int{1, 2, 3}) {
		t.Errorf("posts %v were run", order)
	}
}
