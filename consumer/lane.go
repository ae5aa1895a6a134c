package consumer

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// lane reads input partitions, aggregates and publishes. One goroutine ([lane.run])
// owns every field below; others reach it through the mailbox.
type lane struct {
	*mailbox
	node   *Node
	number int
	id     topology.ID // random: names this start of the lane in flushes
	log    *slog.Logger
	ctx    context.Context // ends when the lane has to stop at once
	work   sync.WaitGroup  // cursors and the flush in flight

	reader    *kgo.Client
	slabs     *slabs // the reader's records
	publisher *publisher

	catalog  *topology.Catalog
	streams  map[topology.StreamID]*laneStream
	parts    map[topology.TopicPartition]*inputPartition
	retry    map[topology.TopicPartition]time.Time // assigned, but not opened yet: when to try again
	unstable unstable
	stops    map[topology.TopicPartition]int64 // where on_error = 'stop' ends a partition
	gone     []string                          // topics that the broker no longer knows
	cursors  int

	cadence  cadence
	budget   budget
	seq      uint64
	dead     []*kgo.Record
	deadSize int
	inFlight bool
	lastSeal time.Time
	stopping bool
	void     bool // what was read since the last seal must be thrown away
	doubtful bool // a newer catalog may allow a record that was refused since the last seal

	scratch []*laneView
}

// run owns the lane until stop is posted or its context ends.
func (l *lane) run() {
	defer l.work.Wait()
	defer l.end()
	for l.ctx.Err() == nil {
		l.runPosts()
		if l.ctx.Err() != nil {
			return
		}
		l.tend()
		now := time.Now()
		l.openDue(now)
		l.sealDue(now)
		l.poll(now)
		if l.void {
			l.reset("a record stops its partition")
		}
		for len(l.gone) > 0 {
			topic := l.gone[0]
			l.gone = l.gone[1:]
			l.reopen(topic)
		}
	}
}

// reopen gives up the partitions of a topic that was deleted, and tries to open
// them again, which says what has become of the topic.
func (l *lane) reopen(topic string) {
	var parts []topology.TopicPartition
	for tp := range l.parts {
		if tp.Topic == topic {
			parts = append(parts, tp)
			l.closeCursors(tp)
		}
	}
	l.settleFlush()
	for _, tp := range parts {
		if _, resets := l.retry[tp]; resets || l.parts[tp] != nil { // else it was revoked meanwhile
			l.close(tp)
			l.retry[tp] = time.Now().Add(openRetry)
		}
	}
	l.reader.PurgeTopicsFromConsuming(topic) // or the reader takes no other topic of its name
}

// poll waits for records, a post, or the time of the next flush.
func (l *lane) poll(now time.Time) {
	wait := l.cadence.interval() - now.Sub(l.lastSeal)
	if !l.moved() || l.inFlight && wait <= 0 {
		wait = l.cadence.least
	}
	ctx, awake := l.sleep(l.ctx, max(wait, time.Millisecond))
	defer awake()
	if l.holding(now) || l.full() || l.openParts() == 0 {
		<-ctx.Done()
		return
	}
	waiting := ctx
	if ctx.Err() != nil {
		// Posts are waiting, as they always are while catch-ups run: the live
		// reading takes what is there, or it would starve beside them.
		waiting = nil
	}
	fetches := l.reader.PollRecords(waiting, l.pollable())
	fetches.EachPartition(l.takeFetch)
	l.finish()
	l.weigh()
	fetches.EachPartition(l.reclaim)
	l.slabs.turn()
}

// takeFetch takes what a poll brought of one partition.
func (l *lane) takeFetch(f kgo.FetchTopicPartition) {
	tp := topology.TopicPartition{Topic: f.Topic, Partition: f.Partition}
	p := l.parts[tp]
	if p == nil || p.cut {
		return
	}
	if f.Err != nil && !retryableFetch(f.Err) {
		l.node.problem("stream "+p.stream.def.Name, tp, readFault(tp, p.next, f.Err))
		p.cut = logCut(f.Err)
		if topicGone(f.Err) && !slices.Contains(l.gone, tp.Topic) {
			l.gone = append(l.gone, tp.Topic)
		}
		return
	}
	l.readLive(p, f.Records)
	if len(f.Records) > 0 && p.stopAt < 0 && !l.void && l.node.problems.some.Load() {
		l.node.solved("stream "+p.stream.def.Name, tp)
	}
	l.cadence.behind(p, f.LastStableOffset-p.next)
	p.behind.Set(float64(max(0, f.HighWatermark-p.next)))
}

// reclaim gives the records of one partition back to the reader: their rows are
// in the tables, and nobody refers to them.
func (l *lane) reclaim(f kgo.FetchTopicPartition) {
	if p := l.parts[topology.TopicPartition{Topic: f.Topic, Partition: f.Partition}]; p != nil {
		p.rest = l.slabs.reclaim(p.rest, f.Records)
	}
}

// openParts returns how many partitions are being read live.
func (l *lane) openParts() int {
	n := 0
	for _, p := range l.parts {
		if !p.atStop() {
			n++
		}
	}
	return n
}

