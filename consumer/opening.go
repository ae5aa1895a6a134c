package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/topology"
)

// This file is how a lane begins to read partitions: those of one topic that are due
// are opened together. One by one each takes four requests, and where nothing is
// committed a look at the whole ledger and at all partials.

const (
	// openRetry is how long a partition that could not be opened waits.
	openRetry = time.Second
	// openTimeout bounds the opening of a topic's partitions.
	openTimeout = 10 * time.Second
)

// opening is a partition that is being opened.
type opening struct {
	tp  topology.TopicPartition
	err error // why it cannot be
	committed
}

// openDue opens the partitions whose time has come.
func (l *lane) openDue(now time.Time) {
	for topic, parts := range l.due(now) {
		ctx, cancel := context.WithTimeoutCause(l.ctx, openTimeout, fmt.Errorf("opening partitions of %q took longer than %v", topic, openTimeout))
		err := l.open(ctx, topic, parts)
		cancel()
		for _, o := range parts {
			if err != nil {
				o.err = err
			}
			if o.err != nil && l.ctx.Err() != nil {
				return
			}
			l.opened(o)
		}
	}
}

// due returns the partitions that are to be opened now, by their topics.
func (l *lane) due(now time.Time) map[string][]*opening {
	var due map[string][]*opening
	for tp, at := range l.retry {
		if now.Before(at) {
			continue
		}
		if due == nil {
			due = map[string][]*opening{}
		}
		due[tp.Topic] = append(due[tp.Topic], &opening{tp: tp})
	}
	for _, parts := range due {
		slices.SortFunc(parts, func(a, b *opening) int { return a.tp.Compare(b.tp) })
	}
	return due
}

// opened takes what became of an opening.
func (l *lane) opened(o *opening) {
	switch {
	case o.err == nil:
		delete(l.retry, o.tp)
		delete(l.unstable, o.tp)
		l.node.solved("topic "+o.tp.Topic, o.tp)
		return
	case errors.Is(o.err, kerr.UnstableOffsetCommit): // another's flush is on its way; the lane has other things to do
		if o.err = l.unstable.held(o.tp, time.Now(), l.node.cfg.TransactionTimeout); o.err == nil {
			l.retry[o.tp] = time.Now().Add(unstableRetry)
			return
		}
	default:
		delete(l.unstable, o.tp)
	}
	l.node.problem("topic "+o.tp.Topic, o.tp, o.err)
	l.retry[o.tp] = time.Now().Add(openRetry)
}

// open begins to read partitions of a topic where the committed offsets and the
// catalog say that their views stand. What keeps one of them from it is left with that
// one; what it returns keeps all of them.
func (l *lane) open(ctx context.Context, topic string, parts []*opening) error {
	about, err := l.node.admin.Topic(ctx, topic)
	if err != nil {
		return err
	}
	s := l.streamOf(topic)
	if s == nil {
		return fmt.Errorf("no stream with views reads topic %q any more", topic)
	}
	if about.ID != s.def.TopicID && !l.node.cfg.inject(guardTopic) {
		return fmt.Errorf("topic %q was deleted and created again since stream %q was created (topic id %v, was %v): "+
			"drop the stream and create it again", topic, s.def.Name, about.ID, s.def.TopicID)
	}
	if err := l.fetchCommitted(ctx, topic, about.ID, parts); err != nil {
		return err
	}
	if err := l.learnFor(ctx, parts); err != nil {
		return err
	}
	if s = l.streamOf(topic); s == nil {
		return fmt.Errorf("no stream with views reads topic %q any more", topic)
	}
	up := l.recoverPositions(ctx, s, about.ID, parts)
	at := map[int32]kgo.Offset{}
	for _, o := range parts {
		if o.err == nil {
			p := l.newPartition(o.tp, about.ID, s, o.committed, up[o.tp.Partition])
			l.parts[o.tp], at[o.tp.Partition] = p, kgo.NewOffset().At(p.next)
			l.log.Debug("partition opened", "topic", topic, "partition", o.tp.Partition, "at", p.next, "views", len(p.views))
		}
	}
	l.reader.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: at})
	for partition := range at {
		l.startCursors(l.parts[topology.TopicPartition{Topic: topic, Partition: partition}])
	}
	return nil
}

// learnFor brings the lane's catalog to the revisions under which the partitions were
// read.
func (l *lane) learnFor(ctx context.Context, parts []*opening) error {
	beyond := func(o *opening) bool { return o.err == nil && o.positions.Revision > l.catalog.Revision }
	if !slices.ContainsFunc(parts, beyond) || l.node.cfg.inject(guardLearn) {
		return nil
	}
	if err := l.learn(ctx); err != nil {
		return err
	}
	for _, o := range parts {
		if beyond(o) {
			o.err = fmt.Errorf("topic %q partition %d was read under catalog revision %d, and the catalog ends at %d: "+
				"it was restored or created again; where the views stand is not known: give this cluster a new name, or restore the whole catalog",
				o.tp.Topic, o.tp.Partition, o.positions.Revision, l.catalog.Revision)
		}
	}
	return nil
}
