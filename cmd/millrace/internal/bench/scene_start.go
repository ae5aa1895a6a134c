package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// StartSettings say how to measure a node's start. Of the settings within, those of
// the contenders are not used.
type StartSettings struct {
	Settings
	// Views is how many views there are; they share the groups evenly.
	Views int
	// ViewGroups is how many groups they have together.
	ViewGroups int
}

// Validate reports every setting that cannot work.
func (s *StartSettings) Validate() error {
	var f faults
	f.check(s.Views >= 1 && s.Views <= 1000, "--views is %d: use 1 to 1000", s.Views)
	f.check(s.ViewGroups >= s.Views && s.ViewGroups <= 100_000_000, "--groups is %d: use as many as --views (%d) or more, up to 100000000", s.ViewGroups, s.Views)
	f.check(s.Runs >= 1, "--runs is %d: use 1 or more", s.Runs)
	return f.err()
}

// startWithin is how long a start may take until the first fold, in seconds.
const startWithin = 3

// Start measures and prints how long it takes from the start of a node's process
// until a fresh event is in the tables, where many views and groups exist.
func Start(ctx context.Context, s StartSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "start", "from the start of a node's process until an event that is fresh is in rows", s.measure)
}

// startView is view i of the scene: each has all channels.
func startView(i int) viewSpec {
	return viewSpec{
		table: fmt.Sprintf("expected_start_%d", i),
		sql:   fmt.Sprintf("SELECT channel, count(*), sum(price), avg(price), max(price) FILTER (WHERE price > %d) AS high FROM %%s GROUP BY channel", i),
	}
}

func (s *StartSettings) measure(ctx context.Context, sc *scene) (err error) {
	r, groups := sc.report, s.ViewGroups/s.Views
	delay, known := sc.rebalanceDelay(ctx)
	r.set("views", s.Views)
	r.set("groups", groups*s.Views)
	r.set("shards", memoryShards)
	r.set("runs", s.Runs)
	r.set("group.initial.rebalance.delay.ms", delay)
	topic, err := sc.makeTopic(ctx, "bids", Partitions)
	if err != nil {
		return err
	}
	gen := evenly(groups)
	if err := sc.fill(ctx, topic, Partitions, 0, int64(groups), gen, event.append); err != nil {
		return err
	}
	t := trial{name: "start", topic: topic, partitions: Partitions, shards: memoryShards}
	for i := range s.Views {
		t.views = append(t.views, startView(i))
	}
	c, err := sc.open(ctx, &t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	sc.say("folding %d groups of %d views", groups*s.Views, s.Views)
	if err := sc.fold(ctx, c); err != nil {
		return err
	}
	var first, all []float64
	next := int64(groups)
	for run := range s.Runs {
		if err := sc.fill(ctx, topic, Partitions, next, next+Partitions, gen, event.append); err != nil {
			return err
		}
		next += Partitions
		a, b, err := sc.startOnce(ctx, c, run+1)
		if err != nil {
			return fmt.Errorf("start %d: %w", run+1, err)
		}
		sc.say("start %d of %d: the first fold after %.2f s, all after %.2f s", run+1, s.Runs, a.Seconds(), b.Seconds())
		first, all = append(first, a.Seconds()), append(all, b.Seconds())
	}
	if err := sc.store(ctx, 0, next, gen); err != nil {
		return err
	}
	if err := sc.expect(ctx, t.views); err != nil {
		return err
	}
	if err := sc.verify(ctx, c); err != nil {
		return err
	}
	p := r.part("start", fmt.Sprintf("after an orderly stop; %s", delayText(delay, known)))
	f := p.add("first_fold", "until a fresh event is in a row of some view", "s", first...)
	if known && delay == "0" {
		f.atMost(startWithin)
	}
	p.add("all_folded", "until it is in rows of all views", "s", all...)
	return nil
}

func delayText(delay string, known bool) string {
	switch {
	case !known:
		return "the broker does not tell its group.initial.rebalance.delay.ms, so nothing is promised"
	case delay == "0":
		return "the broker's group.initial.rebalance.delay.ms is 0"
	}
	return "the broker waits " + delay + " ms before a new group may begin (group.initial.rebalance.delay.ms), so nothing is promised"
}

// fold runs the cluster's node until everything is folded.
func (s *scene) fold(ctx context.Context, c *trialCluster) error {
	n, err := s.start(c, 0)
	if err != nil {
		return err
	}
	defer n.process.Kill()
	if err := n.folded(ctx, c); err != nil {
		return err
	}
	_, err = n.stop()
	return err
}

// startEvery is how often the ledger is looked at during a start.
const startEvery = 10 * time.Millisecond

// startOnce starts the node, with events waiting in every partition, and returns
// how long it took until the ledger moved for the first time, and until it stood
// at the end for every view.
func (s *scene) startOnce(ctx context.Context, c *trialCluster, run int) (first, all time.Duration, err error) {
	before, err := s.ledger(ctx, c)
	if err != nil {
		return 0, 0, err
	}
	n, err := s.start(c, run)
	if err != nil {
		return 0, 0, err
	}
	defer n.process.Kill()
	// Every shard of every view has to move on by one event in every partition.
	want := before + int64(c.trial.partitions*c.trial.shards*len(c.views))
	err = n.while(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, calmWait, fmt.Errorf("not folded within %v", calmWait))
		defer cancel()
		tick := time.NewTicker(startEvery)
		defer tick.Stop()
		for {
			at, err := s.ledger(ctx, c)
			took := time.Since(n.began)
			if err != nil {
				return err
			}
			if at > before && first == 0 {
				first = took
			}
			if at >= want {
				all = took
				return nil
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
	if err != nil {
		return 0, 0, err
	}
	_, err = n.stop()
	return first, all, err
}

// ledger returns the sum of all offsets up to which the cluster is folded.
func (s *scene) ledger(ctx context.Context, c *trialCluster) (sum int64, err error) {
	err = s.conn.QueryRow(ctx, `SELECT coalesce(sum(to_offset), 0)::bigint FROM millrace.ledger WHERE cluster = $1`, c.cluster()).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("look at the ledger: %w", err)
	}
	return sum, nil
}

// rebalanceDelay is how long the broker has a new group wait for further members.
func (s *scene) rebalanceDelay(ctx context.Context) (value string, known bool) {
	if s.at.process != nil {
		return "0", true // the embedded broker is started so
	}
	brokers, err := s.at.admin.ListBrokers(ctx)
	if err != nil || len(brokers) == 0 {
		return "unknown", false
	}
	all, err := s.at.admin.DescribeBrokerConfigs(ctx, brokers[0].NodeID)
	if err != nil {
		return "unknown", false
	}
	found := "unknown"
	for _, resource := range all {
		for _, c := range resource.Configs {
			if c.Key == "group.initial.rebalance.delay.ms" && c.Value != nil {
				found = *c.Value
			}
		}
	}
	return found, found != "unknown"
}
