package consumer

import (
	"testing"
	"time"
)

// TestCadence: the interval follows the time that catching up takes, between its
// bounds, and is the least again as soon as nothing is left to read.
func TestCadence(t *testing.T) {
	c := newCadence(&Config{FlushInterval: 100 * time.Millisecond, FlushIntervalMax: time.Second})
	a, b := &inputPartition{stopAt: -1}, &inputPartition{stopAt: -1}
	interval := func(when string, want time.Duration) {
		t.Helper()
		if got := c.interval(); got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	c.behind(a, 5_000_000)
	interval("at the start, its speed unknown", 100*time.Millisecond)
	c.read = 100_000
	c.sealed(c.last.Add(100 * time.Millisecond))
	interval("5 s behind", time.Second)
	c.behind(b, 200_000)
	c.behind(a, 600_000)
	interval("0.8 s behind", 400*time.Millisecond)
	c.read = 1_000
	c.sealed(c.last.Add(100 * time.Millisecond))
	if got := c.interval(); got < 400*time.Millisecond || got > 450*time.Millisecond {
		t.Errorf("after one slow interval: %v", got)
	}
	c.behind(a, 0)
	interval("0.2 s behind", 105263157*time.Nanosecond)
	c.behind(b, 0)
	interval("caught up", 100*time.Millisecond)
	c.behind(a, 5_000_000)
	a.stopAt = 10
	a.next = 10
	c.behind(a, 5_000_000)
	interval("at a record that stops the partition", 100*time.Millisecond)
}

// TestCadenceAtHalfLoad: a lane that keeps up with half of what it could read
// flushes at the least interval also after it stood still for a moment.
func TestCadenceAtHalfLoad(t *testing.T) {
	c := newCadence(&Config{FlushInterval: 100 * time.Millisecond, FlushIntervalMax: time.Second})
	p := &inputPartition{stopAt: -1}
	for range 100 { // 500,000 a second
		c.read = 50_000
		c.sealed(c.last.Add(100 * time.Millisecond))
	}
	c.read = 1_000 // and now for 200 ms nearly nothing
	c.sealed(c.last.Add(200 * time.Millisecond))
	c.behind(p, 100_000)
	if got := c.interval(); got > 110*time.Millisecond {
		t.Errorf("%v", got)
	}
}

// TestCadenceFixed: without a bound above the interval it never grows.
func TestCadenceFixed(t *testing.T) {
	for _, most := range []time.Duration{0, time.Millisecond, 5 * time.Second} {
		c := newCadence(&Config{FlushInterval: 5 * time.Second, FlushIntervalMax: most})
		c.read = 10
		c.sealed(c.last.Add(time.Second))
		c.behind(&inputPartition{stopAt: -1}, 1<<40)
		if got := c.interval(); got != 5*time.Second {
			t.Errorf("at most %v: %v", most, got)
		}
	}
}
