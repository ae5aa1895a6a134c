package integration

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// ciTime is about how long the steps of one round take on an idle machine of two
// cores; the events of a run are spread over it.
const ciTime = 100 * time.Second

// TestCrash does everything to three nodes, their only broker and their database, in
// the order of one seed that is always the same, while a million events flow:
// what the views hold afterwards must be exact. Each fault falls while there is
// lag and after a flush was committed since the one before.
func TestCrash(t *testing.T) { crashRun(t, 1, 3, 4) }

// TestCrashThreeBrokers does the same to two, three or four nodes on three
// brokers, one of which is killed at a time, in an order that is new each time.
func TestCrashThreeBrokers(t *testing.T) { crashRun(t, 3, 0, 0) }

// crashRun is one crash test. Nodes and seed are drawn where they are 0.
func crashRun(t *testing.T, brokers, nodes int, fixed uint64) {
	seed := seedOf(t, fixed)
	rng := rand.New(rand.NewPCG(seed, 1))
	if nodes == 0 {
		nodes = 2 + rng.IntN(3)
	}
	least := crashTime(t)
	events := crashEvents(t)
	every := max(ciTime, least) * eventsPerBatch / time.Duration(events)
	if least > 0 {
		every = min(every, ciTime*eventsPerBatch/1_000_000) // more time, more events
	}
	x := newCrash(t, ownServers(t, brokers), nodes, seed, events, every)
	x.run(rng, least)
	if faults := x.finish(); len(faults) > 0 {
		t.Error(strings.Join(faults[:min(len(faults), 40)], "\n"))
		x.evidence()
	}
	for kind, least := range wanted() {
		if x.done[kind] < least {
			t.Errorf("%s: %d times, want %d", kind, x.done[kind], least)
		}
	}
	x.say("done: %v", x.done)
}
