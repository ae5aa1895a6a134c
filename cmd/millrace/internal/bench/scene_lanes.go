package bench

import "context"

// LanesSettings say how to measure two lanes against one. Of the settings within,
// those of the contenders are not used.
type LanesSettings struct {
	Settings
	// Pairs is how often both run, in turn.
	Pairs int
}

// Validate reports every setting that cannot work.
func (s *LanesSettings) Validate() error {
	var f faults
	f.run(&s.Settings)
	f.check(s.Pairs >= 1, "--pairs is %d: use 1 or more", s.Pairs)
	return f.err()
}

// lanesCost is how much an event may cost with two lanes, to one lane's.
const lanesCost = 1.18

// Lanes measures and prints what a node's second lane costs in processor time for each
// event.
func Lanes(ctx context.Context, s LanesSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "lanes", "processor time of a node for each event, with two lanes and with one", s.measure)
}

func (s *LanesSettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("events", s.Events)
	r.set("groups", s.Groups)
	r.set("partitions", Partitions)
	sc.describeNode()
	r.set("pairs", s.Pairs)
	topics, err := sc.prepare(ctx, Partitions)
	if err != nil {
		return err
	}
	one := trial{name: "lanes-1", topic: topics[Partitions], partitions: Partitions, shards: Partitions, lanes: 1, views: sameViews(1)}
	two := one
	two.name, two.lanes = "lanes-2", 2
	costs, err := sc.rounds(ctx, s.Pairs, []trial{one, two})
	if err != nil {
		return err
	}
	p := r.part("lanes", "one view by channel: count, sum, avg, min, max")
	p.addCost("lanes_1", "one lane", costs[one.name])
	p.addCost("lanes_2", "two lanes", costs[two.name])
	p.add("ratio", "two lanes to one", "×", ratiosOf(costs[two.name], costs[one.name], quotient)...).atMost(lanesCost)
	return nil
}

func quotient(a, b float64) float64 { return a / b }
