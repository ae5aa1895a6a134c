package topology

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// simulation is a world in which things happen by chance. After each of them the
// group settles, and all that Place and Watch promise is checked.
type simulation struct {
	*world
	t     *testing.T
	rng   *rand.Rand
	least int // members
	most  int
	named int
	moved int // partitions in all
	bound int // how many had to move
	apart int // how many would have had to if each kind were placed by itself
}

// TestSimulation runs the functions that the running node calls: 1,000 nodes
// that share 10,000 partials partitions and as many input partitions, and
// small clusters, in which more goes wrong at once.
func TestSimulation(t *testing.T) {
	scale := func(quick, whole int) int {
		if full() {
			return whole
		}
		return quick
	}
	t.Run("nodes=1000", func(t *testing.T) {
		s := newSimulation(t, seedOf(t), 950, 1050)
		for i := range 100 {
			s.topics = append(s.topics,
				Topic{Name: fmt.Sprintf("input-%02d", i), Partitions: int32(50 + i)}, // 9,950
				Topic{Name: fmt.Sprintf("partials-%02d", i), Partitions: 100, Partials: true})
		}
		s.run(1000, scale(kindsOfEvents, 400))
	})
	t.Run("nodes=10", func(t *testing.T) {
		rng := seedOf(t)
		for range scale(10, 200) {
			s := newSimulation(t, rng, 1, 10)
			for i := range 1 + rng.IntN(5) {
				s.topics = append(s.topics,
					Topic{Name: fmt.Sprint("input-", i), Partitions: rng.Int32N(12)},
					Topic{Name: fmt.Sprint("partials-", i), Partitions: rng.Int32N(6), Partials: true})
			}
			s.run(1+rng.IntN(10), 40)
		}
	})
}

func newSimulation(t *testing.T, rng *rand.Rand, least, most int) *simulation {
	return &simulation{world: newWorld(), t: t, rng: rng, least: least, most: most}
}

func (s *simulation) run(nodes, steps int) {
	for range nodes {
		s.joinOne()
	}
	s.check("start")
	s.quiet(Grace + LookEvery)
	for step := range steps {
		event := s.happen(step)
		if s.t.Failed() {
			s.t.Fatalf("step %d: %s", step, event)
		}
	}
	s.t.Logf("%d nodes: %d partitions moved, %d had to, %d if each kind were by itself", len(s.group), s.moved, s.bound, s.apart)
	if 10*s.moved > 11*s.apart+10*slack {
		s.t.Errorf("%d partitions moved, more than a tenth above %d", s.moved, s.apart)
	}
}

func (s *simulation) joinOne() {
	s.named++
	name := fmt.Sprintf("node-%06d", s.named)
	s.start(name)
	s.join(name)
}

// some picks up to n nodes that run, and leaves enough.
func (s *simulation) some(n int) []string {
	names := slices.Sorted(maps.Keys(s.processes))
	s.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:max(0, min(n, len(names)-s.least))]
}

const kindsOfEvents = 6

// slack is how many moves more than the tenth a run may take that moves only a few:
// making both kinds together even costs one now and then.
const slack = 20

// happen lets one thing happen, and the cluster deal with it.
func (s *simulation) happen(step int) string {
	n := 1 + s.rng.IntN(3)
	if s.rng.IntN(4) == 0 {
		n = 1 + s.rng.IntN(s.most/8+2)
	}
	kind := s.rng.IntN(kindsOfEvents)
	if step < kindsOfEvents { // each kind once, even in a short run
		kind = step
	}
	event := ""
	switch kind {
	case 0:
		n = min(n, s.most-len(s.group))
		event = fmt.Sprint(n, " join")
		for range n {
			s.joinOne()
		}
	case 1:
		names := s.some(n)
		event = fmt.Sprint("these leave: ", names)
		for _, name := range names {
			s.leave(name)
		}
	case 2:
		names := s.some(n)
		event = fmt.Sprint("these die: ", names)
		s.die(names)
	case 3:
		names := s.some(n)
		event = fmt.Sprint("these fall silent: ", names)
		s.fallSilent(names)
	case 4:
		event = "PostgreSQL restarts"
		s.restartPostgres()
		s.quiet(Grace + time.Second)
	case 5:
		event = "one leaves as another comes, and a topic grows"
		for _, name := range s.some(1) {
			s.leave(name)
			s.joinOne()
		}
		s.topics[s.rng.IntN(len(s.topics))].Partitions++
	}
	s.check(event)
	return event
}

// quiet lets time pass in which nobody may do anything to anybody.
func (s *simulation) quiet(d time.Duration) {
	s.t.Helper()
	if acts := s.look(d); len(acts) > 0 {
		s.t.Errorf("%d takeovers for nothing: %v", len(acts), acts[0])
	}
}

// die kills nodes. Each is taken out of the group, by exactly one other.
func (s *simulation) die(names []string) {
	for _, name := range names {
		s.kill(name)
	}
	s.helped(names, true)
	for _, name := range names {
		if s.group[name] != nil || s.registry[name] != nil {
			s.t.Errorf("%s is dead, and still there", name)
		}
	}
}

// fallSilent stops nodes, until the group puts them out. Each is fenced, once. The
// half of them wakes and joins again, the others die.
func (s *simulation) fallSilent(names []string) {
	for _, name := range names {
		s.processes[name].stopped = true
	}
	s.quiet(2 * LookEvery)
	for _, name := range names {
		delete(s.group, name)
	}
	s.helped(names, false)
	s.quiet(2 * LookEvery)
	for _, name := range names[:len(names)/2] {
		s.processes[name].stopped = false
		s.join(name)
	}
	s.die(names[len(names)/2:])
}

// helped checks that each of these is rescued by exactly one: at the second look,
// or a second later if the first in turn has only just started.
func (s *simulation) helped(names []string, expelled bool) {
	s.t.Helper()
	helped := map[string]int{}
	for _, a := range s.look(Grace + 2*LookEvery) {
		helped[a.to]++
		if a.expelled != expelled {
			s.t.Errorf("%v", a)
		}
	}
	for _, name := range names {
		if helped[name] != 1 {
			s.t.Errorf("%s was rescued %d times", name, helped[name])
		}
	}
	if len(helped) != len(names) {
		s.t.Errorf("%d rescued, %d in need", len(helped), len(names))
	}
}

// check lets the group settle and compares what moved with what had to.
func (s *simulation) check(event string) {
	s.t.Helper()
	var members []Member
	for _, m := range s.group {
		s.subscribe(m)
		members = append(members, *m)
	}
	must, apart := leastMoves(members, s.topics)
	moved, rounds := s.settle()
	if rounds > 2 {
		s.t.Errorf("%s: %d rounds", event, rounds)
	}
	placed := map[string][]TopicPartition{}
	for i, m := range members {
		members[i].Owned = s.group[m.Node].Owned
		placed[m.ID] = members[i].Owned
	}
	checkPlaced(s.t, members, s.topics, placed)
	if len(moved) != must {
		s.t.Errorf("%s: %d partitions moved, %d had to", event, len(moved), must)
	}
	s.moved += len(moved)
	s.bound += must
	s.apart += apart
}
