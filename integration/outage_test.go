package integration

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// memorySlack is what a node may take beyond MILLRACE_MEMORY_LIMIT here, where other
// nodes and servers share the cores and the collector comes late.
const memorySlack = 16 << 20

// boundedMemory holds the most that a node ever took against its limit.
func boundedMemory(t *testing.T, n *system.Node, limit int64) {
	t.Helper()
	_, peak, ok := n.Memory()
	if !ok {
		t.Log("this system does not tell a process's memory")
		return
	}
	t.Logf("peak of resident memory: %d MiB under a limit of %d MiB", peak>>20, limit>>20)
	if peak > limit+memorySlack {
		t.Errorf("the node took %d MiB under a limit of %d MiB", peak>>20, limit>>20)
	}
}

// outageQueries group finely, so that what piles up in an outage is large.
var outageQueries = []string{
	"SELECT i, s, count(*), sum(n) FROM %s GROUP BY i, s",
	flowQueries[1],
}

const outageLimit = 96 << 20

// outage is a flow into two views, with little memory.
func outage(s *scene) *flow {
	s.t.Helper()
	f := flowOn(s, 2)
	f.rough = true
	for i, q := range outageQueries {
		f.c.SQL(fmt.Sprintf("CREATE CONTINUOUS VIEW v%d WITH (start = 'earliest') AS %s;", i, fmt.Sprintf(q, "events")))
	}
	return f
}

// over ends the flow and holds everything against PostgreSQL.
func (f *flow) over(n *system.Node) {
	f.t.Helper()
	f.finish()
	f.load()
	for i, q := range outageQueries {
		f.compare(fmt.Sprintf("v%d", i), q)
	}
	boundedMemory(f.t, n, outageLimit)
	if faults := n.Metric("millrace_ledger_faults_total", ""); faults != 0 {
		f.t.Errorf("%v ledger faults", faults)
	}
	if _, body := n.Get("/readyz"); body != "ok\n" {
		f.t.Errorf("/readyz after the outage: %s", body)
	}
	if status := n.Stop(); status != 0 {
		f.t.Errorf("status %d", status)
	}
}

// TestPostgresGoesAway stops the database as a crash does, twice, while events
// flow: the node waits, and goes on by itself.
func TestPostgresGoesAway(t *testing.T) {
	servers := harness.Get(t)
	postgres := harness.NewPostgres(t, 0)
	url := postgres.Database(t)
	f := outage(sceneOn(t, servers.Cluster(t), servers.Brokers, url, fmt.Sprintf("MILLRACE_MEMORY_LIMIT=%d", outageLimit)))
	node := f.c.Start().Ready()
	f.begin(150_000)
	for round := range 2 {
		f.await(int(f.produced.Load()) + 30_000)
		system.Wait(t, 60*time.Second, "folds", func() bool { return node.Metric("millrace_fold_seconds_count", "") > float64(round) })
		postgres.StopImmediate(t)
		f.await(int(f.produced.Load()) + 40_000)
		if status, body := node.Get("/readyz"); status != http.StatusServiceUnavailable || node.Ended() {
			t.Fatalf("/readyz without a database: %d %s", status, body)
		}
		if status, _ := node.Get("/healthz"); status != http.StatusOK {
			t.Errorf("/healthz without a database: %d", status)
		}
		postgres.Restart(t)
		node.Ready()
	}
	f.db = connect(t, url)
	f.over(node)
}

// TestBrokerGoesAway kills the broker while events flow.
func TestBrokerGoesAway(t *testing.T) {
	kafka := harness.NewKafka(t)
	servers := harness.Get(t)
	f := outage(sceneOn(t, servers.Cluster(t), kafka.Brokers(), servers.DatabaseURL(t), fmt.Sprintf("MILLRACE_MEMORY_LIMIT=%d", outageLimit)))
	node := f.c.Start().Ready()
	f.begin(120_000)
	f.await(40_000)
	kafka.Kill(t)
	if status, _ := node.Get("/healthz"); status != http.StatusOK || node.Ended() {
		t.Errorf("/healthz without a broker: %d", status)
	}
	kafka.Restart(t)
	f.await(int(f.produced.Load()) + 40_000)
	f.over(node)
}

// TestManyGroups folds two million groups with far less memory than they take.
func TestManyGroups(t *testing.T) {
	const (
		groups = 2_000_000
		again  = 200_000 // of them get a second record
		limit  = 96 << 20
	)
	s := newScene(t, fmt.Sprintf("MILLRACE_MEMORY_LIMIT=%d", limit), "MILLRACE_FLUSH_INTERVAL=1s", "MILLRACE_FOLD_INTERVAL=1s")
	s.stream("events", "k bigint, a int", 2)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT k, count(*) AS n, sum(a) AS total FROM events GROUP BY k;")
	done := make(chan error, 1)
	go func() { done <- s.numbers(groups, again) }()
	node := s.c.Start().Ready()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.c.Must("", "flush", "--timeout", "240s")
	s.want("SELECT count(*), sum(n), min(k), max(k), bool_and(n = CASE WHEN k < 200000 THEN 2 ELSE 1 END AND total = n * 3) FROM v",
		fmt.Sprintf("%d %d 0 %d t", groups, groups+again, groups-1))
	boundedMemory(t, node, limit)
	healthy(t, node)
}

// numbers produces one record for each number, and another for the first.
func (s *scene) numbers(groups, again int) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	refused := make(chan error, 1)
	for i := range groups + again {
		s.kafka.Produce(ctx, &kgo.Record{
			Topic: s.topic("events"), Partition: int32(i & 1), Value: fmt.Appendf(nil, `{"k":%d,"a":3}`, i%groups),
		}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case refused <- err:
				default:
				}
			}
		})
	}
	if err := s.kafka.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-refused:
		return err
	default:
		return nil
	}
}
