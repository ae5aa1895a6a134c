package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// loader produces events until it has produced enough and is told to finish:
// plain ones, some in transactions, some of which are aborted, some that cannot
// be decoded.
type loader struct {
	t      *testing.T
	topic  string
	rng    *rand.Rand
	plain  *kgo.Client
	txn    *kgo.Client
	enough int
	stop   chan struct{}
	done   sync.WaitGroup
}

// crashEvents is how many events a crash test produces at least.
func crashEvents(t *testing.T) int {
	text := os.Getenv("MILLRACE_CRASH_EVENTS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("MILLRACE_CRASH_EVENTS: %v", err)
	}
	return n
}

func startLoader(t *testing.T, brokers []string, topic string, seed uint64, enough int) *loader {
	t.Helper()
	l := &loader{t: t, topic: topic, rng: rand.New(rand.NewPCG(seed, 2)), enough: enough, stop: make(chan struct{})}
	options := []kgo.Opt{
		kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(topic),
	}
	var err error
	if l.plain, err = kgo.NewClient(options...); err != nil {
		t.Fatal(err)
	}
	if l.txn, err = kgo.NewClient(append(options, kgo.TransactionalID(topic+".load"))...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.finishNow()
		l.plain.Close()
		l.txn.Close()
	})
	l.done.Go(l.run)
	return l
}

// eventsPerBatch and batchEvery set the pace: about 40,000 events a second.
const (
	eventsPerBatch = 400
	batchEvery     = 10 * time.Millisecond
)

func (l *loader) run() {
	ctx := context.Background()
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	stop := l.stop
	for n := 0; stop != nil || n < l.enough; n += eventsPerBatch {
		if err := l.batch(ctx); err != nil {
			l.t.Errorf("load: %v", err)
			return
		}
		select {
		case <-stop:
			stop = nil
		case <-tick.C:
		}
	}
}

// batch produces some events; every fifth time in a transaction, every tenth in
// one that is aborted.
func (l *loader) batch(ctx context.Context) error {
	client := l.plain
	kind := l.rng.IntN(10)
	if kind < 3 {
		client = l.txn
		if err := client.BeginTransaction(); err != nil {
			return err
		}
	}
	records := make([]*kgo.Record, eventsPerBatch)
	for i := range records {
		records[i] = &kgo.Record{Partition: int32(l.rng.IntN(crashPartitions)), Value: l.event()}
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	if kind < 3 {
		return client.EndTransaction(ctx, kgo.TransactionEndTry(kind != 0))
	}
	return nil
}

// event returns one event; one in a thousand cannot be decoded.
func (l *loader) event() []byte {
	if l.rng.IntN(1000) == 0 {
		return []byte(`{"k": "x", "i": "not a number"}`)
	}
	return fmt.Appendf(nil, `{"i": %d, "k": "key-%d", "n": %d.%02d, "s": "%x", "more": [1, {"a": null}]}`,
		l.rng.IntN(1_000_000)-500_000, l.rng.IntN(500), l.rng.IntN(3), l.rng.IntN(100), l.rng.Uint32())
}

// finish waits until enough has been produced.
func (l *loader) finish() {
	l.finishNow()
	l.done.Wait()
}

func (l *loader) finishNow() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
}
