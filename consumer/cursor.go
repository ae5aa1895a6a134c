package consumer

import (
	"context"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// cursor catches views up: a reader of its own over a partition, from their
// position to the live one, where they join the live reading. It polls in a
// goroutine of its own and hands what it read to its lane, which does the work;
// the lane alone touches the fields.
type cursor struct {
	part   *inputPartition
	views  []*viewPosition
	at     int64
	since  time.Time // when it came within reach of the live position; zero before
	cancel context.CancelFunc
	closed bool
}

const (
	// joinWithin is how near, in offsets, a cursor must be for the lane to hold
	// its live reading until it has joined.
	joinWithin = 50_000
	// holdAtMost bounds the holding.
	holdAtMost = 5 * time.Second
)

// startCursors starts a cursor for each position behind the live one, nearest
// first, as far as the lane may.
func (l *lane) startCursors(p *inputPartition) {
	if p.closing {
		return
	}
	for l.cursors < l.node.memory.cursors {
		var views []*viewPosition
		for _, v := range p.views {
			if v.mode != behind || v.read >= p.limit() || p.hasCursor(v) || !l.room(v.view) {
				continue
			}
			switch {
			case len(views) == 0 || v.read > views[0].read:
				views = []*viewPosition{v}
			case v.read == views[0].read && v.view.queue == nil && views[0].view.queue == nil:
				views = append(views, v) // one with a row program may have to wait, and reads alone
			}
		}
		if len(views) == 0 {
			return
		}
		l.startCursor(p, views)
	}
}

func (p *inputPartition) hasCursor(v *viewPosition) bool {
	for _, c := range p.cursors {
		for _, w := range c.views {
			if v == w {
				return true
			}
		}
	}
	return false
}

func (l *lane) startCursor(p *inputPartition, views []*viewPosition) {
	ctx, cancel := context.WithCancel(l.ctx)
	c := &cursor{part: p, views: views, at: views[0].read, cancel: cancel}
	p.cursors = append(p.cursors, c)
	l.cursors++
	for _, v := range views {
		l.log.Log(l.ctx, catchUpLevel(v.view), "catching up", "view", v.view.def.Name, "topic", p.tp.Topic, "partition", p.tp.Partition, "from", c.at, "live", p.next)
	}
	at := c.at
	l.work.Go(func() { l.runCursor(ctx, c, p.tp, at) })
}

// catchUpLevel is how a view's catching up is told of: one with a row program does so
// again and again while PostgreSQL is slow.
func catchUpLevel(v *laneView) slog.Level {
	if v.queue != nil {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// runCursor polls until ctx ends, one fetch at a time: the next one waits until
// the lane has taken it.
func (l *lane) runCursor(ctx context.Context, c *cursor, tp topology.TopicPartition, at int64) {
	slabs := newSlabs(l.node.memory.records)
	reader, err := l.node.newReader(l.node.memory.catchUp, slabs)
	if err != nil {
		l.post(func() { l.cursorFailed(c, err) })
		return
	}
	defer broker.CloseReader(reader, map[string][]int32{tp.Topic: {tp.Partition}})
	reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{tp.Topic: {tp.Partition: kgo.NewOffset().At(at)}})
	var rest partSlab
	for ctx.Err() == nil {
		fetches := reader.PollRecords(ctx, pollRecords)
		if ctx.Err() != nil {
			return
		}
		var records []*kgo.Record
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			if f.Err != nil && !retryableFetch(f.Err) {
				l.post(func() { l.cursorFailed(c, f.Err) })
			}
			records = append(records, f.Records...)
		})
		if len(records) == 0 {
			continue
		}
		if !l.handOver(ctx, c, records) {
			return // the lane may yet take them
		}
		rest = slabs.reclaim(rest, records)
		slabs.turn()
	}
}

