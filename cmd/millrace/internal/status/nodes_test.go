package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

func TestNodesOf(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	row := func(name string, alive bool, joined, left time.Time) sink.NodeRow {
		return sink.NodeRow{NodeInfo: topology.NodeInfo{Node: name, PID: 1}, Alive: alive, Started: at, Joined: joined, Left: left}
	}
	member := func(cluster, name string, topics ...string) broker.Member {
		m := broker.Member{ID: "id of " + name, ClientID: topology.ClientID(cluster, name), Host: "10.0.0.1"}
		for i, topic := range topics {
			m.Assigned = append(m.Assigned, topology.TopicPartition{Topic: topic, Partition: topology.Partition(i)})
		}
		return m
	}
	partials := topology.PartialsTopic("c", topology.StreamID{1})
	rows := []sink.NodeRow{
		row("dead-member", false, at, time.Time{}),
		row("dead", false, at, time.Time{}),
		row("left", false, at, at),
		row("running", true, at, time.Time{}),
		row("silent", true, at, time.Time{}),
		row("starting", true, time.Time{}, time.Time{}),
		row("new-member", true, time.Time{}, time.Time{}),
	}
	group := broker.Group{Settled: true, Members: []broker.Member{
		member("c", "running", "in", "in", partials, topology.CatalogTopic("c")),
		member("c", "dead-member", "in"),
		member("c", "new-member"),
		member("c", "unregistered", partials),
		member("other", "starting", "in"),
		{ClientID: "kcat"},
	}}
	rows = append(rows, row("expelled", false, at, at))
	rows[len(rows)-1].ExpelledBy = "running"
	describe := func(nodes []Node) string {
		var all []string
		for _, n := range nodes {
			all = append(all, fmt.Sprintf("%s: %s %d+%d", n.Node, n.Status, len(n.Inputs), len(n.Partials)))
			if n.Settled != group.Settled {
				t.Errorf("%s does not say whether its group is settled", n.Node)
			}
		}
		return strings.Join(all, "\n")
	}
	if got, want := describe(nodesOf("c", rows, group)), `dead: dead 0+0
dead-member: dead 1+0
expelled: expelled 0+0
left: left 0+0
new-member: running 0+0
running: running 2+1
silent: silent 0+0
starting: starting 0+0
unregistered: unknown 0+1`; got != want {
		t.Errorf("nodes:\n%s", got)
	}
	group.Settled = false
	describe(nodesOf("c", rows, group))
}
