package consumer

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// budget knows what a lane's tables take without adding it up at every poll: with
// a hundred views that would cost more than the few records of many a poll. It is
// added up again when enough was read for it to matter.
type budget struct {
	used    int // bytes of the tables, when they were added up
	records int // taken since then
	bytes   int // of their values
}

// A table can grow by this much more than it was allowed, times the views.
const (
	weighRecords = 4096
	weighBytes   = 1 << 20
)

// took counts records that tables have taken.
func (b *budget) took(records []*kgo.Record) {
	b.records += len(records)
	if b.records >= weighRecords {
		return
	}
	for _, r := range records {
		b.bytes += len(r.Value)
	}
}

// stale reports whether the tables have to be added up again, of which so many records
// are what one poll takes.
func (b *budget) stale(poll int) bool {
	return b.records >= min(weighRecords, poll) || b.bytes >= weighBytes
}

const (
	// groupBytes is what a group of a few aggregates takes in a table.
	groupBytes = 128
	// leastPoll is how many records a poll takes however many views read them.
	leastPoll = 512
)

// pollable is how many records one poll may take: as many as fill a quarter of the
// tables' budget where each of them is a group of its own in every view.
func (l *lane) pollable() int {
	views := 1
	for _, s := range l.streams {
		views = max(views, len(s.views))
	}
	most := l.node.memory.tables / 4 / groupBytes / int64(views)
	return int(min(max(most, leastPoll), pollRecords))
}

// weigh makes the next seal due at once where the tables are at their budget.
func (l *lane) weigh() {
	if l.overBudget() {
		l.lastSeal = time.Time{}
	}
}

// overBudget reports whether the lane has to flush before it reads on.
func (l *lane) overBudget() bool {
	if l.budget.stale(l.pollable()) {
		l.budget = budget{used: l.tableMemory()}
	}
	return int64(l.budget.used+l.deadSize) > l.node.memory.tables
}

// tableMemory adds up the tables of all views.
func (l *lane) tableMemory() int {
	used := 0
	for _, s := range l.streams {
		for _, v := range s.views {
			if v.table != nil && v.table.Groups() > 0 {
				used += v.table.Memory()
			}
		}
	}
	return used
}
