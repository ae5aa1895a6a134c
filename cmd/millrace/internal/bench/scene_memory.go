package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/consumer"
)

// MemorySettings say how to measure memory. Of the settings within, those of the
// contenders are not used.
type MemorySettings struct {
	Settings
	// Few and Many are the numbers of groups whose memory is compared.
	Few, Many int
	// Distinct is how many groups, each of one event, are folded at bounded
	// memory; 0 leaves that out.
	Distinct int64
	// Limits are the values of MILLRACE_MEMORY_LIMIT that it is done with, in
	// bytes; 0 is the default.
	Limits []int64
}

// Validate reports every setting that cannot work.
func (s *MemorySettings) Validate() error {
	var f faults
	f.check(s.Few >= 1 && s.Few < s.Many, "--few is %d: use 1 or more, and less than --many (%d)", s.Few, s.Many)
	f.check(s.Many <= 10_000_000, "--many is %d: use 10000000 or less", s.Many)
	f.check(s.Events >= int64(s.Many), "--events is %d: use as many as --many (%d) or more", s.Events, s.Many)
	f.check(s.Runs >= 1, "--runs is %d: use 1 or more", s.Runs)
	f.check(s.Distinct == 0 || s.Distinct >= 1000, "--distinct is %d: use 1000 or more, or 0 for none", s.Distinct)
	least := consumer.LeastMemory(1, consumer.LeastFolders)
	for _, n := range s.Limits {
		f.check(n == 0 || n >= least, "--limits has %d: use %d (%d MiB, where a node gets along with one lane) or more, or 0 for the default", n, least, least>>20)
	}
	return f.err()
}

// moreMemory is how many MB more many groups may take than few.
const moreMemory = 200

// Memory measures and prints how much memory a node takes: with few groups and with
// many, and with far more than fit into its setting.
func Memory(ctx context.Context, s MemorySettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "memory", "the most physical memory of a node with default settings", s.measure)
}

// memoryShards is how many shards the view has: the default.
const memoryShards = 4

func (s *MemorySettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("events", s.Events)
	r.set("partitions", Partitions)
	r.set("shards", memoryShards)
	r.set("runs", s.Runs)
	if err := s.groups(ctx, sc); err != nil {
		return err
	}
	if s.Distinct == 0 {
		return nil
	}
	topic, err := sc.makeTopic(ctx, "distinct", Partitions)
	if err == nil {
		err = sc.fill(ctx, topic, Partitions, 0, s.Distinct, evenly(int(s.Distinct)), event.appendShort)
	}
	if err != nil {
		return err
	}
	for _, limit := range s.Limits {
		if err := s.bounded(ctx, sc, topic, limit); err != nil {
			return err
		}
	}
	return nil
}

// memoryTrial is a node with default settings and a view of count, sum and avg.
func memoryTrial(name, topic string) trial {
	return trial{name: name, topic: topic, partitions: Partitions, shards: memoryShards, views: []viewSpec{{
		sql: "SELECT channel, count(*), sum(price), avg(price) FROM %s GROUP BY channel",
	}}}
}

// groups compares few groups with many.
func (s *MemorySettings) groups(ctx context.Context, sc *scene) error {
	counts := []int{s.Few, s.Many}
	topics := make([]string, len(counts))
	for i, n := range counts {
		var err error
		if topics[i], err = sc.makeTopic(ctx, fmt.Sprintf("groups%d", n), Partitions); err != nil {
			return err
		}
		if err := sc.fill(ctx, topics[i], Partitions, 0, s.Events, evenly(n), event.append); err != nil {
			return err
		}
	}
	peaks := make([][]float64, len(counts))
	for run := range s.Runs {
		for i, n := range counts {
			t := memoryTrial(fmt.Sprintf("groups-%d", n), topics[i])
			u, err := sc.run(ctx, &t, run+1, func(ctx context.Context, c *trialCluster) error { return sc.sums(ctx, c.views[0], s.Events, n) })
			if err != nil {
				return fmt.Errorf("%d groups: %w", n, err)
			}
			sc.say("run %d of %d: %d groups, %.0f MB at most", run+1, s.Runs, n, megabytes(u.Peak))
			peaks[i] = append(peaks[i], megabytes(u.Peak))
		}
	}
	p := sc.report.part("groups", "a view by channel: count, sum, avg; few groups and many, of the same number of events")
	p.add("few", fmt.Sprintf("%d groups", s.Few), "MB", peaks[0]...)
	p.add("many", fmt.Sprintf("%d groups", s.Many), "MB", peaks[1]...)
	p.add("more", "  more with many", "MB", ratiosOf(peaks[1], peaks[0], func(many, few float64) float64 { return many - few })...).atMost(moreMemory)
	return nil
}

