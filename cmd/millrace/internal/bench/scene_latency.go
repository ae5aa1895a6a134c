package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// LatencySettings say how to measure how late rows are. Of the settings within,
// those of the contenders are not used.
type LatencySettings struct {
	Settings
	// For is how long each load lasts.
	For time.Duration
	// Idle is how many events there are in a second of a quiet stream.
	Idle int
	// Rate is how many there are in a second of a busy one; 0 is half of what the
	// node is found to manage.
	Rate int
}

// Validate reports every setting that cannot work.
func (s *LatencySettings) Validate() error {
	var f faults
	f.run(&s.Settings)
	f.check(s.For >= time.Second, "--for is %v: use 1s or more", s.For)
	f.check(s.Idle >= 1 && s.Idle <= 1000, "--idle is %d: use 1 to 1000", s.Idle)
	f.check(s.Rate >= 0, "--rate is %d: use 0 (half of the full load) or more", s.Rate)
	return f.err()
}

// What is promised of an event's way into its row, in milliseconds.
const (
	busyMedian  = 250
	busyWorst   = 1000
	quietWorst  = 400
	worstOf     = 0.99
	latencySkip = 2 * time.Second // the first moments of a load are none of it
)

// Latency measures and prints how long an event takes until it is in a visible row:
// at half of the full load, and when hardly anything happens.
func Latency(ctx context.Context, s LatencySettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "latency", "from the making of an event until it is in a visible row, looked at from outside", s.measure)
}

func (s *LatencySettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("groups", s.Groups)
	r.set("partitions", Partitions)
	r.set("shards", memoryShards)
	sc.describeNode()
	r.set("for", s.For.String())
	rate, busy := s.Rate, "the rate that was asked for"
	if rate == 0 {
		busy = "half of the full load"
		full, err := s.fullLoad(ctx, sc)
		if err != nil {
			return fmt.Errorf("the full load: %w", err)
		}
		rate = int(full / 2)
	}
	for _, load := range []struct {
		name, what    string
		rate          int
		median, worst float64
	}{
		{"busy", busy, rate, busyMedian, busyWorst},
		{"quiet", "hardly anything happens", s.Idle, 0, quietWorst},
	} {
		late, made, err := s.paced(ctx, sc, load.name, load.rate)
		if err != nil {
			return fmt.Errorf("%s: %w", load.what, err)
		}
		p := r.part(load.name, load.what)
		p.add("rate", "events that were made", "a second", made)
		p.add("p50", "half of them are in a row within", "ms", late.quantile(0.5))
		if load.median > 0 {
			p.Figures[1].atMost(load.median)
		}
		p.add("p99", "99 of 100 within", "ms", late.quantile(worstOf)).atMost(load.worst)
		p.add("max", "all within", "ms", late.quantile(1))
	}
	return nil
}

// latencyTrial is a node with the default number of shards.
func (s *LatencySettings) latencyTrial(name, topic string) trial {
	return trial{name: name, topic: topic, partitions: Partitions, shards: memoryShards, lanes: s.Lanes, views: []viewSpec{sameViews(1)[0]}}
}

// boundless is a rate that no broker takes.
const boundless = 1 << 40

// fullLoad makes events as fast as the broker takes them and returns how many the
// node folds in a second beside it, from the first event to the last one's row.
func (s *LatencySettings) fullLoad(ctx context.Context, sc *scene) (perSecond float64, err error) {
	load := &pacedLoad{rate: boundless, most: s.Events}
	moves, err := s.live(ctx, sc, "full", load, 10*time.Minute)
	if err != nil {
		return 0, err
	}
	perSecond = float64(load.next-Partitions) / moves.last().Sub(load.began).Seconds()
	p := sc.report.part("full", fmt.Sprintf("%d events, made as fast as the broker takes them", load.next-Partitions))
	p.add("rate", "folded", "events/s", perSecond)
	sc.say("full load: %.0f events/s", perSecond)
	return perSecond, nil
}

