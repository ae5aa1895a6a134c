package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// crash is one crash test: a node that is killed and started again while
// events flow.
type crash struct {
	t      *testing.T
	c      *system.Cluster
	rng    *rand.Rand
	topic  string
	load   *loader
	broker *probe
	node   *system.Node
}

// The shape of the crash tests' stream and node. The third flush to reach a point
// is behind one of the same lane that was committed, so kills count from there.
const (
	crashShards     = 3
	crashPartitions = 4
	crashLanes      = 2
)

var crashViews = []oracleView{
	{"by_key", `SELECT k, count(*), sum(i), avg(i) AS mean, min(s), max(n), sum(n) AS total FROM %s GROUP BY k`},
	{"odd", `SELECT i %% 7 AS rest, count(*) FILTER (WHERE n > 0.5) AS many, max(s) FROM %s WHERE i %% 2 = 1 GROUP BY 1 HAVING count(*) > 3`},
	{"whole", `SELECT count(*), sum(i), min(n), max(k) FROM %s`},
}

// killPoints are where a node kills itself, between produce, commit, fold and
// COMMIT; "" is a kill from outside at any time.
var killPoints = []string{
	"flush.begun", "", "flush.produced", "", "flush.offsets", "", "flush.committed", "", "fold.merged", "",
	"fold.rows", "", "fold.commit", "", "fold.folded", "", "flush.offsets", "", "fold.commit", "",
}

// seedOf returns the seed to run with: MILLRACE_CRASH_SEED, or a fresh one.
func seedOf(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MILLRACE_CRASH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MILLRACE_CRASH_SEED: %v", err)
		}
	}
	t.Logf("seed %d: run it again with MILLRACE_CRASH_SEED=%d", seed, seed)
	return seed
}

func newCrash(t *testing.T, events int, env ...string) *crash {
	seed := seedOf(t)
	servers := harness.Get(t)
	name := servers.Cluster(t)
	env = append([]string{"MILLRACE_FLUSH_INTERVAL=20ms", "MILLRACE_FOLD_INTERVAL=20ms", "MILLRACE_NUM_SHARDS=" + strconv.Itoa(crashShards)}, env...)
	x := &crash{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), topic: name + ".events",
		c: system.NewCluster(t, name, servers.Brokers, servers.DatabaseURL(t), env...),
	}
	x.c.SQL(fmt.Sprintf(`CREATE STREAM events (k text, i bigint, n numeric, s text) WITH (topic = '%s', partitions = %d);`, x.topic, crashPartitions))
	for _, v := range crashViews {
		x.c.SQL("CREATE CONTINUOUS VIEW " + v.name + " WITH (start = 'earliest') AS " + v.over("events") + ";")
	}
	x.broker = newProbe(t, servers.Brokers, name, x.topic)
	x.load = startLoader(t, servers.Brokers, x.topic, seed, events)
	return x
}

// strike starts the node, and ends it at a point or from outside, while there is
// lag and after it has committed a flush.
func (x *crash) strike(number int, point string) {
	before := x.broker.committed()
	var env []string
	if point != "" {
		env = append(env, fmt.Sprintf("MILLRACE_FAULT_KILL=%s:%d", point, 1+crashLanes+x.rng.IntN(12)))
	}
	x.node = x.c.Start(env...)
	if point != "" {
		system.Wait(x.t, 60*time.Second, "node killed at "+point, x.node.Ended)
	} else {
		system.Wait(x.t, 60*time.Second, "a flush committed", func() bool { return x.broker.committed() > before })
		extra := time.Duration(x.rng.IntN(200)) * time.Millisecond
		at := time.Now().Add(extra)
		system.Wait(x.t, 60*time.Second, "lag", func() bool { return time.Now().After(at) && x.broker.end() > x.broker.committed() })
		x.node.Kill()
	}
	after, end := x.broker.committed(), x.broker.end()
	if after <= before || end <= after {
		x.t.Fatalf("kill %d at %q is of no use: committed %d → %d, end %d", number, point, before, after, end)
	}
}

// finish lets the last node fold everything and returns what differs.
func (x *crash) finish() []string {
	x.load.finish()
	x.node = x.c.Start().Ready()
	x.c.Flush()
	return x.compare()
}

// compare holds every view against the same SELECT over a plain table that an
// independent reader loaded.
func (x *crash) compare() []string {
	ctx, cancel := context.WithTimeout(x.t.Context(), 5*time.Minute)
	defer cancel()
	db := connect(x.t, x.c.URL)
	good, bad := x.broker.loadPlain(ctx, db, "plain_events")
	x.t.Logf("%d events, %d that cannot be decoded", good, bad)
	var faults []string
	for _, v := range crashViews {
		if n := db.differences(ctx, "SELECT * FROM "+v.name, v.over("plain_events")); n > 0 {
			faults = append(faults, fmt.Sprintf("view %s: %d rows differ", v.name, n))
		}
	}
	if dead := x.broker.count(ctx, x.c.Name+".dead.events"); dead != bad {
		faults = append(faults, fmt.Sprintf("%d dead letters for %d bad records", dead, bad))
	}
	return append(faults, db.ledgerFaults(ctx, x.c.Name, len(crashViews)*crashShards, x.broker.ends())...)
}

// TestCrash kills the node twenty times under a million events, ten of them at
// points between produce, commit, fold and COMMIT.
func TestCrash(t *testing.T) {
	x := newCrash(t, crashEvents(t))
	for i, point := range killPoints {
		x.strike(i, point)
	}
	for _, fault := range x.finish() {
		t.Error(fault)
	}
	if status := x.node.Stop(); status != 0 {
		t.Errorf("the last node stopped with status %d", status)
	}
}

// TestCrashNeedsPosition shows that the crash test sees a missing guard: with
// the position in PostgreSQL ignored, the views are wrong.
func TestCrashNeedsPosition(t *testing.T) {
	x := newCrash(t, 50_000, "MILLRACE_FAULTS=claim.position,fold.position")
	for i, point := range []string{"", "fold.folded", ""} {
		x.strike(i, point)
	}
	faults := x.finish()
	if len(faults) == 0 {
		t.Fatal("without the position check the views are right: the crash test proves nothing")
	}
	t.Logf("seen, as it must be: %v", faults)
}
