package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// prepare fills topics of some numbers of partitions with the same events, and
// the plain table. It returns the topics by their partitions.
func (s *scene) prepare(ctx context.Context, partitions ...int) (map[int]string, error) {
	topics := map[int]string{}
	for _, n := range partitions {
		topic, err := s.makeTopic(ctx, fmt.Sprintf("bids%d", n), n)
		if err != nil {
			return nil, err
		}
		if err := s.fill(ctx, topic, n, 0, s.Events, hashed(s.Groups), event.append); err != nil {
			return nil, err
		}
		topics[n] = topic
	}
	return topics, s.store(ctx, 0, s.Events, hashed(s.Groups))
}

// rounds runs all trials once a round and returns, by their names, the processor
// seconds that each event took in each round. What the same node takes to
// start, join, and leave, over as many events as it has partitions, is
// measured some times for each trial, and its median taken off.
func (s *scene) rounds(ctx context.Context, rounds int, trials []trial) (map[string][]float64, error) {
	costs := map[string][]float64{}
	for i := range trials {
		t := &trials[i]
		if err := s.expect(ctx, t.views); err != nil {
			return nil, err
		}
		if err := s.measureStart(ctx, t); err != nil {
			return nil, fmt.Errorf("the start of %s: %w", t.name, err)
		}
	}
	for round := range rounds {
		for i := range trials {
			t := &trials[i]
			u, err := s.run(ctx, t, round+1, s.verify)
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round+1, t.name, err)
			}
			cost := (u.CPU - s.starts[t.name].CPU).Seconds() / float64(s.Events)
			costs[t.name] = append(costs[t.name], cost)
			s.say("round %d of %d: %-14s %.3f µs for an event; %.2f s of processor, of which %.2f s to start and to end; %.2f s",
				round+1, rounds, t.name, 1e6*cost, u.CPU.Seconds(), s.starts[t.name].CPU.Seconds(), u.Wall.Seconds())
		}
	}
	return costs, nil
}

// startRuns is how often a trial's start and end are measured: of a million events
// they are a fifth.
const startRuns = 5

// measureStart runs a trial's node over a topic with an event for each partition.
func (s *scene) measureStart(ctx context.Context, t *trial) (err error) {
	at := *t
	at.name = "start-" + t.name
	if at.topic, err = s.makeTopic(ctx, at.name, t.partitions); err != nil {
		return err
	}
	if err := s.fill(ctx, at.topic, t.partitions, 0, int64(t.partitions), hashed(s.Groups), event.append); err != nil {
		return err
	}
	runs := make([]usage, startRuns)
	for i := range runs {
		if runs[i], err = s.run(ctx, &at, i, func(context.Context, *trialCluster) error { return nil }); err != nil {
			return err
		}
	}
	slices.SortFunc(runs, func(a, b usage) int { return cmp.Compare(a.CPU, b.CPU) })
	s.starts[t.name] = runs[startRuns/2]
	return nil
}
