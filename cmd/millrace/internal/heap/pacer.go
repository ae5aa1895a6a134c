// Package heap decides when a node's garbage collector runs.
//
// By itself the collector lets the heap double: a node whose tables take 300 MB
// would take 600, while one that hardly has anything collects several times a
// second what its fetches leave behind. But what a collection costs here does
// not grow with the tables, which hold no pointers; it costs a millisecond or two.
// So the collector is told to run whenever the heap has grown by a fixed amount:
// seldomer than by itself in a small node, and with far less memory in a large one.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Headroom is by how much the heap of a node with a memory limit may grow between two
// collections: an eighth of the limit, 128 MiB at most. With half as much collecting
// is 6 % of the processor time of a query with many groups, instead of 3 %.
func Headroom(limit int64) int64 { return min(limit/8, 128<<20) }

// Limit is what the runtime is told not to have more of: a tenth less than the
// node's limit, which is for the whole process, and 28 MiB less at least: the
// binary's own pages and the like are 24.
func Limit(limit int64) int64 { return limit - max(limit/10, 28<<20) }

// Pace has the collector run whenever the heap has grown by headroom, and work
// harder before the runtime has more than limit, both in bytes. GOGC and
// GOMEMLIMIT count instead where they are set. stop ends it and leaves the collector as
// it was.
func Pace(limit, headroom int64) (stop func()) {
	undo := func() {}
	if os.Getenv("GOMEMLIMIT") == "" {
		before := debug.SetMemoryLimit(limit)
		undo = func() { debug.SetMemoryLimit(before) }
	}
	if os.Getenv("GOGC") != "" {
		return undo
	}
	p := &pacer{headroom: headroom}
	before := debug.SetGCPercent(percent(live(), headroom))
	p.arm()
	return func() {
		p.stopped.Store(true)
		debug.SetGCPercent(before)
		undo()
	}
}

// pacer sets the percentage anew after each collection: only the collector knows
// what lives, and only it comes at the right time.
type pacer struct {
	headroom int64
	last     int
	stopped  atomic.Bool
}

// cycle is an object that nobody refers to, so that the next collection finds it.
type cycle struct{ of *pacer }

// arm has adjust called after the next collection.
func (p *pacer) arm() {
	runtime.SetFinalizer(&cycle{p}, func(c *cycle) { c.of.adjust() })
}

// adjust runs on the runtime's finalizer goroutine, one at a time. Setting the
// percentage stops the world for a moment, so small changes are left out.
func (p *pacer) adjust() {
	if p.stopped.Load() {
		return
	}
	if to := percent(live(), p.headroom); to*10 < p.last*9 || to*10 > p.last*11 {
		p.last = to
		debug.SetGCPercent(to)
	}
	p.arm()
}

// The percentage stays within bounds: a heap far beyond the headroom is not collected
// all the time, that is for the memory limit to decide, and a small one not too seldom.
const (
	leastPercent = 10
	mostPercent  = 1000
)

// percent is how much of itself a heap may grow by to grow by headroom.
func percent(live, headroom int64) int {
	return int(min(max(100*headroom/max(live, 1), leastPercent), mostPercent))
}

// live is how much of the heap the last collection found in use.
func live() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}
