package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// rollingPromise is the largest gap in event-to-row latency that a rolling restart may
// cause; the test asserts three times that.
const rollingPromise = 3 * time.Second

// TestRollingRestart stops and starts each node of three while events flow into
// every group of a view, and looks at the oldest of the groups' newest events.
func TestRollingRestart(t *testing.T) {
	s := newScene(t, "MILLRACE_NUM_SHARDS=4", "MILLRACE_FLUSH_INTERVAL=100ms", "MILLRACE_FOLD_INTERVAL=100ms")
	s.stream("events", "k text, ts bigint", 4)
	s.c.SQL("CREATE CONTINUOUS VIEW newest WITH (start = 'earliest') AS SELECT k, max(ts) AS ts, count(*) AS n FROM events GROUP BY k;")
	nodes := make([]*system.Node, 3)
	for i := range nodes {
		nodes[i] = s.c.StartAs(fmt.Sprintf("node-%d", i+1))
	}
	x := &crash{t: t, c: s.c, servers: crashServers{url: s.c.URL}}
	for _, n := range nodes {
		n.Ready()
		x.waitShards(n.Name, 1)
	}
	beat := startHeartbeat(s)
	watch := startGapWatch(s)
	quiet := watch.lasts(2 * time.Second)
	for i, n := range nodes {
		begun := time.Now()
		if status := n.Stop(); status != 0 {
			t.Errorf("%s left with status %d", n.Name, status)
		}
		left := time.Since(begun)
		nodes[i] = s.c.StartAs(n.Name).Ready()
		x.waitShards(n.Name, 1)
		t.Logf("%s left within %.2f s and was back %.2f s after; largest gap so far %.2f s", n.Name, left.Seconds(), (time.Since(begun) - left).Seconds(), watch.largest().Seconds())
	}
	watch.lasts(2 * time.Second)
	largest := watch.end()
	t.Logf("largest gap %.2f s, %.2f s before the restart", largest.Seconds(), quiet.Seconds())
	if largest > 3*rollingPromise {
		t.Errorf("events were not seen for %v; the promise is %v", largest, rollingPromise)
	}
	beats := beat()
	s.c.Flush()
	s.want("SELECT count(*), sum(n), min(n), max(n) FROM newest", fmt.Sprintf("%d %d %d %d", rollingGroups, beats*rollingGroups, beats, beats))
	for _, n := range nodes {
		healthy(t, n)
	}
}

const rollingGroups = 64 // sixteen in each of four partitions

// startHeartbeat produces an event of each group all the time. The function that it
// returns ends that and says how many each group has got.
func startHeartbeat(s *scene) (end func() int) {
	stop, done := make(chan struct{}), make(chan int, 1)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			records := make([]*kgo.Record, rollingGroups)
			for g := range records {
				records[g] = &kgo.Record{Topic: s.topic("events"), Partition: int32(g % 4), Value: fmt.Appendf(nil, `{"k":"%d","ts":%d}`, g, time.Now().UnixMilli())}
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			if err := s.kafka.ProduceSync(ctx, records...).FirstErr(); err != nil {
				s.t.Errorf("heartbeat: %v", err)
			}
			cancel()
			select {
			case <-tick.C:
			case <-stop:
				done <- n + 1
				return
			}
		}
	}()
	end = sync.OnceValue(func() int {
		close(stop)
		return <-done
	})
	s.t.Cleanup(func() { end() })
	return end
}

// gapWatch asks again and again how old the newest event is that can be seen of the
// group that is furthest behind.
type gapWatch struct {
	s    *scene
	stop chan struct{}
	done chan struct{}

	mu  sync.Mutex // guards max
	max time.Duration
}

func startGapWatch(s *scene) *gapWatch {
	s.t.Helper()
	w := &gapWatch{s: s, stop: make(chan struct{}), done: make(chan struct{})}
	s.eventually(30*time.Second, "SELECT count(*) FROM newest", fmt.Sprint(rollingGroups))
	db := connect(s.t, s.c.URL)
	go func() {
		defer close(w.done)
		for {
			var oldest int64
			if err := db.conn.QueryRow(context.Background(), "SELECT min(ts) FROM newest").Scan(&oldest); err != nil {
				s.t.Errorf("gap: %v", err)
				return
			}
			gap := time.Since(time.UnixMilli(oldest))
			w.mu.Lock()
			w.max = max(w.max, gap)
			w.mu.Unlock()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-w.stop:
				return
			}
		}
	}()
	s.t.Cleanup(func() { w.end() })
	return w
}

func (w *gapWatch) largest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.max
}

// lasts watches for a while and returns the largest gap so far.
func (w *gapWatch) lasts(d time.Duration) time.Duration {
	w.s.t.Helper()
	until := time.Now().Add(d)
	system.Wait(w.s.t, d+time.Minute, "the time passes", func() bool { return time.Now().After(until) })
	return w.largest()
}

// end stops watching and returns the largest gap.
func (w *gapWatch) end() time.Duration {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	<-w.done
	return w.largest()
}
