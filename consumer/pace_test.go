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
		if p.folded(c.took, c.rows, c.age); p.now != c.want {
			t.Errorf("after %+v: %v", c, p.now)
		}
	}
	off := newPace(&Config{FoldInterval: time.Second})
	if off.folded(time.Minute, 1_000_000, time.Hour); off.now != time.Second {
		t.Errorf("switched off: %v", off.now)
	}
}
