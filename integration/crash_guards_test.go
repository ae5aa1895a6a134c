package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/system"
)

// The tests of this file show that the crash tests would see a missing guard: with
// it left out, one of their faults makes the run fail.

// seen ends a run that a guard was left out of: it must have failed in a way that the
// words name.
func (x *crash) seen(guard, words string) {
	x.t.Helper()
	faults := x.finish()
	for i, fault := range faults {
		if strings.Contains(fault, words) {
			x.say("without %s, as it must be: %s (and %d faults more)", guard, fault, len(faults)-1)
			return
		}
		if i < 20 {
			x.say("also: %s", fault)
		}
	}
	x.t.Fatalf("without %s, nothing is %q: the crash tests prove nothing about it", guard, words)
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
	x := smallCrash(t, "fold.merged:5", "MILLRACE_FAULTS=fold.position")
	late := x.nodes[1]
	x.stopped(late, "fold.merged")
	x.takenOver()
	x.wake(late)
	x.seen("the claim check", "rows differ")
}

// TestCrashNeedsLedger leaves out the ledger, which refuses a flush that comes twice.
func TestCrashNeedsLedger(t *testing.T) {
	t.Parallel()
	x := smallCrash(t, "", "MILLRACE_FAULTS=fold.ledger,fold.applied")
	x.ready()
	x.repeatFlushes(step{})
	x.seen("the ledger", "rows differ")
}

// TestCrashNeedsFencing leaves out what keeps a node that has lost its partitions
// from committing: it wakes in the middle of a flush, which others have published
// meanwhile.
func TestCrashNeedsFencing(t *testing.T) {
	t.Parallel()
	x := smallCrash(t, "flush.produced:5", "MILLRACE_FAULTS=commit.identity,node.fence", "MILLRACE_TRANSACTION_TIMEOUT=60s")
	late := x.nodes[1]
	x.stopped(late, "flush.produced")
	system.Wait(t, takeover, "the group takes the node for dead", func() bool { return !x.broker.isMember(late.name) })
	x.last = x.broker.committed()
	x.due() // the others commit what is no longer the sleeper's
	x.last += 4000
	x.due()
	x.wake(late)
	x.seen("fencing", ledgerWords[0])
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
