package consumer

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	const ms = time.Millisecond
	p := newPace(&Config{FoldInterval: 100 * ms, FoldIntervalMax: time.Second})
	for _, c := range []struct {
		took time.Duration
		rows int
		age  time.Duration
		want time.Duration
	}{
		{5 * ms, 10, 150 * ms, 100 * ms},             // idle
		{60 * ms, 10_000, 300 * ms, 100 * ms},        // keeping up
		{300 * ms, 10_000, 400 * ms, 300 * ms},       // a slow database
		{60 * ms, 10_000, 2 * time.Second, 500 * ms}, // behind
		{60 * ms, 10_000, time.Hour, time.Second},    // far behind
		{5 * ms, 10, time.Hour, 100 * ms},            // a trickle of old records
		{time.Minute, 1_000_000, 0, time.Second},
		{5 * ms, 10, -time.Hour, 100 * ms}, // a producer's clock ahead of this one
	} {
		if p.folded(time.Now(), c.took, c.rows, c.age); p.now != c.want {
			t.Errorf("after %+v: %v", c, p.now)
		}
	}
	off := newPace(&Config{FoldInterval: time.Second})
	if off.folded(time.Now(), time.Minute, 1_000_000, time.Hour); off.now != time.Second {
		t.Errorf("switched off: %v", off.now)
	}
}

// TestPaceDue folds at once what comes to a folder that has rested, and an interval
// after the last fold what comes earlier.
func TestPaceDue(t *testing.T) {
	const ms = time.Millisecond
	p := newPace(&Config{FoldInterval: 80 * ms, FoldIntervalMax: time.Second})
	start := time.Now()
	if got := p.due(start).Sub(start); got != 10*ms {
		t.Errorf("before any fold: due after %v", got)
	}
	p.folded(start, 5*ms, 10, 0)
	for _, c := range []struct{ came, want time.Duration }{
		{0, 80 * ms},
		{60 * ms, 80 * ms},
		{75 * ms, 85 * ms},
		{time.Minute, time.Minute + 10*ms},
	} {
		if got := p.due(start.Add(c.came)).Sub(start); got != c.want {
			t.Errorf("what came %v after a fold is due %v after it, not %v", c.came, got, c.want)
		}
	}
}