// handOver gives the lane what a cursor read. Where the lane is at its budget
// it takes nothing, and is asked again after a while; false when ctx ends.
func (l *lane) handOver(ctx context.Context, c *cursor, records []*kgo.Record) bool {
	for {
		taken := false
		err := l.do(ctx, func() {
			switch {
			case l.full():
			case l.room(c.views[0].view):
				taken = true
				l.catchUp(c, records)
			case l.cursors >= l.node.memory.cursors: // others may have use for its place
				l.closeCursor(c)
				l.startWaiting()
			}
		})
		if err != nil || taken {
			return err == nil
		}
		select {
		case <-time.After(l.node.cfg.FlushInterval):
		case <-ctx.Done():
			return false
		}
	}
}

// catchUp takes records that a cursor read, up to the live position.
func (l *lane) catchUp(c *cursor, records []*kgo.Record) {
	if c.closed {
		return
	}
	p := c.part
	n := len(records)
	for n > 0 && records[n-1].Offset >= p.limit() {
		n--
	}
	reached := n < len(records)
	views := make([]*laneView, len(c.views))
	for i, v := range c.views {
		views[i] = v.view
	}
	skip := 0
	for skip < n && records[skip].Offset < c.at {
		skip++
	}
	l.takeRecords(p, records[skip:n], views)
	l.finish()
	l.weigh()
	newest := int64(0)
	if n > 0 {
		c.at = max(c.at, records[n-1].Offset+1)
		newest = records[n-1].Timestamp.UnixMilli()
	}
	if reached {
		c.at = p.limit()
	}
	for _, v := range c.views {
		v.advance(c.at, newest)
		p.moved = p.moved || v.view.queue == nil
	}
	switch {
	case c.at >= p.next:
		l.join(c)
	case c.at >= p.limit():
		l.closeCursor(c)
		l.startWaiting()
	}
}

// join makes a cursor's views live.
func (l *lane) join(c *cursor) {
	for _, v := range c.views {
		v.mode = live
		l.node.solved("view "+v.view.def.Name, c.part.tp)
		l.log.Log(l.ctx, catchUpLevel(v.view), "caught up", "view", v.view.def.Name, "topic", c.part.tp.Topic, "partition", c.part.tp.Partition, "at", c.at)
	}
	l.closeCursor(c)
	l.admit(c.part)
	l.startWaiting()
}

// startWaiting starts the cursors that wait for others to end.
func (l *lane) startWaiting() {
	for _, p := range l.parts {
		if l.cursors >= l.node.memory.cursors {
			return
		}
		l.startCursors(p)
	}
}

// cursorFailed reports why a cursor cannot read on: its views stay where they
// are. Where the records are gone for good it ends: the client would read on
// elsewhere, and others wait for the place.
func (l *lane) cursorFailed(c *cursor, err error) {
	if c.closed {
		return
	}
	gone := recordsGone(err)
	for _, v := range c.views {
		l.node.problem("view "+v.view.def.Name, c.part.tp, readFault(c.part.tp, c.at, err))
		if gone {
			v.mode = pinned
		}
	}
	if gone {
		l.closeCursor(c)
		l.startWaiting()
	}
}

func (l *lane) closeCursor(c *cursor) {
	if c.closed {
		return
	}
	c.closed = true
	c.cancel()
	l.cursors--
	p := c.part
	for i, other := range p.cursors {
		if other == c {
			p.cursors = append(p.cursors[:i], p.cursors[i+1:]...)
			break
		}
	}
}

// holding reports whether the live reading waits for a cursor that is near.
func (l *lane) holding(now time.Time) bool {
	for _, p := range l.parts {
		for _, c := range p.cursors {
			if p.next-c.at > joinWithin || c.views[0].view.queue != nil { // the others do not wait for PostgreSQL
				continue
			}
			if c.since.IsZero() {
				c.since = now
			}
			if now.Sub(c.since) < holdAtMost {
				return true
			}
		}
	}
	return false
}
