package consumer

import (
	"fmt"
	"runtime"
)

// memoryPlan is how a node's memory limit is divided, all in bytes. What has a place
// in it is counted where it grows, or bounded by the size of a request; the sum of what
// all parts take at their worst stays below the limit, with room for the collector.
type memoryPlan struct {
	// tables is for a lane's group tables and dead letters. With them come arrays that
	// are half empty or being copied, and the blocks of the flush in flight: 2.6 times
	// as much in all.
	tables int64
	// remote is for what a lane's views with row programs have read and PostgreSQL
	// has not evaluated yet, and as much again for the memory of what comes next.
	remote int64
	// merged is for a folder's merged groups and the parts of flushes that are not
	// whole. With what is half empty and the statements it is 1.8 times as much.
	merged int64
	// fetch is for a fetch of a lane's live reading, catchUp for one of a cursor, blocks
	// for one of a folder. Each is there twice, once being read and once on its way,
	// and so are records of 190 bytes for each: of records of 40 bytes ten times
	// the fetch in all. Blocks are compressed to a third.
	fetch, catchUp, blocks int64
	// records is how many records a reader keeps for its next fetches.
	records int
	// cursors is how many catch-ups run at once on a lane.
	cursors int
}

// What the plan is made of.
const (
	// aside is for what does not grow: the program's own pages, clients,
	// connections, statements, the catalog.
	aside = 56 << 20
	// leastLane and leastFolder are what a lane and a folder take where every part of
	// theirs is the least.
	leastLane   = 14 << 20
	leastFolder = 5 << 20

	leastTables = 1 << 20
	leastRemote = 1 << 20
	leastMerged = 1 << 20
	leastFetch  = 512 << 10
	mostCatchUp = 2 << 20
	mostBlocks  = 1 << 20
	mostCursors = 4
	// cursorRoom is what a lane has for each catch-up that it may run.
	cursorRoom = 32 << 20
	// keptRecords: a record is kept for as many bytes of a fetch, shorter ones are
	// made anew in part.
	keptRecords = 128
)

// planMemory divides a limit. One that is less than LeastMemory is exceeded.
func planMemory(limit int64, lanes, folders int) memoryPlan {
	room := limit - aside
	lane, folder := room/int64(lanes), room/int64(folders)
	p := memoryPlan{
		tables:  max(lane/6, leastTables),
		remote:  max(lane/12, leastRemote),
		merged:  max(folder/40, leastMerged),
		fetch:   min(max(lane/32, leastFetch), fetchBytes),
		catchUp: min(max(lane/128, leastFetch), mostCatchUp),
		blocks:  min(max(folder/64, leastFetch), mostBlocks),
		cursors: int(min(max(lane/cursorRoom, 1), mostCursors)),
	}
	p.records = int(p.fetch / keptRecords)
	return p
}

// LeastMemory is the least MILLRACE_MEMORY_LIMIT, in bytes, that a node of so many lanes
// and folders can keep.
func LeastMemory(lanes, folders int) int64 {
	return aside + int64(lanes)*leastLane + int64(folders)*leastFolder
}

// LeastFolders is how many folders a node has at least that is not told how many.
const LeastFolders = 2

// workers returns how many lanes and folders the node has. Where it is not told, that
// is one for each core, or fewer where the memory limit has no room for them.
func (c *Config) workers() (lanes, folders int) {
	for cores := runtime.GOMAXPROCS(0); ; cores-- {
		lanes, folders = c.Lanes, c.Folders
		if lanes == 0 {
			lanes = cores
		}
		if folders == 0 {
			folders = max(LeastFolders, cores)
		}
		if cores == 1 || LeastMemory(lanes, folders) <= c.MemoryLimit {
			return lanes, folders
		}
	}
}

// checkMemory reports a memory limit that the node could not keep.
func (c *Config) checkMemory() error {
	lanes, folders := c.workers()
	least := LeastMemory(lanes, folders)
	if c.MemoryLimit >= least {
		return nil
	}
	return fmt.Errorf("MILLRACE_MEMORY_LIMIT is %d: %d lanes and %d folders cannot keep less than %d (%d MiB), of which %d MiB are the program's and its connections', "+
		"%d MiB each lane's and %d MiB each folder's: raise it, or lower MILLRACE_LANES and MILLRACE_FOLDERS",
		c.MemoryLimit, lanes, folders, least, least>>20, aside>>20, leastLane>>20, leastFolder>>20)
}
