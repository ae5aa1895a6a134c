package consumer

import (
	"runtime"
	"strings"
	"testing"

	"github.com/millrace/millrace/topology"
)

// worst is what a plan's parts take in all with records of 200 bytes, by the factors of
// [memoryPlan]'s comments.
func (p *memoryPlan) worst(lanes, folders int) int64 {
	const fetched = 2 * (200 + 190) / 200.
	lane := 2.6*float64(p.tables) + fetched*float64(p.fetch+int64(p.cursors)*p.catchUp) + 190*float64(p.records)
	folder := 1.8*float64(p.merged) + 2*(1+3)/2*float64(p.blocks)
	return int64(float64(lanes)*lane + float64(folders)*folder)
}

// TestMemoryPlan: the parts stay within the limit, grow with it and have their least
// sizes where there is no room.
func TestMemoryPlan(t *testing.T) {
	for _, workers := range []struct{ lanes, folders int }{{1, 1}, {1, 2}, {2, 2}, {4, 4}, {16, 16}, {64, 8}} {
		least := LeastMemory(workers.lanes, workers.folders)
		var before memoryPlan
		for limit := least; limit < 64<<30; limit += limit / 4 {
			p := planMemory(limit, workers.lanes, workers.folders)
			if worst := p.worst(workers.lanes, workers.folders); worst > limit-aside {
				t.Errorf("%+v with %d MiB: %+v takes %d MiB, %d MiB aside", workers, limit>>20, p, worst>>20, aside>>20)
			}
			if p.tables < max(before.tables, leastTables) || p.merged < max(before.merged, leastMerged) || p.fetch < max(before.fetch, leastFetch) ||
				p.catchUp < max(before.catchUp, leastFetch) || p.blocks < max(before.blocks, leastFetch) || p.cursors < max(before.cursors, 1) {
				t.Errorf("%+v with %d MiB: %+v after %+v", workers, limit>>20, p, before)
			}
			before = p
		}
		if before.fetch != fetchBytes || before.cursors != mostCursors {
			t.Errorf("%+v with much memory: %+v", workers, before)
		}
	}
}

// TestPollable: what one poll may add to the tables is a part of their budget, however many views
// read the records.
func TestPollable(t *testing.T) {
	for _, c := range []struct {
		tables      int64
		views, want int
	}{{82 << 20, 1, pollRecords}, {82 << 20, 100, 1679}, {8 << 20, 0, pollRecords}, {4 << 20, 1, 8192}, {4 << 20, 100, leastPoll}} {
		l := &lane{node: &Node{memory: memoryPlan{tables: c.tables}}, streams: map[topology.StreamID]*laneStream{{1}: {}, {2}: {views: make([]*laneView, c.views)}}}
		if got := l.pollable(); got != c.want {
			t.Errorf("%d views, %d bytes: %d records, want %d", c.views, c.tables, got, c.want)
		}
	}
}

// TestMemoryRefused: a limit that cannot be kept is refused with the least one,
// where lanes and folders are asked for; else there are fewer of them.
func TestMemoryRefused(t *testing.T) {
	c := Config{Lanes: 2, Folders: 2, MemoryLimit: 64 << 20}
	if err := c.checkMemory(); err == nil || !strings.Contains(err.Error(), "2 lanes and 2 folders cannot keep less than 98566144 (94 MiB)") {
		t.Error(err)
	}
	c.MemoryLimit = 94 << 20
	if err := c.checkMemory(); err != nil {
		t.Error(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(96))
	c = Config{MemoryLimit: 1 << 30}
	lanes, folders := c.workers()
	if err := c.checkMemory(); err != nil || lanes != folders || LeastMemory(lanes, folders) > c.MemoryLimit || LeastMemory(lanes+1, folders+1) <= c.MemoryLimit {
		t.Errorf("%d lanes and %d folders on 96 cores: %v", lanes, folders, err)
	}
	c.MemoryLimit = LeastMemory(1, LeastFolders)
	if lanes, folders = c.workers(); lanes != 1 || folders != LeastFolders || c.checkMemory() != nil {
		t.Errorf("%d lanes and %d folders where there is room for one lane", lanes, folders)
	}
	c.MemoryLimit--
	if c.checkMemory() == nil {
		t.Error("less than a lane takes is allowed")
	}
}
