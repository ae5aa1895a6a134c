package bench

import (
	"context"
	"time"

	"github.com/millrace/millrace/topology"
)

// paceEvery is how often a paced load produces.
const paceEvery = 5 * time.Millisecond

// pacedLoad makes events at an even rate, over all partitions in turn, dated by
// when they are made.
type pacedLoad struct {
	topic string
	rate  int   // events a second
	most  int64 // how many events are made at most; 0 for any number
	next  int64 // the number of the next event
	gen   generator

	began, ended time.Time
	made         map[topology.Partition][]batch
}

// batch is events of one partition that were made at once.
type batch struct {
	at     int64 // milliseconds since 1970
	events int64
}

// run makes events for a while, and returns when the broker has them.
func (l *pacedLoad) run(ctx context.Context, s *scene, span time.Duration) error {
	p, err := newProducing(s.at, l.topic)
	if err != nil {
		return err
	}
	defer p.client.Close()
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	l.made, l.began = map[topology.Partition][]batch{}, time.Now()
	for first := l.next; ; {
		now := time.Now()
		since := min(now.Sub(l.began), span)
		due := first + int64(since.Seconds()*float64(l.rate))
		if l.most > 0 {
			due = min(due, first+l.most)
		}
		for ; l.next < due; l.next++ {
			to := topology.Partition(l.next % Partitions)
			l.note(to, now.UnixMilli())
			p.produce(ctx, l.gen(l.next).append(make([]byte, 0, 288)), to, now)
		}
		if l.ended = now; since == span || l.most > 0 && due == first+l.most {
			return p.flush(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *pacedLoad) note(to topology.Partition, now int64) {
	made := l.made[to]
	if n := len(made); n > 0 && made[n-1].at == now {
		made[n-1].events++
		return
	}
	l.made[to] = append(made, batch{now, 1})
}

// late returns how late the events were that were made from some time on. An event
// is in its row when its shard has moved to an event that was made no earlier;
// which shard is its, nobody knows, so it counts once for each.
func (l *pacedLoad) late(moves history, from time.Time) latencies {
	var all latencies
	for at, advances := range moves {
		next := 0
		for _, b := range l.made[at.input] {
			for next < len(advances) && advances[next].newest.UnixMilli() < b.at {
				next++
			}
			if next < len(advances) && b.at >= from.UnixMilli() {
				all = append(all, lateness{float64(advances[next].seen.UnixMilli() - b.at), b.events})
			}
		}
	}
	all.sort()
	return all
}
