package integration

import (
	"fmt"
	"net/http"
	"syscall"
	"time"

	"github.com/millrace/millrace/integration/system"
)

// start starts a node under its name.
func (x *crash) start(m *member, env ...string) {
	x.t.Helper()
	m.node = x.c.StartAs(m.name, env...)
	m.asleep, m.wakeAt = time.Time{}, time.Time{}
	x.ever = append(x.ever, m.node)
}

// kill9 ends a node's process at once, awake or asleep.
func (x *crash) kill9(m *member) {
	m.node.Kill()
	m.node, m.asleep = nil, time.Time{}
}

// connected waits until a node has connected to its servers: one that sleeps through
// its first connection says when it wakes that nobody answered in time, and ends.
func (x *crash) connected(m *member) {
	x.t.Helper()
	x.wait(stuckAfter, m.name+" listens", func() bool {
		status, _ := m.node.Get("/healthz")
		return status != 0
	})
}

// sleep stops a node's process where it stands.
func (x *crash) sleep(m *member, length time.Duration) {
	x.t.Helper()
	m.node.Signal(syscall.SIGSTOP)
	m.asleep = time.Now()
	m.wakeAt = m.asleep.Add(length)
}

// wake lets a node's process go on.
func (x *crash) wake(m *member) {
	x.t.Helper()
	m.node.Signal(syscall.SIGCONT)
	slept := time.Since(m.asleep)
	m.asleep = time.Time{}
	kind := shortPause
	if slept > sessionTimeout {
		kind = longPause
	}
	x.note(kind, fmt.Sprintf("ends: %s slept %.1f s", m.name, slept.Seconds()))
}

// tend does what is due at any time: it wakes nodes, and sees whether one has
// ended that nobody ended.
func (x *crash) tend() {
	x.t.Helper()
	for _, m := range x.nodes {
		if m.node == nil {
			continue
		}
		if !m.asleep.IsZero() && time.Now().After(m.wakeAt) {
			x.wake(m)
		}
		if m.node.Ended() {
			x.faults = append(x.faults, fmt.Sprintf("%s, process %d, ended by itself with status %d", m.name, m.node.Pid(), m.node.Wait(time.Second)))
			x.t.Logf("its log: %s", m.node.Log())
			x.start(m)
		}
	}
}

// wait waits for a condition and tends the nodes meanwhile.
func (x *crash) wait(deadline time.Duration, what string, holds func() bool) {
	x.t.Helper()
	system.Wait(x.t, deadline, what, func() bool {
		x.tend()
		return holds()
	})
}

// pass lets some time pass.
func (x *crash) pass(d time.Duration) {
	x.t.Helper()
	until := time.Now().Add(d)
	x.wait(d+time.Minute, "the time passes", func() bool { return time.Now().After(until) })
}

// due waits until a fault is of use: a flush was committed since the last one, and
// there is lag.
func (x *crash) due() {
	x.t.Helper()
	var committed int64
	x.wait(stuckAfter, "a flush is committed since the last fault, and there is lag", func() bool {
		committed = x.broker.committed()
		return committed > x.last && x.broker.end() > committed
	})
	x.last = committed
}

// ready waits until every node that is up takes part.
func (x *crash) ready() {
	x.t.Helper()
	x.wait(stuckAfter, "every node is ready", func() bool {
		for _, m := range x.up() {
			if status, _ := m.node.Get("/readyz"); status != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// up returns the nodes that run and are awake.
func (x *crash) up() []*member {
	var all []*member
	for _, m := range x.nodes {
		if m.node != nil && m.asleep.IsZero() {
			all = append(all, m)
		}
	}
	return all
}

// victim chooses a node of those that run, so that one more does; where all
// others are asleep or down it waits until they are not.
func (x *crash) victim(s step) *member {
	x.t.Helper()
	x.wait(stuckAfter, "two nodes are up", func() bool { return len(x.up()) > 1 })
	up := x.up()
	return up[s.pick%len(up)]
}
