package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kill sends SIGKILL to a node, and starts it again at once or a while later.
func (x *crash) kill(s step) {
	x.t.Helper()
	m := x.victim(s)
	x.due()
	x.pass(s.wait)
	x.kill9(m)
	x.note(nodeKill, m.name)
	x.pass(s.away)
	x.start(m)
}

// killAtPoint starts a node anew that kills itself at a point of a flush or fold.
// A kill that met nothing to lose, for the others had just read everything,
// does not count and is done again. A node that does not come to the point in
// time, for it was given too little, is killed where it is.
func (x *crash) killAtPoint(s step) {
	x.t.Helper()
	m := x.victim(s)
	x.ready()
	x.due()
	x.leave(m)
	for try := 1; !x.killedAtPoint(s, m); try++ {
		if try == usefulKill {
			x.t.Fatalf("%d kills at %s were of no use", try, s.point)
		}
	}
	x.start(m)
}

// usefulKill is how often a kill at a point may meet nothing to lose.
const usefulKill = 10

// killedAtPoint makes one such kill, and reports whether it counts: since the one
// before a flush was committed, and there is something to lose. In a flush that is
// what is not read yet; in a fold it is the fold.
func (x *crash) killedAtPoint(s step, m *member) bool {
	x.t.Helper()
	before := x.broker.committed()
	x.start(m, fmt.Sprintf("MILLRACE_FAULT_KILL=%s:%d", s.point, s.nth))
	armed, until := m.node, time.Now().Add(20*time.Second)
	m.node = nil // its end is no accident
	x.wait(stuckAfter, "the node kills itself at "+s.point, func() bool { return armed.Ended() || time.Now().After(until) })
	if !armed.Ended() {
		x.say("%s did not come to %s", m.name, s.point)
		x.due()
		armed.Kill()
		x.note(nodeKill, m.name)
		return true
	}
	if after, end := x.broker.committed(), x.broker.end(); after <= before || end <= after && !strings.HasPrefix(s.point, "fold.") {
		x.say("the kill at %s is of no use: committed %d → %d, end %d", s.point, before, after, end)
		return false
	}
	x.note(nodeKill, m.name+" at "+s.point)
	return true
}

// stopInOrder has a node leave, and starts it again.
func (x *crash) stopInOrder(s step) {
	x.t.Helper()
	m := x.victim(s)
	x.ready()
	x.leave(m)
	x.pass(s.away)
	x.start(m)
}

// leave sends a node SIGTERM and waits for its end, which must be in order.
func (x *crash) leave(m *member) {
	x.t.Helper()
	begun := time.Now()
	if status := m.node.Stop(); status != 0 {
		x.faults = append(x.faults, fmt.Sprintf("%s, process %d, left with status %d", m.name, m.node.Pid(), status))
	}
	x.note("SIGTERM", fmt.Sprintf("%s, which left within %.1f s", m.name, time.Since(begun).Seconds()))
	m.node = nil
}

// pauseLong stops a node for longer than the group waits for it. The steps that
// follow fall into its sleep.
func (x *crash) pauseLong(s step) {
	x.t.Helper()
	m := x.victim(s)
	x.due()
	x.pass(s.wait)
	x.connected(m)
	x.sleep(m, sessionTimeout+500*time.Millisecond+s.away)
	x.say("SIGSTOP of %s, for long", m.name)
}

// pauseShort stops a node for less than that.
func (x *crash) pauseShort(s step) {
	x.t.Helper()
	m := x.victim(s)
	x.due()
	x.pass(s.wait)
	x.connected(m)
	x.sleep(m, s.away)
	x.pass(s.away)
}

// killBroker kills a broker and starts it again. Nodes that have not started yet
// would rightly say that there is none, and end.
func (x *crash) killBroker(s step) {
	x.t.Helper()
	x.ready()
	x.due()
	x.pass(s.wait)
	restart := x.servers.kill(s.pick)
	x.note(brokerKill, "")
	x.pass(s.away)
	restart()
	x.say("the broker is back")
}

