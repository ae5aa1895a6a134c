package topology

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"
)

// seedOf returns the seed of a random test: MILLRACE_TOPOLOGY_SEED, or a fresh one.
func seedOf(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MILLRACE_TOPOLOGY_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MILLRACE_TOPOLOGY_SEED: %v", err)
		}
	}
	t.Logf("seed %d: run it again with MILLRACE_TOPOLOGY_SEED=%d", seed, seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// full reports whether tests run at their full size.
func full() bool { return os.Getenv("MILLRACE_TEST_FULL") == "1" }

// randomCluster returns topics, and members that claim anything.
func randomCluster(rng *rand.Rand, members, topics, partitions int) ([]Member, []Topic) {
	var all []Topic
	for i := range 1 + rng.IntN(topics) {
		all = append(all, Topic{Name: fmt.Sprint("topic-", i), Partitions: int32(rng.IntN(partitions + 1)), Partials: rng.IntN(2) == 0})
	}
	var names []string
	for _, t := range all {
		names = append(names, t.Name)
	}
	ms := make([]Member, 1+rng.IntN(members))
	for i := range ms {
		ms[i] = Member{ID: fmt.Sprint("id-", i), Node: fmt.Sprint("node-", rng.IntN(members)), Topics: slices.Clone(names), Generation: rng.Int32N(4) - 1}
	}
	for _, t := range all {
		for p := range t.Partitions {
			for range 2 {
				if i := rng.IntN(2 * len(ms)); i < len(ms) {
					ms[i].Owned = append(ms[i].Owned, TopicPartition{t.Name, p})
				}
			}
		}
	}
	return ms, all
}

func clone(members []Member) []Member {
	members = slices.Clone(members)
	for i := range members {
		members[i].Topics, members[i].Owned = slices.Clone(members[i].Topics), slices.Clone(members[i].Owned)
	}
	return members
}

// TestPlacePromises checks on random clusters, some members of which subscribe to
// a part of the topics, what Place says of itself.
func TestPlacePromises(t *testing.T) {
	rng := seedOf(t)
	for n := range 500 {
		members, topics := randomCluster(rng, 8, 8, 8)
		for i := range members {
			if rng.IntN(3) == 0 {
				members[i].Topics = slices.DeleteFunc(members[i].Topics, func(string) bool { return rng.IntN(4) == 0 })
			}
		}
		before := clone(members)
		placed := Place(members, topics)
		if !reflect.DeepEqual(members, before) {
			t.Fatalf("case %d: the members are changed", n)
		}
		checkPlaced(t, members, topics, placed)
		for i := range members {
			rng.Shuffle(len(members[i].Owned), reflect.Swapper(members[i].Owned))
			rng.Shuffle(len(members[i].Topics), reflect.Swapper(members[i].Topics))
		}
		rng.Shuffle(len(members), reflect.Swapper(members))
		rng.Shuffle(len(topics), reflect.Swapper(topics))
		if again := Place(members, topics); !reflect.DeepEqual(again, placed) {
			t.Fatalf("case %d: the order of the arguments matters:\n%v\n%v", n, placed, again)
		}
		for i := range members {
			members[i].Owned, members[i].Generation = placed[members[i].ID], 9
		}
		if again := Place(members, topics); !reflect.DeepEqual(again, placed) {
			t.Fatalf("case %d: placed again, it moves:\n%v\n%v", n, placed, again)
		}
		if t.Failed() {
			t.Fatalf("case %d: members %+v\ntopics %+v\nplaced %v", n, before, topics, placed)
		}
	}
}

// checkPlaced checks that each partition has one owner, which subscribes to it,
// and that members of equal subscriptions are even.
func checkPlaced(t *testing.T, members []Member, topics []Topic, placed map[string][]TopicPartition) {
	t.Helper()
	owner := map[TopicPartition]string{}
	partials := map[string]bool{}
	wanted := map[string]bool{}
	for _, topic := range topics {
		partials[topic.Name] = topic.Partials
	}
	loads := map[string][][3]int{} // by subscription
	key, subscribed := "", []string(nil)
	for i, m := range members {
		if i == 0 || !slices.Equal(m.Topics, members[i-1].Topics) {
			subscribed = slices.Sorted(slices.Values(m.Topics))
			key = fmt.Sprint(subscribed)
		}
		var load [3]int
		for _, tp := range placed[m.ID] {
			if was, ok := owner[tp]; ok {
				t.Errorf("%v is given to %s and to %s", tp, was, m.ID)
			}
			owner[tp] = m.ID
			if _, ok := slices.BinarySearch(subscribed, tp.Topic); !ok {
				t.Errorf("%v is given to %s, which does not subscribe to it", tp, m.ID)
			}
			if partials[tp.Topic] {
				load[1]++
			} else {
				load[0]++
			}
		}
		load[2] = load[0] + load[1]
		loads[key] = append(loads[key], load)
		for _, topic := range m.Topics {
			wanted[topic] = true
		}
		if !slices.IsSortedFunc(placed[m.ID], TopicPartition.Compare) {
			t.Errorf("%s is given %v: not in order", m.ID, placed[m.ID])
		}
	}
	for _, topic := range topics {
		for p := range topic.Partitions {
			if _, ok := owner[TopicPartition{topic.Name, p}]; ok != wanted[topic.Name] {
				t.Errorf("%s/%d: wanted %v, owned %v", topic.Name, p, wanted[topic.Name], ok)
			}
		}
	}
	if len(placed) != len(members) {
		t.Errorf("%d entries for %d members", len(placed), len(members))
	}
	for subscription, all := range loads {
		for k := range 3 {
			by := func(a, b [3]int) int { return cmp.Compare(a[k], b[k]) }
			if low, high := slices.MinFunc(all, by)[k], slices.MaxFunc(all, by)[k]; high-low > 1 {
				t.Errorf("members of %s: from %d to %d of input, partials and all partitions %v", subscription, low, high, all)
			}
		}
	}
}

// moves counts the partitions that have an owner among members and get another.
func moves(members []Member, placed map[string][]TopicPartition) (n int) {
	for _, m := range members {
		kept := make(map[TopicPartition]bool, len(placed[m.ID]))
		for _, tp := range placed[m.ID] {
			kept[tp] = true
		}
		for _, tp := range m.Owned {
			if !kept[tp] {
				n++
			}
		}
	}
	return n
}

// TestPlaceLeast compares the number of moves with that of every other placement
// that is as even, in clusters small enough to try all.
func TestPlaceLeast(t *testing.T) {
	rng := seedOf(t)
	for n := range 300 {
		members := make([]Member, 1+rng.IntN(4))
		topics := []Topic{{Name: "in", Partitions: rng.Int32N(5)}, {Name: "out", Partitions: rng.Int32N(4), Partials: true}}
		for i := range members {
			members[i] = Member{ID: fmt.Sprint("id-", i), Topics: []string{"in", "out"}, Generation: 1}
		}
		var parts []TopicPartition
		for _, topic := range topics {
			for p := range topic.Partitions {
				tp := TopicPartition{topic.Name, p}
				parts = append(parts, tp)
				if i := rng.IntN(len(members) + 1); i < len(members) {
					members[i].Owned = append(members[i].Owned, tp)
				}
			}
		}
		got, want := moves(members, Place(members, topics)), least(members, parts)
		if got != want {
			t.Fatalf("case %d: %d moves, %d are enough\n%+v", n, got, want, members)
		}
		if bound, _ := leastMoves(members, topics); bound != want {
			t.Fatalf("case %d: %d moves are the least, the simulation's bound says %d\n%+v", n, want, bound, members)
		}
	}
}

// least tries all placements of two kinds, "in" and "out".
func least(members []Member, parts []TopicPartition) int {
	owner := map[TopicPartition]int{}
	for i, m := range members {
		for _, tp := range m.Owned {
			owner[tp] = i
		}
	}
	best := len(parts) + 1
	loads := make([][3]int, len(members))
	var try func(p, moved int)
	try = func(p, moved int) {
		if p == len(parts) {
			for k := range 3 {
				by := func(a, b [3]int) int { return cmp.Compare(a[k], b[k]) }
				if slices.MaxFunc(loads, by)[k]-slices.MinFunc(loads, by)[k] > 1 {
					return
				}
			}
			best = min(best, moved)
			return
		}
		kind := 0
		if parts[p].Topic == "out" {
			kind = 1
		}
		for i := range members {
			cost := 0
			if was, ok := owner[parts[p]]; ok && was != i {
				cost = 1
			}
			loads[i][kind]++
			loads[i][2]++
			try(p+1, moved+cost)
			loads[i][kind]--
			loads[i][2]--
		}
	}
	try(0, 0)
	return best
}

// leastMoves is the least number of moves that makes members even, who all
// subscribe to everything and claim nothing twice. It does not say which moves.
//
// Of each kind a member keeps at most the floor of the share, and those who may
// have one more keep that one as well, if they have it. How many of those can
// be satisfied, where the two kinds must not meet (or, if there are too many
// for that, must not both be missing), is what Hall's theorem says.
func leastMoves(members []Member, topics []Topic) (least, apart int) {
	kindOf := map[string]int{}
	var total, floor, more [2]int
	for _, topic := range topics {
		if topic.Partials {
			kindOf[topic.Name] = 1
		}
		total[kindOf[topic.Name]] += int(topic.Partitions)
	}
	for k := range total {
		floor[k], more[k] = total[k]/len(members), total[k]%len(members)
	}
	moved := 0
	var above, notAbove [2]int // members that have one more than the floor, and those that do not
	either, notBoth := 0, 0
	for _, m := range members {
		var has [2]int
		for _, tp := range m.Owned {
			has[kindOf[tp.Topic]]++
		}
		for k := range has {
			moved += max(0, has[k]-floor[k])
			if has[k] > floor[k] {
				above[k]++
			} else {
				notAbove[k]++
			}
		}
		if has[0] > floor[0] || has[1] > floor[1] {
			either++
		}
		if has[0] <= floor[0] || has[1] <= floor[1] {
			notBoth++
		}
	}
	apart = moved - min(more[0], above[0]) - min(more[1], above[1])
	// hall is how many of size[k] places of two kinds can be filled with members
	// that like them, if like[k] do and any of them likes either.
	hall := func(size, like [2]int, any int) int {
		return min(size[0]+size[1], size[0]+like[1], like[0]+size[1], any)
	}
	if n := len(members); more[0]+more[1] > n {
		// All have one more of both, except those who lack one of them.
		without := hall([2]int{n - more[0], n - more[1]}, notAbove, notBoth)
		lost := (n - more[0]) + (n - more[1]) - without
		return moved - above[0] - above[1] + lost, apart
	}
	return moved - hall(more, above, either), apart
}

func TestPlaceNothing(t *testing.T) {
	if placed := Place(nil, []Topic{{Name: "t", Partitions: 3}}); len(placed) != 0 {
		t.Errorf("nobody is given %v", placed)
	}
	placed := Place([]Member{{ID: "a", Topics: []string{"t"}, Owned: []TopicPartition{{"t", 0}}}}, nil)
	if want := map[string][]TopicPartition{"a": nil}; !maps.EqualFunc(placed, want, slices.Equal) {
		t.Errorf("of nothing is given %v", placed)
	}
}
