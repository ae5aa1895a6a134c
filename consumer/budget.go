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

// stale reports whether the tables have to be added up again.
func (b *budget) stale() bool { return b.records >= weighRecords || b.bytes >= weighBytes }

// weigh makes the next seal due at once where the tables are at their budget.
func (l *lane) weigh() {
	if l.overBudget() {
		l.lastSeal = time.Time{}
	}
}

// overBudget reports whether the lane has to flush before it reads on.
func (l *lane) overBudget() bool {
	if l.budget.stale() {
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