// crashPostgres ends the database server as a crash does and starts it again.
func (x *crash) crashPostgres(s step) {
	x.t.Helper()
	x.ready()
	x.due()
	x.pass(s.wait)
	x.servers.postgres.StopImmediate(x.t)
	x.note(postgresCrash, "")
	x.pass(s.away)
	x.servers.postgres.Restart(x.t)
	x.say("PostgreSQL is back")
}

// changeViews drops a view and creates another under its name, creates one, and
// drops the one that the last such step created, or lets it be.
func (x *crash) changeViews(s step) {
	x.t.Helper()
	again := oracleView{"again", crashViews[s.pick%len(crashViews)].query}
	script := ""
	if x.made > 0 {
		script += "DROP CONTINUOUS VIEW again;"
		x.forget("again")
	}
	if old := fmt.Sprintf("made_%d", x.made); x.made > 0 && s.pick%2 == 0 {
		script += "DROP CONTINUOUS VIEW " + old + ";"
		x.forget(old)
	}
	x.made++
	fresh := oracleView{fmt.Sprintf("made_%d", x.made), crashViews[(s.pick+1)%len(crashViews)].query}
	start := []string{"earliest", "latest"}[s.pick/2%2]
	for _, v := range []oracleView{again, fresh} {
		script += fmt.Sprintf("CREATE CONTINUOUS VIEW %s WITH (start = '%s') AS %s;", v.name, start, v.over("events"))
		x.views = append(x.views, crashView{v, v.name != again.name})
	}
	x.c.SQL(script)
	x.note("views", script)
}

func (x *crash) forget(name string) {
	for i, v := range x.views {
		if v.name == name {
			x.views = append(x.views[:i], x.views[i+1:]...)
			return
		}
	}
}

// repeatFlushes puts flushes that were published before into the partials once more,
// as a broker does that takes a producer's second attempt for another record.
func (x *crash) repeatFlushes(step) {
	x.t.Helper()
	x.due()
	partials := x.broker.partials()
	var blocks []*kgo.Record
	x.broker.read(x.t.Context(), partials, func(r *kgo.Record) {
		blocks = append(blocks, &kgo.Record{Topic: partials, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp})
	})
	blocks = blocks[max(0, len(blocks)-2000):]
	client, err := kgo.NewClient(kgo.SeedBrokers(x.servers.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		x.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Minute)
	defer cancel()
	if err := client.ProduceSync(ctx, blocks...).FirstErr(); err != nil {
		x.t.Fatalf("repeat blocks: %v", err)
	}
	x.note("flushes repeated", fmt.Sprintf("%d blocks", len(blocks)))
}

// killAll kills every node, and has the group forget its committed offsets before
// they start again. Who sleeps may sleep its time first, for that is a fault too.
func (x *crash) killAll(step) {
	x.t.Helper()
	x.wait(stuckAfter, "the sleepers wake", func() bool { return len(x.up()) == len(x.nodes) })
	x.due()
	for _, m := range x.nodes {
		x.kill9(m)
		x.note(nodeKill, m.name)
	}
	x.deleteGroup()
	x.note("committed offsets deleted", "")
	x.last = 0
	for _, m := range x.nodes {
		x.start(m)
	}
}

// deleteGroup takes the dead members out of the group and deletes it with its
// offsets.
func (x *crash) deleteGroup() {
	x.t.Helper()
	x.wait(stuckAfter, "the group is deleted", func() bool {
		ctx, cancel := context.WithTimeout(x.t.Context(), 10*time.Second)
		defer cancel()
		groups, err := x.broker.admin.DescribeGroups(ctx, x.c.Name)
		if err != nil {
			return false
		}
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Group = x.c.Name
		for _, m := range groups[x.c.Name].Members {
			member := kmsg.NewLeaveGroupRequestMember()
			member.MemberID = m.MemberID
			leave.Members = append(leave.Members, member)
		}
		if len(leave.Members) > 0 {
			if _, err := leave.RequestWith(ctx, x.broker.client); err != nil {
				return false
			}
		}
		deleted, err := x.broker.admin.DeleteGroup(ctx, x.c.Name)
		return err == nil && deleted.Err == nil || errors.Is(err, kerr.GroupIDNotFound)
	})
	if left := x.broker.committed(); left != 0 {
		x.t.Fatalf("%d is still committed after the group was deleted", left)
	}
}
