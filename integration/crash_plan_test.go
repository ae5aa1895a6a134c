package integration

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// step is one thing that a crash test does to its world. All that is random in it
// is drawn before the run begins, so a seed gives the same steps, whatever the time
// between them.
type step struct {
	do    func(x *crash, s step)
	pick  int           // which node, or broker, counted from 0 over as many as can be chosen
	wait  time.Duration // before it, when it could be done
	away  time.Duration // how long what it ends stays away
	point string        // where a node ends itself
	nth   int           // at which time there
}

// killPoints are where a node kills itself, between produce, commit, fold and
// COMMIT.
var killPoints = []string{
	"flush.begun", "flush.produced", "flush.offsets", "flush.committed", "fold.merged", "fold.rows", "fold.commit", "fold.folded",
}

// sessionTimeout is what the group waits for a node that went silent: the default
// of MILLRACE_SESSION_TIMEOUT.
const sessionTimeout = 6 * time.Second

// plan draws one round of steps: what CI asks for, shared by two runs, and
// some more.
func plan(rng *rand.Rand) []step {
	var all []step
	add := func(times int, do func(*crash, step), longest time.Duration) {
		for range times {
			s := step{
				do: do, pick: rng.IntN(12), wait: time.Duration(rng.Int64N(int64(200 * time.Millisecond))),
				point: killPoints[rng.IntN(len(killPoints))], nth: 1 + crashLanes + rng.IntN(12),
			}
			if longest > 0 {
				s.away = time.Duration(rng.Int64N(int64(longest)))
			}
			all = append(all, s)
		}
	}
	add(6, (*crash).kill, 1500*time.Millisecond)
	add(3, (*crash).killAtPoint, 0)
	add(3, (*crash).pauseLong, 3*time.Second)
	add(3, (*crash).pauseShort, 3*time.Second)
	add(2, (*crash).killBroker, 500*time.Millisecond)
	add(2, (*crash).crashPostgres, 500*time.Millisecond)
	add(3, (*crash).changeViews, 0)
	add(2, (*crash).repeatFlushes, 0)
	add(1, (*crash).stopInOrder, 500*time.Millisecond)
	add(1, (*crash).killAll, 0)
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// seedOf returns the seed to run with: MILLRACE_CRASH_SEED, or the given one, or
// where that is 0 a fresh one.
func seedOf(t *testing.T, fixed uint64) uint64 {
	t.Helper()
	seed := fixed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	if text := os.Getenv("MILLRACE_CRASH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MILLRACE_CRASH_SEED: %v", err)
		}
	}
	t.Logf("seed %d: run it again with MILLRACE_CRASH_SEED=%d", seed, seed)
	return seed
}

// crashTime is for how long a crash test draws further rounds of steps: for
// MILLRACE_CRASH_MINUTES, ten of them with MILLRACE_TEST_FULL=1, else for one
// round alone.
func crashTime(t *testing.T) time.Duration {
	t.Helper()
	if text := os.Getenv("MILLRACE_CRASH_MINUTES"); text != "" {
		minutes, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("MILLRACE_CRASH_MINUTES: %v", err)
		}
		return time.Duration(minutes * float64(time.Minute))
	}
	if os.Getenv("MILLRACE_TEST_FULL") == "1" {
		return 10 * time.Minute
	}
	return 0
}
