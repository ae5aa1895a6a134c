package bench

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// failoverCase is one kind of harm.
type failoverCase struct {
	name, what string
	// promise is what the case is held against, by the figure that it is about;
	// zero where there is none.
	promise time.Duration
	by      string
	// far says that the victim is the node behind the gate.
	far bool
	// everybody says that all nodes are harmed, one after the other; exits that
	// what is harmed ends in order.
	everybody, exits bool
	// harm does it. It returns when it is done, which may take its time.
	harm func(ctx context.Context, f *failover, n *benchNode, r *figures) error
	// mend undoes it as far as a node that is started does not.
	mend func(f *failover, n *benchNode) error
}

// The cases' names.
const (
	caseNone    = "none"
	caseKill    = "kill"
	caseStop    = "stop"
	caseVanish  = "vanish"
	caseTerm    = "term"
	caseRolling = "rolling"
)

// silence is how long a node that says nothing is waited for: the group's default
// session timeout, and what others may then take.
const silence = 6*time.Second + 5*time.Second

// failoverCases are all of them, in the order in which they run.
func failoverCases() []failoverCase {
	return []failoverCase{
		{name: caseNone, what: "no harm: what all of the others are to be held against", harm: leaveAlone},
		{name: caseKill, what: "SIGKILL of a node", promise: 5 * time.Second, by: figureUntilAll, harm: func(_ context.Context, _ *failover, n *benchNode, _ *figures) error {
			n.kill()
			return nil
		}},
		{
			name: caseStop, what: "SIGSTOP of a node", promise: silence, by: figureUntilAll,
			harm: func(_ context.Context, _ *failover, n *benchNode, _ *figures) error {
				return n.process.Signal(syscall.SIGSTOP)
			},
			mend: func(_ *failover, n *benchNode) error { return n.process.Signal(syscall.SIGCONT) },
		},
		{
			name: caseVanish, what: "a node's network goes silent, its connections stay open", promise: silence, by: figureUntilAll, far: true,
			harm: func(_ context.Context, f *failover, _ *benchNode, _ *figures) error {
				f.gate.hush()
				return nil
			},
			mend: func(f *failover, _ *benchNode) error {
				f.gate.listen()
				return nil
			},
		},
		{
			name: caseTerm, what: "SIGTERM of a node", promise: 2 * time.Second, by: figureStillAll, exits: true,
			harm: func(_ context.Context, _ *failover, n *benchNode, r *figures) error {
				took, err := n.stop()
				r.Exit = took.Seconds()
				return err
			},
		},
		{name: caseRolling, what: "rolling restart of all nodes, by SIGTERM", promise: 3 * time.Second, by: figureLatency, everybody: true, exits: true, harm: roll},
	}
}

// leaveAlone lets some time go by.
func leaveAlone(ctx context.Context, f *failover, _ *benchNode, _ *figures) error {
	return f.wait(ctx, f.Quiet)
}

// roll restarts one node after the other: the next when everybody has a share again.
func roll(ctx context.Context, f *failover, _ *benchNode, r *figures) error {
	ctx, cancel := context.WithTimeoutCause(ctx, calmWait, fmt.Errorf("not all nodes are restarted within %v", calmWait))
	defer cancel()
	for _, n := range f.nodes {
		took, err := n.stop()
		if err == nil {
			err = n.start(f.Binary)
		}
		if err != nil {
			return err
		}
		r.Exit = max(r.Exit, took.Seconds())
		for settled := false; !settled; {
			if _, settled, err = f.owned(ctx); err == nil {
				err = f.wait(ctx, calmPoll)
			}
			if err != nil {
				return fmt.Errorf("node %q is started again: %w\n%s", n.name, err, n.printed)
			}
		}
	}
	return nil
}

func knownCase(name string) bool {
	for _, c := range failoverCases() {
		if c.name == name {
			return true
		}
	}
	return false
}

func caseNames() string {
	var all []string
	for _, c := range failoverCases() {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}