// paced loads a node evenly and looks on. It returns how late the events were and
// how many were made in a second.
func (s *LatencySettings) paced(ctx context.Context, sc *scene, name string, rate int) (late latencies, made float64, err error) {
	load := &pacedLoad{rate: rate}
	moves, err := s.live(ctx, sc, name, load, s.For+latencySkip)
	if err != nil {
		return nil, 0, err
	}
	late = load.late(moves, load.began.Add(latencySkip))
	return late, float64(load.next-Partitions) / load.ended.Sub(load.began).Seconds(), nil
}

// live loads a new node for a while, returns what was seen of it, and checks its view.
func (s *LatencySettings) live(ctx context.Context, sc *scene, name string, load *pacedLoad, span time.Duration) (moves history, err error) {
	if load.topic, err = sc.makeTopic(ctx, name, Partitions); err != nil {
		return nil, err
	}
	t := s.latencyTrial(name, load.topic)
	c, err := sc.open(ctx, &t)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	// An event in each partition tells when the node has joined and folds.
	load.next, load.gen = Partitions, hashed(s.Groups)
	if err := sc.fill(ctx, load.topic, Partitions, 0, Partitions, load.gen, event.append); err != nil {
		return nil, err
	}
	n, err := sc.start(c, 1)
	if err != nil {
		return nil, err
	}
	defer n.process.Kill()
	if err := n.folded(ctx, c); err != nil {
		return nil, err
	}
	if moves, err = sc.look(ctx, c, n, load, span); err != nil {
		return nil, err
	}
	if _, err := n.stop(); err != nil {
		return nil, err
	}
	return moves, sc.check(ctx, c, load.next, load.gen)
}

// look lets a load run for a while beside an observer, until everything is folded.
func (s *scene) look(ctx context.Context, c *trialCluster, n *trialNode, load *pacedLoad, span time.Duration) (history, error) {
	o, err := newObserver(ctx, s.at.settings.Database.URL, c.cluster())
	if err != nil {
		return nil, err
	}
	var work sync.WaitGroup
	observing, stop := context.WithCancel(ctx)
	defer work.Wait()
	defer stop()
	work.Go(func() { o.run(observing) })
	if load.most == 0 {
		s.say("%d events a second for %v", load.rate, span)
	}
	err = n.while(ctx, func(ctx context.Context) error { return load.run(ctx, s, span) })
	if err == nil {
		err = n.folded(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	// The observer has to see what is folded.
	for end := time.Now(); ; {
		o.mu.Lock()
		last, failed := o.last, o.err
		moves := o.moves
		o.mu.Unlock()
		if failed != nil {
			return nil, failed
		}
		if last.After(end.Add(observeEvery)) {
			stop()
			work.Wait()
			return moves, nil
		}
		if err := (&failover{}).wait(ctx, observeEvery); err != nil {
			return nil, err
		}
	}
}

// check holds the cluster's views against the events up to next.
func (s *scene) check(ctx context.Context, c *trialCluster, next int64, gen generator) error {
	if err := s.store(ctx, 0, next, gen); err != nil {
		return err
	}
	if err := s.expect(ctx, c.trial.views); err != nil {
		return err
	}
	if err := s.verify(ctx, c); err != nil {
		return err
	}
	_, err := s.conn.Exec(ctx, "DROP TABLE events")
	for _, v := range c.trial.views {
		_, dropped := s.conn.Exec(ctx, "DROP TABLE "+v.table)
		err = errors.Join(err, dropped)
	}
	return err
}

// lateness is how late some events were.
type lateness struct {
	millis float64
	events int64
}

// latencies are all of a load's, in order.
type latencies []lateness

// quantile returns how late the given part of the events was at most.
func (l latencies) quantile(part float64) float64 {
	var all, sum int64
	for _, x := range l {
		all += x.events
	}
	for _, x := range l {
		if sum += x.events; float64(sum) >= part*float64(all) {
			return x.millis
		}
	}
	return 0
}

// last returns when the last move was seen.
func (h history) last() (at time.Time) {
	for _, advances := range h {
		for _, a := range advances {
			if a.seen.After(at) {
				at = a.seen
			}
		}
	}
	return at
}

func (l latencies) sort() {
	slices.SortFunc(l, func(a, b lateness) int { return cmp.Compare(a.millis, b.millis) })
}
