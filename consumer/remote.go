package consumer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// This file is how a lane works with views that have a row program. Reading copies
// their rows into the view's queue (see [remoteQueue]) and goes on; goroutines have
// them evaluated; what comes back goes into the view's table, and only then has the
// view read so far. Until then it stands behind the live position, and commits say so
// as they do of views that catch up.
//
// Where PostgreSQL is slower than the stream, the queue fills up, and the view falls
// out of the live reading: it is caught up by a cursor, which waits while the queue is
// full, as PostgreSQL is able to. So it takes no time of the other views and a bounded
// amount of memory.

const (
	// evaluateRetry and evaluateRetryMost are how long a batch waits that could not
	// be evaluated: twice as long each time.
	evaluateRetry     = 50 * time.Millisecond
	evaluateRetryMost = time.Second
	// drainAtMost is how long a lane that is to give partitions up waits for what
	// is being evaluated. What has not come by then is read again by others.
	drainAtMost = 2 * time.Second
)

// tend brings the row programs' work along: it takes what has come back, sends what
// waits, and has views read on that fell behind. It is called between polls, when no
// row waits in a stream's batch.
func (l *lane) tend() {
	if l.remoteViews() == 0 {
		return
	}
	l.coverRead()
	for _, s := range l.streams {
		for _, v := range s.views {
			if v.queue != nil && v.table != nil {
				l.send(v.queue)
				l.takeAnswered(s, v)
				l.send(v.queue)
			}
		}
	}
	for _, p := range l.parts {
		l.readOn(p)
	}
}

// coverRead tells the queues how far their views have read.
func (l *lane) coverRead() {
	for _, p := range l.parts {
		for _, v := range p.views {
			if v.view.queue != nil && v.read > v.covered {
				v.view.queue.cover(readTo{p.tp, v.read, v.reading})
				v.covered, v.reading = v.read, 0
			}
		}
	}
}

// send has as many batches evaluated as may be at once.
func (l *lane) send(q *remoteQueue) {
	for i, b := range q.batches {
		if b.state != notAsked {
			continue
		}
		if b.sent.Rows == 0 {
			b.closed, b.state = true, hasAnswer
			continue
		}
		few := i == len(q.batches)-1 && !b.closed && b.sent.Rows < remoteFew
		if q.running >= remoteAhead || few && q.running > 0 {
			return
		}
		l.ask(q, b)
	}
}

// ask has a batch evaluated beside the lane.
func (l *lane) ask(q *remoteQueue, b *remoteBatch) {
	ctx, cancel := context.WithCancel(l.ctx)
	b.closed, b.state, b.cancel = true, underWay, cancel
	q.running++
	c := call{lane: l, queue: q, batch: b, view: q.view, tp: topology.TopicPartition{
		Topic: l.topicOf(q.view), Partition: b.records.all[0].partition,
	}}
	l.work.Go(func() {
		defer cancel()
		c.run(ctx)
	})
}

func (l *lane) topicOf(v *laneView) string {
	if s, ok := l.catalog.StreamByID(v.def.Stream); ok {
		return s.Topic
	}
	return ""
}

// call is a batch on its way, in a goroutine of its own.
type call struct {
	lane  *lane
	queue *remoteQueue
	batch *remoteBatch
	view  *laneView
	tp    topology.TopicPartition // names the problem
}

