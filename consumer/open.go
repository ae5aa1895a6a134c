package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// newPartition places every view of the stream that the commit's metadata has
// room for. Where nothing is committed, a view stands where it has published up
// to, or where it starts.
func (l *lane) newPartition(tp topology.TopicPartition, id topology.TopicID, s *laneStream, c committed, up map[topology.ViewID]int64) *inputPartition {
	p := &inputPartition{tp: tp, topicID: id, stream: s, next: c.positions.Live, stopAt: -1, behind: l.node.metrics.behind(tp)}
	if c.none {
		p.next = -1
	}
	if at, ok := l.stops[tp]; ok {
		p.stopAt = at
	}
	if l.node.cfg.inject(guardRevision) {
		c.positions.Revision = l.catalog.Revision
	}
	stands := make([]int64, len(s.views))
	for i, v := range s.views {
		if stands[i], _ = c.positions.Of(v.def, tp.Partition); c.none {
			stands[i] = max(up[v.def.ID], v.def.StartAt(tp.Partition))
		}
	}
	p.next = max(settle(p.next, stands), 0)
	for i, v := range s.views {
		if !l.admissible(p, v, stands[i]) {
			l.noRoom(p, v)
			break
		}
		p.place(v, stands[i])
		p.revision = v.def.Created
	}
	if len(p.views) == len(s.views) {
		p.revision = l.catalog.Revision
	}
	return p
}

// admissible reports whether the metadata of commits has room for one more view
// that stands at an offset.
func (l *lane) admissible(p *inputPartition, v *laneView, at int64) bool {
	if at == p.next && v.table != nil && v.queue == nil || l.node.cfg.inject(guardRoom) {
		return true
	}
	n := 0
	for _, v := range p.views {
		if v.mode != live || v.view.queue != nil { // which may be behind at any time
			n++
		}
	}
	return n < topology.MaxLagging
}

// admit places views that the partition has not got yet, in order of their
// creation, and starts the cursors that are needed. A view is placed where it
// begins: no commit so far has named it, and none was made under a revision
// that knew it.
func (l *lane) admit(p *inputPartition) {
	for _, v := range p.stream.views {
		if p.has(v) {
			continue
		}
		at := v.def.StartAt(p.tp.Partition)
		if !l.admissible(p, v, at) {
			l.noRoom(p, v)
			l.startCursors(p)
			return
		}
		if len(p.views) == 0 && !p.moved {
			p.jump(l, at)
		}
		p.place(v, at)
		p.revision = v.def.Created
		l.node.solved("view "+v.def.Name, p.tp)
	}
	p.revision = l.catalog.Revision
	l.startCursors(p)
}

// noRoom tells of a view that has no place where it would not pass: catch-ups end,
// views with row programs stay.
func (l *lane) noRoom(p *inputPartition, v *laneView) {
	n := 0
	for _, pos := range p.views {
		if pos.view.queue != nil {
			n++
		}
	}
	if n == topology.MaxLagging {
		l.node.problem("view "+v.def.Name, p.tp, fmt.Errorf("stream %q has %d views whose expressions PostgreSQL evaluates, and no place for more: "+
			"this view and those created after it wait; drop one, or give the topic to a second cluster", p.stream.def.Name, n))
	}
}

func (p *inputPartition) has(v *laneView) bool {
	for _, pos := range p.views {
		if pos.view == v {
			return true
		}
	}
	return false
}

// jump moves the live reading of a partition without views.
func (p *inputPartition) jump(l *lane, at int64) {
	if at == p.next {
		return
	}
	p.next = at
	l.reader.RemoveConsumePartitions(map[string][]int32{p.tp.Topic: {p.tp.Partition}})
	l.reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{p.tp.Topic: {p.tp.Partition: kgo.NewOffset().At(at)}})
}

// learn brings the lane's catalog to the log's present end.
func (l *lane) learn(ctx context.Context) error {
	c, err := l.node.catalog.Read(ctx)
	if err != nil {
		return err
	}
	l.know(c)
	return nil
}

// know takes a newer catalog: new views are read from their start on, dropped
// ones are forgotten.
func (l *lane) know(c *topology.Catalog) {
	if c.Revision <= l.catalog.Revision {
		return
	}
	l.catalog = c
	l.doubtAgain()
	for _, def := range c.Streams() {
		if views := c.ViewsOf(def.ID); len(views) > 0 || l.streams[def.ID] != nil {
			l.renew(def, views)
		}
	}
	for id, s := range l.streams {
		if _, ok := c.StreamByID(id); !ok {
			l.renew(s.def, nil)
			delete(l.streams, id)
			l.leave(id)
		}
	}
	for _, p := range l.parts {
		l.admit(p)
	}
}

// leave ends the reading for a stream that was dropped. Another one may be over
// the same topic by now, whose views stand elsewhere: what was committed under
// an older catalog still says so, what this reading would commit does not.
func (l *lane) leave(id topology.StreamID) {
	for tp, p := range l.parts {
		if p.stream.def.ID != id {
			continue
		}
		l.close(tp)
		if l.streamOf(tp.Topic) != nil {
			l.retry[tp] = time.Time{}
		}
	}
}

// renew gives a stream the views and columns that the catalog says. Where they changed,
// its decoder is built anew and the tables of those that stay are kept.
func (l *lane) renew(def *topology.Stream, views []*topology.View) {
	old := l.streams[def.ID]
	if old != nil && l.sameViews(old.views, views) && len(old.def.Columns) == len(def.Columns) {
		return
	}
	s := newLaneStream(def, views, func(v *topology.View, err error) {
		l.node.problem("view "+v.Name, topology.TopicPartition{}, err)
	})
	l.streams[def.ID] = s
	if old == nil {
		return
	}
	s.inherit(old)
	for tp, p := range l.parts {
		if p.stream != old {
			continue
		}
		l.rebase(p, s)
		if p.stopAt >= 0 { // perhaps by a view that is no more
			delete(l.stops, tp)
			l.void = true
		}
	}
}

// rebase moves a partition to a stream's new incarnation.
func (l *lane) rebase(p *inputPartition, s *laneStream) {
	p.stream = s
	var kept []*viewPosition
	for _, pos := range p.views {
		if v := s.view(pos.view.def.ID); v != nil {
			pos.view = v
			kept = append(kept, pos)
		}
	}
	p.views = kept
	for _, c := range append([]*cursor{}, p.cursors...) {
		l.closeCursor(c) // started again by admit, from where its views stand
	}
}

func (l *lane) sameViews(have []*laneView, want []*topology.View) bool {
	if len(have) != len(want) {
		return false
	}
	for i := range have {
		if have[i].def.ID != want[i].ID && !l.node.cfg.inject(guardID) {
			return false
		}
	}
	return true
}

func (l *lane) streamOf(topic string) *laneStream {
	for _, s := range l.streams {
		if s.def.Topic == topic && len(s.views) > 0 {
			return s
		}
	}
	return nil
}
