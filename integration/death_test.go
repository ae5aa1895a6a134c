package integration

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// The tests of this file wait three times as long as is promised; how long it
// takes exactly, `millrace bench failover` measures.

// TestDeathOfANode kills one node of three: the others read its partitions and fold
// its shards.
func TestDeathOfANode(t *testing.T) {
	t.Parallel()
	x := newCrash(t, sharedServers(t), 3, seedOf(t, 0), 20_000, 125*time.Millisecond)
	dead := x.nodes[2]
	x.waitOwns(dead)
	x.due()
	x.kill9(dead)
	x.note(nodeKill, dead.name)
	x.foldedWithin(15 * time.Second)
	x.nodes = x.nodes[:2]
	for _, fault := range x.finish() {
		t.Error(fault)
	}
}

// foldedWithin waits until everything that was produced until now is folded.
func (x *crash) foldedWithin(deadline time.Duration) {
	x.t.Helper()
	begun := time.Now()
	out, errOut, status := x.c.Within(deadline+30*time.Second, nil, "", "flush", "--timeout", deadline.String())
	if status != 0 {
		x.t.Fatalf("not folded within %v: %s%s", deadline, out, errOut)
	}
	x.say("everything is folded %.1f s later", time.Since(begun).Seconds())
}

// TestVanishedMachine has a node whose network falls silent, with all of its
// connections open: others take over. When the network is back, the node has
// changed nothing and takes part again.
func TestVanishedMachine(t *testing.T) {
	t.Parallel()
	kafka, postgres := harness.NewKafka(t), harness.NewPostgres(t, 0)
	servers := crashServers{brokers: kafka.Brokers(), url: postgres.Database(t)}
	from, to := kafka.Relay(t)
	relays := []*relay{startRelay(t, from, to), startRelay(t, "127.0.0.1:0", postgres.Address())}
	u, err := url.Parse(servers.url)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = relays[1].address()

	x := newCrash(t, servers, 1, seedOf(t, 0), 20_000, 125*time.Millisecond)
	far := &member{name: "far"}
	x.nodes = append(x.nodes, far)
	x.start(far, "MILLRACE_KAFKA_BROKERS="+from, "MILLRACE_DATABASE_URL="+u.String())
	x.waitOwns(far)
	x.due()
	for _, r := range relays {
		r.silence()
	}
	x.foldedWithin(takeover)
	for _, r := range relays {
		r.speak()
	}
	x.waitOwns(far)
	for _, fault := range x.finish() {
		t.Error(fault)
	}
}

// TestLeavingInOrder stops one node of two while there is much to read: it leaves
// soon, and nothing that it has read is read again.
func TestLeavingInOrder(t *testing.T) {
	const records = 400_000
	s := newScene(t)
	s.stream("events", "k bigint, a int", 4)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT k % 1000 AS k, count(*) AS n, sum(a) AS total FROM events GROUP BY 1;")
	stays, leaves := s.c.StartAs("stays").Ready(), s.c.StartAs("leaves").Ready()
	x := &crash{t: t, c: s.c, servers: crashServers{url: s.c.URL}}
	x.waitShards("leaves", 1)
	done := make(chan error, 1)
	go func() { done <- s.manyNumbers(records) }()
	system.Wait(t, stuckAfter, "it reads", func() bool { return leaves.Metric("millrace_records_total", "") > 10_000 })
	last := watchRecords(t, leaves)
	begun := time.Now()
	status := leaves.Stop()
	took := time.Since(begun)
	read := last()
	t.Logf("left within %.2f s, after %.0f records", took.Seconds(), read)
	if status != 0 || took > 6*time.Second {
		t.Errorf("it left with status %d after %v", status, took)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.c.Flush()
	s.want("SELECT count(*), sum(n), sum(total) FROM v", fmt.Sprintf("1000 %d %d", records, 3*records))
	// Less than all would say that the node ended before it could be asked once more.
	sum := read + stays.Metric("millrace_records_total", "")
	t.Logf("%.0f records were read of %d", sum, records)
	if sum > records {
		t.Errorf("%.0f records were read of %d: some of them twice", sum, records)
	}
	if resets := stays.Metric("millrace_lane_resets_total", ""); resets != 0 {
		t.Errorf("%v times a lane started again", resets)
	}
	healthy(t, stays)
}

// watchRecords asks a node again and again how many records it has read. The function
// that it returns ends that and says what the last answer was.
func watchRecords(t *testing.T, n *system.Node) (last func() float64) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan float64, 1)
	go func() {
		read := 0.0
		for {
			if value, ok := n.TryMetric("millrace_records_total"); ok {
				read = max(read, value)
			}
			select {
			case <-stop:
				done <- read
				return
			default:
			}
		}
	}()
	last = sync.OnceValue(func() float64 {
		close(stop)
		return <-done
	})
	t.Cleanup(func() { last() })
	return last
}

// manyNumbers produces records one after the other over four partitions.
func (s *scene) manyNumbers(records int) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	for i := range records {
		s.kafka.Produce(ctx, &kgo.Record{
			Topic: s.topic("events"), Partition: int32(i & 3), Value: fmt.Appendf(nil, `{"k":%d,"a":3}`, i),
		}, nil)
	}
	return s.kafka.Flush(ctx)
}

// TestTwoOfOneName starts a second process under the name of one that runs: it
// does not start, and says who has the name. The first goes on.
func TestTwoOfOneName(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.stream("events", "a int", 1)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM events;")
	first := s.c.Start().Ready()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, status := s.c.Within(endsWithin, []string{"MILLRACE_HTTP_ADDR=127.0.0.1:0"}, "", "run")
	checkOneLine(t, trouble{name: "two of one name"}, []string{"run"}, stderr, status)
	for _, part := range []string{`"` + first.Name + `"`, "process " + strconv.Itoa(first.Pid()), host, "MILLRACE_NODE"} {
		if status != 1 || !containsAll(stderr, part) {
			t.Errorf("status %d, and %q is not in\n%s", status, part, stderr)
		}
	}
	s.produce("events", 0, `{"a": 1}`, `{"a": 2}`)
	s.c.Flush()
	s.want("SELECT * FROM v", "2 3")
	healthy(t, first)

	// A name is free as soon as its process is dead, and as soon as it has left.
	first.Kill()
	second := s.c.Start().Ready()
	if status := second.Stop(); status != 0 {
		t.Errorf("status %d", status)
	}
	s.c.Start().Ready()
}
