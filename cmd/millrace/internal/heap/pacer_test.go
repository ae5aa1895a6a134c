package heap

import (
	"runtime"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live, headroom int64
		want           int
	}{
		{100 << 20, 100 << 20, 100},
		{400 << 20, 100 << 20, 25},
		{50 << 20, 100 << 20, 200},
		{100 << 30, 1 << 20, leastPercent},
		{1, 100 << 20, mostPercent},
		{0, 100 << 20, mostPercent},
	} {
		if got := percent(c.live, c.headroom); got != c.want {
			t.Errorf("%d live, headroom %d: %d %%, want %d", c.live, c.headroom, got, c.want)
		}
	}
}

// The percentage follows what lives: a heap that has grown may grow by the same
// amount again, not by as much as it is large.
func TestPaceFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	const headroom = 16 << 20
	stop := Pace(1<<30, headroom)
	if limit := debug.SetMemoryLimit(-1); limit != 1<<30 {
		t.Errorf("the memory limit is %d", limit)
	}
	tables := make([]byte, 160<<20)
	for now := 0; now != 10; {
		runtime.GC() // the finalizer runs some time later
		now = debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		if now < 9 || now > mostPercent {
			t.Fatalf("%d %%", now)
		}
	}
	runtime.KeepAlive(tables)
	stop()
	if now := debug.SetGCPercent(100); now != 100 {
		t.Errorf("left at %d %%", now)
	}
}

// Who sets the collector up has it so.
func TestPaceLeavesSettings(t *testing.T) {
	t.Setenv("GOGC", "77")
	t.Setenv("GOMEMLIMIT", "3GiB")
	before, limit := debug.SetGCPercent(77), debug.SetMemoryLimit(3<<30)
	defer func() {
		debug.SetGCPercent(before)
		debug.SetMemoryLimit(limit)
	}()
	defer Pace(1<<30, 16<<20)()
	runtime.GC()
	if now := debug.SetGCPercent(77); now != 77 {
		t.Errorf("%d %%", now)
	}
	if now := debug.SetMemoryLimit(-1); now != 3<<30 {
		t.Errorf("the memory limit is %d", now)
	}
}
