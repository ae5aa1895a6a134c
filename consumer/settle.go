package consumer

import (
	"time"

	"github.com/millrace/millrace/topology"
)

// This file is how a lane is given partitions and gives them up: nothing is read
// between the last seal and the giving up.

// assign makes partitions this lane's.
func (l *lane) assign(parts []topology.TopicPartition) {
	for _, tp := range parts {
		if !l.stopping {
			l.retry[tp] = time.Time{}
		}
	}
}

// revoke publishes what was read and gives partitions up. It returns when the
// lane's transaction has ended.
func (l *lane) revoke(parts []topology.TopicPartition) {
	for _, tp := range parts {
		l.closeCursors(tp)
	}
	if !l.node.cfg.inject(guardSettle) {
		l.settleFlush()
	}
	for _, tp := range parts {
		l.close(tp)
		l.forget(tp)
	}
	l.startWaiting()
}

// lose gives partitions up without a flush: they are no longer this node's, and
// everything the lane has goes with them.
func (l *lane) lose(parts []topology.TopicPartition) {
	l.awaitFlush()
	if len(l.parts) > 0 { // else there is nothing of theirs: a node that has stopped is told of a loss, too, when its client ends
		l.reset("partitions were lost")
	}
	for _, tp := range parts {
		l.forget(tp)
	}
}

// forget drops what the lane keeps of a partition that it does not read.
func (l *lane) forget(tp topology.TopicPartition) {
	delete(l.retry, tp)
	delete(l.unstable, tp)
	delete(l.stops, tp)
}

// settleFlush waits for the flush in flight, then publishes what there is.
func (l *lane) settleFlush() {
	l.awaitFlush()
	if l.void {
		l.reset("the flush before failed")
	}
	// Where the lane has to stop at once, the flush in flight may have failed
	// already: nothing that comes after it may be published.
	if l.ctx.Err() == nil {
		l.drain()
	}
	if l.void {
		l.reset("a record stops its partition")
	}
	if l.ctx.Err() != nil || !l.moved() {
		return
	}
	l.seal()
	l.awaitFlush()
	if l.void {
		l.reset("the last flush failed")
	}
}

// awaitFlush runs what is posted until no flush is in flight.
func (l *lane) awaitFlush() {
	for l.inFlight && l.ctx.Err() == nil {
		ctx, awake := l.sleep(l.ctx, time.Second)
		<-ctx.Done()
		awake()
		l.runPosts()
	}
}

// stop publishes what there is and gives everything up. The lane goes on taking
// posts until its context ends, for the group has yet to hear of it.
func (l *lane) stop() {
	l.stopping = true
	for tp := range l.parts {
		l.closeCursors(tp)
	}
	l.settleFlush()
	for tp := range l.parts {
		l.close(tp)
	}
	clear(l.retry)
}
