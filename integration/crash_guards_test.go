package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/system"
)

// The tests of this file show that the crash tests would see a missing guard: with
// it left out, one of their faults makes the run fail.

// guardTries is how often a crash without a guard may do no harm: whether it does
// hangs on a moment.
const guardTries = 5

// needs carries out a crash with a guard left out until the harm is seen, in these
// words. Without harm the crash tests prove nothing about the guard.
func needs(t *testing.T, guard, words string, crashed func() *crash) {
	t.Helper()
	for range guardTries {
		if crashed().saw(guard, words) {
			return
		}
	}
	t.Fatalf("without %s, nothing was %q in %d tries: the crash tests prove nothing about it", guard, words, guardTries)
}

// saw ends a crash and reports whether it did harm in these words.
func (x *crash) saw(guard, words string) bool {
	x.t.Helper()
	faults := x.finish()
	for i, fault := range faults {
		if strings.Contains(fault, words) {
			x.say("without %s, as it must be: %s (and %d faults more)", guard, fault, len(faults)-1)
			return true
		}
		if i < 20 {
			x.say("also: %s", fault)
		}
	}
	x.say("without %s, nothing was %q this time", guard, words)
	return false
}

// back waits until a node that has woken is a member again: what it had begun
// is over.
func (x *crash) back(m *member) {
	x.t.Helper()
	x.wait(takeover, m.name+" is a member again", func() bool { return x.broker.isMember(m.name) })
}

// smallCrash is a world of two nodes on the servers of all tests, the second of
// which stops itself at a point.
func smallCrash(t *testing.T, point string, env ...string) *crash {
	t.Helper()
	x := newCrash(t, sharedServers(t), 1, seedOf(t, 0), 20_000, 250*time.Millisecond, env...)
	x.join(point)
	return x
}

// join starts a further node, which stops itself at a point, or not where it is "".
func (x *crash) join(point string) *member {
	x.t.Helper()
	m := &member{name: "late"}
	x.nodes = append(x.nodes, m)
	var env []string
	if point != "" {
		env = []string{"MILLRACE_FAULT_STOP=" + point}
	}
	x.start(m, env...)
	return m
}

// stopped waits until a node has stopped itself at a point.
func (x *crash) stopped(m *member, point string) {
	x.t.Helper()
	logged(x.t, m.node, stuckAfter, "fault: stopped at "+point)
	m.asleep, m.wakeAt = time.Now(), time.Now().Add(time.Hour)
	x.say("%s stopped at %s", m.name, point)
}

// TestCrashNeedsPosition leaves out the claim and the position that a fold needs: an
// owner that wakes after its successor has folded the same blocks folds them again.
func TestCrashNeedsPosition(t *testing.T) {
	t.Parallel()
	needs(t, "the claim check", "rows differ", func() *crash {
		x := smallCrash(t, "fold.merged:5", "MILLRACE_FAULTS=fold.position")
		late := x.nodes[1]
		x.stopped(late, "fold.merged")
		x.takenOver()
		x.wake(late)
		x.back(late)
		return x
	})
}

// TestCrashNeedsLedger leaves out the ledger, which refuses a flush that comes twice.
func TestCrashNeedsLedger(t *testing.T) {
	t.Parallel()
	needs(t, "the ledger", "rows differ", func() *crash {
		x := smallCrash(t, "", "MILLRACE_FAULTS=fold.ledger,fold.applied")
		x.ready()
		x.repeatFlushes(step{})
		return x
	})
}

// TestCrashNeedsFencing leaves out what keeps a node that has lost its partitions
// from committing: it wakes in the middle of a flush, which others have published
// meanwhile.
func TestCrashNeedsFencing(t *testing.T) {
	t.Parallel()
	needs(t, "fencing", ledgerWords[0], func() *crash {
		x := smallCrash(t, "flush.produced:5", "MILLRACE_FAULTS=commit.identity,node.fence", "MILLRACE_TRANSACTION_TIMEOUT=60s")
		late := x.nodes[1]
		x.stopped(late, "flush.produced")
		system.Wait(t, takeover, "the group takes the node for dead", func() bool { return !x.broker.isMember(late.name) })
		x.last = x.broker.committed()
		x.due() // the others commit what is no longer the sleeper's
		x.last += 4000
		x.due()
		x.wake(late)
		x.back(late)
		return x
	})
}

// takeover is three times what is promised for a node that falls silent: the
// session timeout and five seconds.
const takeover = 3 * (sessionTimeout + 5*time.Second)

// takenOver waits until the others have read and folded everything that was
// produced until now.
func (x *crash) takenOver() {
	x.t.Helper()
	begun := time.Now()
	out, errOut, status := x.c.Within(takeover+10*time.Second, nil, "", "flush", "--timeout", takeover.String())
	if status != 0 {
		x.t.Fatalf("nobody has taken over within %v: %s%s", takeover, out, errOut)
	}
	x.say("taken over: everything is folded %.1f s later", time.Since(begun).Seconds())
}