// bounded folds groups that all are new, with a bound on memory.
func (s *MemorySettings) bounded(ctx context.Context, sc *scene, topic string, limit int64) (err error) {
	t := memoryTrial(fmt.Sprintf("distinct-%d", limit), topic)
	name := "the default limit"
	if limit > 0 {
		t.env = append(t.env, fmt.Sprintf("MILLRACE_MEMORY_LIMIT=%d", limit))
		name = fmt.Sprintf("MILLRACE_MEMORY_LIMIT %d", limit)
	}
	c, err := sc.open(ctx, &t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	n, err := sc.start(c, 1)
	if err != nil {
		return err
	}
	defer n.process.Kill()
	done, err := sc.watchRate(ctx, c, n, s.Distinct)
	if err != nil {
		return err
	}
	u, err := n.stop()
	if err == nil {
		err = sc.sums(ctx, c.views[0], s.Distinct, int(s.Distinct))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p := sc.report.part(t.name, fmt.Sprintf("%d groups of one event each, %s", s.Distinct, name))
	if limit == 0 {
		limit = c.svc.Settings.Node.MemoryLimit
	}
	p.add("peak", "most memory", "MB", megabytes(u.Peak)).atMost(megabytes(limit))
	rates := tenths(done, s.Distinct)
	for i, rate := range rates {
		p.add(fmt.Sprintf("tenth_%d", i+1), fmt.Sprintf("tenth %d of the run", i+1), "events/s", rate)
	}
	var drops []float64
	for i := range rates[1:] {
		drops = append(drops, rates[i+1]/rates[i])
	}
	p.add("steepest", "  the steepest change from one tenth to the next", "×", slices.Min(drops)).atLeast(0.5)
	return nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// moment says how many events were folded at a time.
type moment struct {
	at     time.Time
	folded int64
}

// rateEvery is how often watchRate looks.
const rateEvery = 100 * time.Millisecond

// watchRate looks at the ledger until all events are folded.
func (s *scene) watchRate(ctx context.Context, c *trialCluster, n *trialNode, events int64) (all []moment, err error) {
	err = n.while(ctx, func(ctx context.Context) error {
		tick := time.NewTicker(rateEvery)
		defer tick.Stop()
		told := int64(0)
		for {
			folded, err := s.ledger(ctx, c)
			if err != nil {
				return err
			}
			folded /= int64(c.trial.shards * len(c.views))
			all = append(all, moment{time.Now(), folded})
			if folded >= events {
				return nil
			}
			if part := 10 * folded / events; part > told {
				told = part
				progress(s.Progress, "folded", folded, events)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
	return all, err
}

// tenths returns the events per second of each tenth of the events, the first
// counted from the last look at which none was folded.
func tenths(all []moment, events int64) []float64 {
	when := func(folded float64) time.Time {
		for i, m := range all {
			if float64(m.folded) >= folded && m.folded > 0 {
				if i == 0 {
					return m.at
				}
				before := all[i-1]
				part := (folded - float64(before.folded)) / float64(m.folded-before.folded)
				return before.at.Add(time.Duration(part * float64(m.at.Sub(before.at))))
			}
		}
		return all[len(all)-1].at
	}
	var rates []float64
	for i := range 10 {
		from, to := float64(events)*float64(i)/10, float64(events)*float64(i+1)/10
		rates = append(rates, (to-from)/max(when(to).Sub(when(from)).Seconds(), 1e-9))
	}
	return rates
}

// sums holds a view of count, sum and avg by channel against events of [evenly], by
// sums over a hash of every row.
func (s *scene) sums(ctx context.Context, view string, events int64, groups int) error {
	if _, err := s.conn.Exec(ctx, "SET work_mem = '512MB'"); err != nil {
		return err
	}
	const sum = `SELECT count(*), sum(count), coalesce(sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(':', channel, count, sum, round(avg, 9)), 0)::numeric), 0)::text FROM %s AS r`
	var want, got [2]int64
	var wantSum, gotSum string
	expected := fmt.Sprintf(`(SELECT 'channel-' || i * %d %% %d AS channel, count(*), sum(1 + i %% 1000), avg(1 + i %% 1000) FROM generate_series(0::bigint, %d) AS i GROUP BY 1)`, spread, groups, events-1)
	if err := s.conn.QueryRow(ctx, fmt.Sprintf(sum, expected)).Scan(&want[0], &want[1], &wantSum); err != nil {
		return fmt.Errorf("the expected sums: %w", err)
	}
	if err := s.conn.QueryRow(ctx, fmt.Sprintf(sum, view)).Scan(&got[0], &got[1], &gotSum); err != nil {
		return fmt.Errorf("the view's sums: %w", err)
	}
	if got != want || gotSum != wantSum {
		return fmt.Errorf("%w: %d groups of %d, %d events of %d, the rows' hashes add up to %s, not to %s", errWrong, got[0], want[0], got[1], want[1], gotSum, wantSum)
	}
	return nil
}
