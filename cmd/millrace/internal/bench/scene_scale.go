package bench

import (
	"context"
	"fmt"
)

// ScaleSettings say how to measure what more partitions, shards and views cost.
// Of the settings within, those of the contenders are not used.
type ScaleSettings struct {
	Settings
	// Pairs is how often everything runs, in turn.
	Pairs int
	// Partitions, Shards and Views are what is compared with 4 partitions, one
	// shard and one view.
	Partitions, Shards, Views []int
}

// Validate reports every setting that cannot work.
func (s *ScaleSettings) Validate() error {
	var f faults
	f.run(&s.Settings)
	f.check(s.Pairs >= 1, "--pairs is %d: use 1 or more", s.Pairs)
	for _, n := range s.Partitions {
		f.check(n > Partitions && n <= 1024, "--partitions has %d: use %d to 1024", n, Partitions+1)
	}
	for _, n := range s.Shards {
		f.check(n >= 2 && n <= 1024, "--shards has %d: use 2 to 1024", n)
	}
	for _, n := range s.Views {
		f.check(n >= 2 && n <= 1000, "--views has %d: use 2 to 1000", n)
	}
	return f.err()
}

// scaleCost is how much more an event may cost with more of anything.
const scaleCost = 1.10

// Scale measures and prints a node's processor time for each event as input
// partitions, shards and views grow, each to what the smallest cluster takes in the same
// round.
func Scale(ctx context.Context, s ScaleSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "scale", "processor time of a node for each event, as partitions, shards and views grow", s.measure)
}

func (s *ScaleSettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("events", s.Events)
	r.set("groups", s.Groups)
	sc.describeNode()
	r.set("pairs", s.Pairs)
	topics, err := sc.prepare(ctx, append([]int{Partitions}, s.Partitions...)...)
	if err != nil {
		return err
	}
	base := trial{
		name: "base", topic: topics[Partitions], partitions: Partitions, shards: 1, lanes: s.Lanes, views: sameViews(1),
	}
	trials := []trial{base}
	with := func(name string, n int, change func(*trial)) {
		t := base
		t.name = fmt.Sprintf("%s-%d", name, n)
		change(&t)
		trials = append(trials, t)
	}
	for _, n := range s.Partitions {
		with("partitions", n, func(t *trial) { t.partitions, t.topic = n, topics[n] })
	}
	for _, n := range s.Shards {
		with("shards", n, func(t *trial) { t.shards = n })
	}
	for _, n := range s.Views {
		with("views", n, func(t *trial) { t.views = differentViews(n) })
	}
	costs, err := sc.rounds(ctx, s.Pairs, trials)
	if err != nil {
		return err
	}
	s.summarize(r, costs)
	return nil
}

func (s *ScaleSettings) summarize(r *sceneReport, costs map[string][]float64) {
	base := costs["base"]
	r.part("base", fmt.Sprintf("%d partitions, one shard, one view by channel: count, sum, avg, min, max", Partitions)).addCost("base", "base", base)
	part := func(name, what string, counts []int, allowed func(n int) float64) {
		if len(counts) == 0 {
			return
		}
		p := r.part(name, what)
		for _, n := range counts {
			cost := costs[fmt.Sprintf("%s-%d", name, n)]
			p.addCost(fmt.Sprintf("%s_%d", name, n), fmt.Sprintf("%d %s", n, name), cost)
			to := "  to base"
			if budget := allowed(n); budget != 1 {
				to = fmt.Sprintf("  to base with %d %% of it for each further one", furtherViews)
			}
			p.add(fmt.Sprintf("%s_%d_ratio", name, n), to, "×", ratiosOf(cost, base, func(a, b float64) float64 { return a / b / allowed(n) })...).atMost(scaleCost)
		}
	}
	flat := func(int) float64 { return 1 }
	part("partitions", "more input partitions", s.Partitions, flat)
	part("shards", "more shards of the view", s.Shards, flat)
	part("views", "more views, as several users would write them", s.Views, func(n int) float64 { return 1 + furtherViews/100.0*float64(n-1) })
}