// run has the batch evaluated, again and again until it has been or the queue is given
// up. One that fails for a reason that passes is not told of at once.
func (c *call) run(ctx context.Context) {
	m := c.lane.node.metrics.evaluator(c.view.def.Name)
	for try, wait := 1, evaluateRetry; ; try, wait = try+1, min(2*wait, evaluateRetryMost) {
		begun := time.Now()
		e, err := c.lane.node.evaluator.Evaluate(ctx, c.view.program, c.batch.sent.Inputs, c.batch.sent.Rows)
		if err == nil {
			m.took(c.batch.sent.Rows, len(e.Failed), time.Since(begun))
			c.lane.post(func() { c.answer(e) })
			return
		}
		if ctx.Err() != nil {
			return
		}
		m.retries.Inc()
		if passing := temporaryError(err); try > 1 || !passing {
			c.lane.post(func() { c.report(err) })
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// temporaryError reports whether an error says of itself that it passes.
func temporaryError(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// answer takes what came back, in the lane's goroutine.
func (c *call) answer(e *aggregator.Evaluated) {
	q := c.queue
	if q.void {
		return
	}
	q.running--
	c.batch.state, c.batch.result, c.batch.cancel = hasAnswer, e, nil
	q.weigh(c.batch)
	if q.failing {
		q.failing = false
		c.lane.node.solved("view "+c.view.def.Name, q.problem)
	}
}

// report tells why the view does not go on.
func (c *call) report(err error) {
	if c.queue.void {
		return
	}
	if !c.queue.failing {
		c.queue.failing, c.queue.problem = true, c.tp
	}
	c.lane.node.problem("view "+c.view.def.Name, c.queue.problem, err)
}

// takeAnswered puts what came back into the view's table, and moves the view's
// positions with it.
func (l *lane) takeAnswered(s *laneStream, v *laneView) {
	for !l.full() {
		n := v.queue.ready(len(v.queue.batches) > 0 && l.node.cfg.inject(guardCovered))
		if n == 0 {
			return
		}
		for _, b := range v.queue.batches[:n] {
			l.takeBatch(s, v, b)
		}
		v.queue.taken(n, l.roomOf())
		l.weigh()
	}
}

func (l *lane) takeBatch(s *laneStream, v *laneView, b *remoteBatch) {
	refuse := func(record int32, blamed *laneView, err *datum.Error) {
		l.refuse(s.def, []*laneView{v}, b.records.record(s.def.Topic, record), blamed, err)
	}
	for _, r := range b.refused {
		if r.decoding {
			refuse(r.record, nil, r.err)
		} else {
			refuse(r.record, v, r.err)
		}
	}
	if b.result != nil {
		v.table.TakeEvaluated(&b.sent, b.result, func(record int32, err *datum.Error) { refuse(record, v, err) })
		l.budget.records += len(b.result.Rows)
	}
	for _, end := range b.ends {
		p := l.parts[end.tp]
		if p == nil {
			panic("bug: a batch of a partition that is not read any more")
		}
		for _, pos := range p.views {
			if pos.view == v {
				pos.at, pos.newest = end.to, max(pos.newest, end.newest)
				p.moved = true
			}
		}
	}
}

// room reports whether a view takes more rows: of one with a row program its queue
// must not be full.
func (l *lane) room(v *laneView) bool {
	return v.queue == nil || int64(v.queue.bytes) < l.roomOf()
}

// roomOf returns how many bytes the queue of each view may hold.
func (l *lane) roomOf() int64 { return l.node.memory.remote / int64(max(1, l.remoteViews())) }

func (l *lane) remoteViews() (n int) {
	for _, s := range l.streams {
		n += s.remote
	}
	return n
}

// shed takes views whose queues are full out of the live reading.
func (l *lane) shed(p *inputPartition) {
	if p.stream.remote == 0 {
		return
	}
	for _, v := range p.views {
		if v.view.queue != nil && v.mode == live && !l.room(v.view) {
			v.mode = behind
		}
	}
}

// readOn has the views of a partition read again that fell out of the live reading.
func (l *lane) readOn(p *inputPartition) {
	start := false
	for _, v := range p.views {
		if v.view.queue == nil || v.mode != behind || !l.room(v.view) || p.hasCursor(v) {
			continue
		}
		if v.read == p.next {
			v.mode = live
		} else {
			start = true
		}
	}
	if start {
		l.startCursors(p)
	}
}

// forgetSent gives up what the views of a partition have sent and not got back, for
// rows of the partition may be among it, which is given up; what else is among it they
// read again.
func (l *lane) forgetSent(p *inputPartition) {
	for _, v := range p.views {
		if v.view.queue == nil || len(v.view.queue.batches) == 0 {
			continue
		}
		l.renewQueue(v.view)
		for _, other := range l.parts {
			for _, pos := range other.views {
				if pos.view == v.view {
					l.readAgain(other, pos)
				}
			}
		}
	}
}

// readAgain takes a view back to where its table stands.
func (l *lane) readAgain(p *inputPartition, v *viewPosition) {
	if v.read == v.at {
		return
	}
	for _, c := range slices.Clone(p.cursors) {
		if slices.Contains(c.views, v) {
			l.closeCursor(c)
		}
	}
	v.read, v.covered, v.reading = v.at, v.at, 0
	if v.mode == live {
		v.mode = behind
	}
}

// renewQueue gives up what a view has sent.
func (l *lane) renewQueue(v *laneView) {
	if v.queue.failing { // what stops it, if it still does, the next call finds
		l.node.solved("view "+v.def.Name, v.queue.problem)
	}
	v.queue.giveUp()
	v.queue = &remoteQueue{view: v}
}

// drain waits for what has been read to come back, but not for what fails, nor for
// long.
func (l *lane) drain() {
	l.tend()
	awaited := map[*remoteBatch]bool{}
	for _, s := range l.streams {
		for _, v := range s.views {
			if v.queue != nil {
				for _, b := range v.queue.batches {
					awaited[b] = true
				}
			}
		}
	}
	ctx, cancel := context.WithTimeout(l.ctx, drainAtMost)
	defer cancel()
	for ctx.Err() == nil && l.awaits(awaited) {
		asleep, awake := l.sleep(ctx, time.Second)
		<-asleep.Done()
		awake()
		l.runPosts()
		l.tend()
	}
}

func (l *lane) awaits(batches map[*remoteBatch]bool) bool {
	for _, s := range l.streams {
		for _, v := range s.views {
			if v.queue == nil || v.queue.failing {
				continue
			}
			for _, b := range v.queue.batches {
				if batches[b] {
					return true
				}
			}
		}
	}
	return false
}
