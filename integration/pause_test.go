package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/system"
)

// pause is a node that is stopped in the middle of something.
type pause struct {
	*crash
	point  string
	victim *member
}

// TestPauses stops a node in the middle of a flush, of a fold's transaction and of a
// revoke: others read its partitions and fold its shards meanwhile, and when it
// wakes nothing changes, and it takes part again. All of them at once, for most of
// the time they wait for the group's session timeout.
func TestPauses(t *testing.T) {
	t.Parallel()
	var all []*pause
	for _, point := range []string{"flush.produced:5", "flush.offsets:5", "fold.rows:5", "fold.commit:5", "revoke.begun:1"} {
		all = append(all, beginPause(t, point))
	}
	for _, p := range all {
		p.fall()
	}
	for _, p := range all {
		p.say("%s:", p.point)
		p.takenOver()
	}
	for _, p := range all {
		p.back()
	}
	for _, p := range all {
		p.load.finishNow()
	}
	for _, p := range all {
		for _, fault := range p.finish() {
			t.Errorf("%s: %s", p.point, fault)
		}
	}
}

// beginPause starts two nodes, one of which will stop itself at the point.
func beginPause(t *testing.T, point string) *pause {
	t.Helper()
	p := &pause{point: point}
	p.crash = newCrash(t, sharedServers(t), 1, seedOf(t, 0), 10_000, 500*time.Millisecond)
	p.victim = p.join(point)
	return p
}

// fall waits until the node has stopped. A revoke needs a third node, which wants
// its share.
func (p *pause) fall() {
	p.t.Helper()
	point, _, _ := strings.Cut(p.point, ":")
	if point == "revoke.begun" {
		p.victim.node.Ready()
		p.waitOwns(p.victim)
		third := &member{name: "third"}
		p.nodes = append(p.nodes, third)
		p.start(third)
	}
	p.stopped(p.victim, point)
}

// back wakes the node and waits until it is a member with shards again.
func (p *pause) back() {
	p.t.Helper()
	p.wake(p.victim)
	p.waitOwns(p.victim)
}

// waitOwns waits until a node owns a shard of every view.
func (x *crash) waitOwns(m *member) {
	x.t.Helper()
	x.waitShards(m.name, len(crashViews))
}

// waitShards waits until a node owns shards of so many views, as the cluster says in
// PostgreSQL.
func (x *crash) waitShards(node string, views int) {
	x.t.Helper()
	db := connect(x.t, x.servers.url)
	defer db.conn.Close(context.Background())
	system.Wait(x.t, stuckAfter, fmt.Sprintf("%s owns shards of %d views", node, views), func() bool {
		var owned int
		err := db.conn.QueryRow(x.t.Context(), `SELECT count(DISTINCT continuous_view) FROM pipeline_cluster.shards
			WHERE owner = $1 AND cluster = $2`, node, x.c.Name).Scan(&owned)
		if err != nil {
			x.t.Fatal(err)
		}
		return owned == views
	})
}
