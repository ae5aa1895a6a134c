package consumer

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/topology"
)

// inputPartition is an input partition on its lane. Each view of the stream has
// its own read position in it.
type inputPartition struct {
	tp      topology.TopicPartition
	topicID topology.TopicID
	stream  *laneStream
	next    int64 // the live position: the next offset to read
	views   []*viewPosition
	cursors []*cursor
	moved   bool     // something was read since the last seal
	closing bool     // it gets no cursors any more
	newest  int64    // Kafka timestamp of the newest record of the live reading, ms
	rest    partSlab // records of a batch of which the poll before took a part
	behind  prometheus.Gauge
	lag     int64 // records that can be read and are not yet, as of the last fetch (see [cadence])
	cut     bool  // the log was truncated: nothing more is read of it
	joined  bool  // a waiting view went live: there may be room for another
	// stopAt is the offset of the record at which on_error = 'stop' ends the
	// reading, -1 for none.
	stopAt int64
	// revision is the catalog revision that commits are made under: every view
	// created by then has a place here.
	revision topology.Revision
}

// viewPosition is how far one view has read one input partition.
type viewPosition struct {
	view   *laneView
	mode   readMode
	at     int64 // read up to here: what the view's table has
	sealed int64 // sealed flushes cover all before it
	newest int64 // Kafka timestamp of the newest record since the last seal, ms

	// read is where the reading for the view stands. Of a view with a row program
	// what lies between at and read is in its queue, up to covered with its
	// positions; reading is the newest record's timestamp since. Of others read
	// is at.
	read, covered, reading int64
}

// advance says that the view's records were read up to an offset.
func (v *viewPosition) advance(to, newest int64) {
	v.read = to
	if v.view.queue != nil {
		v.reading = max(v.reading, newest)
		return
	}
	v.at, v.newest = to, max(v.newest, newest)
}

// readMode says who reads for a view.
//
//	waiting ──(live position reaches its start)──► live
//	behind  ──(its cursor reaches the live position)──► live
type readMode uint8

const (
	live    readMode = iota // the partition's live reading
	behind                  // a cursor, or nobody until the view's queue has room
	waiting                 // nobody yet: its start lies ahead
	pinned                  // nobody: its plan cannot be carried out here, or its records are gone
)

// place puts a view into the partition at a position.
func (p *inputPartition) place(v *laneView, at int64) {
	pos := &viewPosition{view: v, at: at, sealed: at, read: at, covered: at}
	switch {
	case v.table == nil:
		pos.mode = pinned
	case at < p.next:
		pos.mode = behind
	case at > p.next:
		pos.mode = waiting
	}
	p.views = append(p.views, pos)
}

// settle chooses the live position where no view is there: the least of the
// views' own, so that nothing is read that nobody wants, nor read twice.
func settle(live int64, at []int64) int64 {
	if len(at) == 0 {
		return live
	}
	least := at[0]
	for _, a := range at {
		if a == live {
			return live
		}
		least = min(least, a)
	}
	return least
}

// liveViews returns the views that the live reading is for, and the offset at
// which the next one joins (a waiting view's start), -1 for none.
func (p *inputPartition) liveViews(into []*laneView) (views []*laneView, until int64) {
	until = -1
	for _, v := range p.views {
		switch v.mode {
		case live:
			into = append(into, v.view)
		case waiting:
			if v.read <= p.next {
				v.mode, p.joined = live, true
				into = append(into, v.view)
			} else if until < 0 || v.read < until {
				until = v.read
			}
		}
	}
	return into, until
}

// advance moves the live position, and with it every live view.
func (p *inputPartition) advance(to, newest int64) {
	if to == p.next {
		return
	}
	p.next, p.moved = to, true
	p.newest = max(p.newest, newest)
	for _, v := range p.views {
		if v.mode == live {
			v.advance(to, newest)
		}
	}
}

// limit is how far a cursor may read.
func (p *inputPartition) limit() int64 {
	if p.stopAt >= 0 {
		return min(p.next, p.stopAt)
	}
	return p.next
}

// seal returns the range that a view has read since the last seal.
func (p *inputPartition) seal(v *viewPosition) (partial.Range, bool) {
	if v.at <= v.sealed {
		return partial.Range{}, false
	}
	r := partial.Range{Topic: p.topicID, Partition: p.tp.Partition, From: v.sealed, To: v.at, MaxTime: v.newest}
	v.sealed, v.newest = v.at, 0
	return r, true
}

// positions returns what an offset commit says now.
func (p *inputPartition) positions(revision topology.Revision) topology.Positions {
	out := topology.Positions{Revision: revision, Live: p.next}
	byOffset := map[int64]int{}
	for _, v := range p.views {
		if v.mode == live && v.at == p.next {
			continue
		}
		i, ok := byOffset[v.at]
		if !ok {
			i = len(out.Behind)
			byOffset[v.at] = i
			out.Behind = append(out.Behind, topology.Lagging{At: v.at})
		}
		out.Behind[i].Views = append(out.Behind[i].Views, v.view.def.ID)
	}
	return out
}
