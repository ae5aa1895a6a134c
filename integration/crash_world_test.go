package integration

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// crash is the world of one crash test: some nodes on servers that may go away,
// while events flow, and what was done to them.
type crash struct {
	t       *testing.T
	begun   time.Time
	topic   string
	c       *system.Cluster
	servers crashServers
	broker  *probe
	load    *loader
	nodes   []*member
	ever    []*system.Node // every process that was started
	views   []crashView    // that are there now
	made    int            // views that were made on the way
	last    int64          // what was committed at the last fault
	done    map[string]int // faults, by kind
	faults  []string       // that were seen on the way
}

// crashServers are the servers of a crash test. Those that it may end are set
// only where they are its own.
type crashServers struct {
	brokers  []string
	url      string
	kill     func(broker int) (restart func()) // a broker, of those that there are
	postgres *harness.Postgres
}

// member is one of the nodes by its name, in its present process.
type member struct {
	name   string
	node   *system.Node // nil while it is down
	asleep time.Time    // since when it is stopped by SIGSTOP; zero where it is not
	wakeAt time.Time
}

// crashView is a continuous view of a crash test.
type crashView struct {
	oracleView
	once bool // no other view had its name before
}

// The shape of the crash tests' stream and nodes. The third flush to reach a
// point is behind one of the same lane that was committed, so kills count from
// there.
const (
	crashShards     = 4
	crashPartitions = 4
	crashLanes      = 2
)

var crashViews = []oracleView{
	{"by_key", `SELECT k, count(*), sum(i), avg(i) AS mean, min(s), max(n), sum(n) AS total FROM %s GROUP BY k`},
	{"odd", `SELECT i %% 7 AS rest, count(*) FILTER (WHERE n > 0.5) AS many, max(s) FROM %s WHERE i %% 2 = 1 GROUP BY 1 HAVING count(*) > 3`},
	{"whole", `SELECT count(*), sum(i), min(n), max(k) FROM %s`},
}

// stuckAfter is how long a crash test waits for what must go on by itself.
const stuckAfter = time.Minute

// ownServers starts one broker, or three, and a database for one crash test.
func ownServers(t *testing.T, brokers int) crashServers {
	t.Helper()
	s := crashServers{postgres: harness.NewPostgres(t, 0)}
	s.url = s.postgres.Database(t)
	if brokers == 1 {
		kafka := harness.NewKafka(t)
		s.brokers = kafka.Brokers()
		s.kill = func(int) func() {
			kafka.Kill(t)
			return func() { kafka.Restart(t) }
		}
		return s
	}
	kafka := harness.NewKafkaCluster(t)
	s.brokers = kafka.Brokers()
	s.kill = func(broker int) func() {
		broker %= len(s.brokers)
		kafka.Kill(t, broker)
		return func() { kafka.Restart(t, broker) }
	}
	return s
}

// sharedServers are those of all tests, which none may end.
func sharedServers(t *testing.T) crashServers {
	t.Helper()
	servers := harness.Get(t)
	return crashServers{brokers: servers.Brokers, url: servers.DatabaseURL(t)}
}

// newCrash makes the stream and its views, starts some nodes, and begins to
// produce; every is the time between two batches of events.
func newCrash(t *testing.T, servers crashServers, nodes int, seed uint64, events int, every time.Duration, env ...string) *crash {
	t.Helper()
	name := harness.ClusterName(t)
	env = append([]string{
		"MILLRACE_FLUSH_INTERVAL=40ms", "MILLRACE_FOLD_INTERVAL=40ms", "MILLRACE_NUM_SHARDS=" + strconv.Itoa(crashShards),
		"MILLRACE_LANES=" + strconv.Itoa(crashLanes), "MILLRACE_FOLDERS=2",
	}, env...)
	x := &crash{
		t: t, begun: time.Now(), topic: name + ".events", servers: servers, done: map[string]int{},
		c: system.NewCluster(t, name, servers.brokers, servers.url, env...),
	}
	x.c.SQL(fmt.Sprintf(`CREATE STREAM events (k text, i bigint, n numeric, s text) WITH (topic = '%s', partitions = %d);`, x.topic, crashPartitions))
	for _, v := range crashViews {
		x.c.SQL("CREATE CONTINUOUS VIEW " + v.name + " WITH (start = 'earliest') AS " + v.over("events") + ";")
		x.views = append(x.views, crashView{v, true})
	}
	x.broker = newProbe(t, servers.brokers, name, x.topic)
	for i := range nodes {
		m := &member{name: fmt.Sprintf("node-%d", i+1)}
		x.nodes = append(x.nodes, m)
		x.start(m)
	}
	for _, m := range x.nodes {
		m.node.Ready()
	}
	x.load = startLoader(t, servers.brokers, x.topic, seed, events, every)
	return x
}

// run carries steps out, and draws further rounds until the time is over.
func (x *crash) run(rng *rand.Rand, least time.Duration) {
	x.t.Helper()
	for round := 0; round == 0 || time.Since(x.begun) < least; round++ {
		for _, s := range plan(rng) {
			s.do(x, s)
		}
	}
}

// Kinds of faults of which CI wants some.
const (
	nodeKill      = "SIGKILL"
	longPause     = "SIGSTOP beyond the session timeout"
	shortPause    = "SIGSTOP within the session timeout"
	brokerKill    = "broker SIGKILL"
	postgresCrash = "PostgreSQL immediate shutdown"
)

// wanted is how many of each kind one of the two runs in CI must have seen.
func wanted() map[string]int {
	return map[string]int{nodeKill: 5, longPause: 3, brokerKill: 2, postgresCrash: 2}
}

// note counts a fault and says when it was.
func (x *crash) note(kind, what string) {
	x.t.Helper()
	x.done[kind]++
	x.say("%s %s", kind, what)
}

func (x *crash) say(format string, args ...any) {
	x.t.Helper()
	x.t.Logf("%6.1fs "+format, append([]any{time.Since(x.begun).Seconds()}, args...)...)
}
