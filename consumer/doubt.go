package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer/format"
)

// Lines of csv and text have their columns by place. One that has more than the
// stream may have been written after an ALTER STREAM that this lane has not heard of
// yet. So before such a record is given up for good the lane reads the catalog, and
// where there was something new in it, it reads the record again. The catalog had the
// column before the record was written, or whoever wrote it had no reason to.

// doubt notes that a record was refused that a newer catalog may allow.
func (l *lane) doubt(err *datum.Error) {
	l.doubtful = l.doubtful || mayFit(err)
}

// mayFit reports whether a further column may make a record fit that was refused.
func mayFit(err *datum.Error) bool { return err.Code == format.CodeBadCopy }

// doubtAgain has records read again that were refused since the last seal, or whose
// views PostgreSQL has not answered yet: the catalog that has come may allow them.
func (l *lane) doubtAgain() {
	for _, s := range l.streams {
		for _, v := range s.views {
			l.doubtful = l.doubtful || v.queue != nil && v.queue.doubtful()
		}
	}
	l.void = l.void || l.doubtful
	l.doubtful = false
}

// doubted brings the catalog up to date where a record was refused that a newer one
// may allow, and reports whether there was something new: then what was read since
// the last seal must be read again.
func (l *lane) doubted() bool {
	if !l.doubtful {
		return false
	}
	l.doubtful = false
	before := l.catalog.Revision
	ctx, cancel := context.WithTimeoutCause(l.ctx, 10*time.Second, fmt.Errorf("reading the catalog took longer than 10 s"))
	defer cancel()
	if err := l.learn(ctx); err != nil {
		l.log.Warn("refused records are read again: the catalog, which may have got further columns, cannot be read", "error", err)
		return true
	}
	return l.catalog.Revision > before
}
