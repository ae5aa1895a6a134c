package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// flow is a scene whose stream "events" gets events all the time: plain ones,
// some in transactions, some of which are aborted.
type flow struct {
	*scene
	look       *probe
	partitions int
	enough     int  // produced at least
	rough      bool // the broker may go away: a failed batch is nobody's fault
	produced   atomic.Int64
	stop       chan struct{}
	done       sync.WaitGroup
}

const (
	flowBatch = 400
	flowEvery = 5 * time.Millisecond // at most: 80,000 a second
	flowTime  = 5 * time.Minute      // no test's flow takes so long
)

// newFlow makes the stream; begin begins to produce.
func newFlow(t *testing.T, partitions int, env ...string) *flow {
	t.Helper()
	return flowOn(newScene(t, env...), partitions)
}

func flowOn(s *scene, partitions int) *flow {
	s.t.Helper()
	s.stream("events", "k text, i bigint, n numeric, s text", partitions)
	return &flow{scene: s, look: s.probe("events"), partitions: partitions, stop: make(chan struct{})}
}

// begin produces in the background until it has produced enough and finish is called.
func (f *flow) begin(enough int) {
	f.t.Helper()
	f.enough = enough
	txn, err := kgo.NewClient(kgo.SeedBrokers(f.c.Brokers...), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(f.topicName()+".flow"), kgo.TransactionTimeout(20*time.Second))
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), flowTime)
	f.t.Cleanup(func() {
		if f.t.Failed() {
			f.look.hanging(f.look.partials())
		}
		f.finishSoon()
		cancel()
		f.done.Wait()
		txn.Close()
	})
	f.done.Go(func() { f.run(ctx, txn) })
}

func (f *flow) topicName() string { return f.topic("events") }

func (f *flow) run(ctx context.Context, txn *kgo.Client) {
	rng := rand.New(rand.NewPCG(7, 11))
	tick := time.NewTicker(flowEvery)
	defer tick.Stop()
	stop := f.stop
	for stop != nil || int(f.produced.Load()) < f.enough {
		err := f.batch(ctx, rng, txn)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			f.t.Errorf("flow: %d of %d events produced within %v: %v", f.produced.Load(), f.enough, flowTime, err)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && !f.rough {
			f.t.Errorf("flow: %v", err)
			return
		}
		select {
		case <-stop:
			stop = nil
		case <-tick.C:
		}
	}
}

// batch produces some events: three times of ten in a transaction, one of which
// is aborted.
func (f *flow) batch(ctx context.Context, rng *rand.Rand, txn *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, kind := f.kafka, rng.IntN(10)
	if kind < 3 {
		client = txn
		if err := client.BeginTransaction(); err != nil {
			// The transaction before has not ended, where the broker went away.
			return errors.Join(err, client.EndTransaction(ctx, kgo.TryAbort))
		}
	}
	records := make([]*kgo.Record, flowBatch)
	for i := range records {
		records[i] = &kgo.Record{Topic: f.topicName(), Partition: int32(rng.IntN(f.partitions)), Value: flowEvent(rng)}
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	f.produced.Add(flowBatch)
	if kind < 3 {
		return client.EndTransaction(ctx, kgo.TransactionEndTry(kind != 0))
	}
	return nil
}

func flowEvent(rng *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"k": "key-%d", "i": %d, "n": %d.%02d, "s": "%x"}`,
		rng.IntN(300), rng.IntN(1_000_000)-500_000, rng.IntN(3), rng.IntN(100), rng.Uint32())
}

// await waits until so many events were produced.
func (f *flow) await(n int) {
	f.t.Helper()
	system.Wait(f.t, 2*time.Minute, fmt.Sprintf("%d events produced", n), func() bool { return int(f.produced.Load()) >= n || f.t.Failed() })
}

// finish ends the producing and waits until all was folded.
func (f *flow) finish() {
	f.t.Helper()
	f.finishSoon()
	f.done.Wait()
	f.c.Flush()
}

func (f *flow) finishSoon() {
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
}

// load copies what an independent reader finds into the table plain, with each
// record's partition, offset and timestamp.
func (f *flow) load() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 3*time.Minute)
	defer cancel()
	var rows [][]any
	f.look.read(ctx, f.topicName(), func(r *kgo.Record) {
		var e struct {
			K string      `json:"k"`
			I int64       `json:"i"`
			N json.Number `json:"n"`
			S string      `json:"s"`
		}
		if err := json.Unmarshal(r.Value, &e); err != nil {
			f.t.Fatal(err)
		}
		rows = append(rows, []any{r.Partition, r.Offset, r.Timestamp.UnixMilli(), e.K, e.I, e.N.String(), e.S})
	})
	f.db.exec(ctx, `CREATE UNLOGGED TABLE raw (p int, o bigint, ts bigint, k text COLLATE "C", i bigint, n text, s text COLLATE "C")`)
	if _, err := f.db.conn.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"p", "o", "ts", "k", "i", "n", "s"}, pgx.CopyFromRows(rows)); err != nil {
		f.t.Fatal(err)
	}
	f.db.exec(ctx, `CREATE VIEW plain AS SELECT p, o, ts, k, i, n::numeric AS n, s FROM raw`)
	f.t.Logf("%d events, %d of them in aborted transactions", f.produced.Load(), f.produced.Load()-int64(len(rows)))
}

// starts returns where a view began in each partition, as its ledger says: all
// of its shards must agree.
func (f *flow) starts(view string) map[int32]int64 {
	f.t.Helper()
	rows, err := f.db.conn.Query(f.t.Context(), `SELECT DISTINCT l.input_partition, l.from_offset FROM millrace.ledger l
		JOIN millrace.views v ON v.cluster = l.cluster AND v.id = l.view WHERE v.cluster = $1 AND v.name = $2`, f.c.Name, view)
	if err != nil {
		f.t.Fatal(err)
	}
	starts := map[int32]int64{}
	var p int32
	var from int64
	if _, err := pgx.ForEachRow(rows, []any{&p, &from}, func() error {
		if other, ok := starts[p]; ok {
			f.t.Errorf("view %s, partition %d: shards begin at %d and at %d", view, p, from, other)
		}
		starts[p] = from
		return nil
	}); err != nil {
		f.t.Fatal(err)
	}
	if len(starts) != f.partitions {
		f.t.Errorf("view %s has a ledger for %d of %d partitions", view, len(starts), f.partitions)
	}
	return starts
}

// compare holds a view against the same SELECT over what lies behind its start.
func (f *flow) compare(view, query string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer cancel()
	conditions := []string{"false"}
	for p, from := range f.starts(view) {
		conditions = append(conditions, fmt.Sprintf("p = %d AND o >= %d", p, from))
	}
	source := "(SELECT * FROM plain WHERE " + strings.Join(conditions, " OR ") + ") AS events"
	if n := f.db.differences(ctx, "SELECT * FROM "+view, fmt.Sprintf(query, source)); n > 0 {
		f.t.Errorf("view %s: %d rows differ from PostgreSQL's", view, n)
	}
}

// healthy looks for what must not have happened in a node that had no trouble.
func healthy(t *testing.T, n *system.Node) {
	t.Helper()
	for _, metric := range []string{"millrace_ledger_faults_total", "millrace_duplicate_flushes_total", "millrace_problems_total"} {
		if got := n.Metric(metric, ""); got != 0 {
			t.Errorf("%s is %v", metric, got)
		}
	}
	if _, body := n.Get("/readyz"); body != "ok\n" {
		t.Errorf("/readyz: %s", body)
	}
}