// atStop reports whether on_error = 'stop' has ended the partition's reading.
func (p *inputPartition) atStop() bool { return p.stopAt >= 0 && p.next >= p.stopAt }

// full reports whether the lane is at its budget while a flush is in flight:
// it then polls nothing.
func (l *lane) full() bool { return l.inFlight && l.overBudget() }

// readLive takes records of the live reading, in pieces that end where a
// waiting view joins or where the partition stops.
func (l *lane) readLive(p *inputPartition, records []*kgo.Record) {
	for len(records) > 0 && records[0].Offset < p.next {
		records = records[1:]
	}
	for len(records) > 0 && !p.atStop() {
		// A record beyond a gap (compaction, an aborted transaction) tells
		// that all before it has been read.
		if first := records[0].Offset; first > p.next && !l.node.cfg.inject(guardGap) {
			to := first
			if p.stopAt >= 0 {
				to = min(to, p.stopAt)
			}
			if _, until := p.liveViews(nil); until > p.next {
				to = min(to, until)
			}
			p.advance(to, 0)
			continue
		}
		l.shed(p)
		views, until := p.liveViews(l.scratch[:0])
		l.scratch = views
		n := len(records)
		for n > 1 && (until >= 0 && records[n-1].Offset >= until || p.stopAt >= 0 && records[n-1].Offset >= p.stopAt) {
			n--
		}
		l.takeRecords(p, records[:n], views)
		last := records[n-1]
		p.advance(last.Offset+1, last.Timestamp.UnixMilli())
		records = records[n:]
	}
	if p.joined {
		p.joined = false
		l.admit(p)
	}
}

// takeRecords folds records into the tables of views and deals with those that
// cannot be read. The last of them wait in a batch, which may go on with those of
// the stream's next partition, until finish.
func (l *lane) takeRecords(p *inputPartition, records []*kgo.Record, views []*laneView) {
	l.cadence.read += int64(len(records))
	l.budget.took(records)
	l.node.metrics.records.Add(float64(len(records)))
	p.stream.take(records, views, l.bad(p.stream))
}

// bad returns what deals with the records of a stream that cannot be read.
func (l *lane) bad(s *laneStream) refuse {
	return func(r *kgo.Record, v *laneView, err *datum.Error) {
		views := s.reading
		if v == nil {
			views = s.refuseRemote(r, err)
		}
		if len(views) > 0 {
			l.refuse(s.def, views, r, v, err)
		}
	}
}

// finish folds what waits in the streams' batches. Until then positions stand
// behind records that are in no table yet, and the records are in use.
func (l *lane) finish() {
	for _, s := range l.streams {
		before := s.decoded
		s.finish(l.bad(s))
		l.node.metrics.decoded.Add(float64(s.decoded - before))
		l.warnNull(s)
	}
}

// warnNull says once that a declared column has had no value in any record.
func (l *lane) warnNull(s *laneStream) {
	if s.warned || s.decoded < 1000 {
		return
	}
	s.warned = true
	if never, others := s.nullColumns(); len(never) > 0 {
		l.log.Warn("declared columns have been NULL in every record so far: do the fields have other names?",
			"stream", s.def.Name, "columns", never, "fields_seen", others, "records", s.decoded)
	}
}

// moved reports whether anything was read since the last seal.
func (l *lane) moved() bool {
	for _, p := range l.parts {
		if p.moved {
			return true
		}
	}
	return false
}

// reset throws away everything since the last published flush, sealed batches
// included, and starts again from the committed offsets.
func (l *lane) reset(why string) {
	l.void = false
	if l.inFlight {
		l.void = true // its result comes by the mailbox and resets again
		return
	}
	l.log.Info("lane starts again from its committed positions", "why", why)
	l.node.metrics.resets.Inc()
	for tp := range l.parts {
		l.close(tp)
		l.retry[tp] = time.Time{}
	}
	for _, s := range l.streams {
		for _, v := range s.views {
			if v.table != nil && !l.node.cfg.inject(guardReset) {
				v.table.Reset()
			}
			if v.queue != nil {
				l.renewQueue(v)
			}
		}
	}
	l.dead, l.deadSize, l.budget = nil, 0, budget{}
}

// close ends the reading of a partition. What was read of it and not sealed
// stays in the tables: the caller has sealed before, or throws them away.
func (l *lane) close(tp topology.TopicPartition) {
	p := l.parts[tp]
	if p == nil {
		return
	}
	l.closeCursors(tp)
	l.forgetSent(p)
	l.cadence.behind(p, 0)
	l.reader.RemoveConsumePartitions(map[string][]int32{tp.Topic: {tp.Partition}})
	delete(l.parts, tp)
}

// closeCursors ends the catch-ups of a partition that is to be closed, for good:
// what they would read after its last seal would stay in the tables and come to
// a flush that does not cover it. Waiting for that seal's flush runs posts, which
// may ask for cursors.
func (l *lane) closeCursors(tp topology.TopicPartition) {
	if p := l.parts[tp]; p != nil {
		p.closing = true
		for _, c := range slices.Clone(p.cursors) {
			l.closeCursor(c)
		}
	}
}
