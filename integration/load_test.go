package integration

import (
	"context"
	"errors"
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
// be decoded. The brokers may go away meanwhile: what it could not produce is
// nobody's fault, and what there is to count is read from the topic.
type loader struct {
	t       *testing.T
	brokers []string
	topic   string
	rng     *rand.Rand
	plain   *kgo.Client
	enough  int
	every   time.Duration
	stop    chan struct{}
	done    sync.WaitGroup
	failed  int // batches, by the broker's going away

	mu   sync.Mutex  // guards the rest
	txn  *kgo.Client // made anew after a transaction that could not be ended
	over bool        // the test has ended: the clients are closed
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

// eventsPerBatch events are produced at a time, a batch at most every so often:
// quickPace is about 40,000 events a second.
const (
	eventsPerBatch = 1000
	quickPace      = 25 * time.Millisecond
)

// startLoader begins to produce; every is the time between two batches.
func startLoader(t *testing.T, brokers []string, topic string, seed uint64, enough int, every time.Duration) *loader {
	t.Helper()
	l := &loader{
		t: t, brokers: brokers, topic: topic, rng: rand.New(rand.NewPCG(seed, 2)), enough: enough, every: every, stop: make(chan struct{}),
	}
	var err error
	if l.plain, err = l.client(); err == nil {
		l.txn, err = l.client(l.transactional()...)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.end)
	l.done.Go(l.run)
	return l
}

// end closes the clients, with which what they wait for ends: a producer waits for
// a broker that does not come back as long as it may.
func (l *loader) end() {
	l.finishNow()
	l.mu.Lock()
	l.over = true
	l.plain.Close()
	l.txn.Close()
	l.mu.Unlock()
	l.done.Wait()
}

func (l *loader) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *loader) client(more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(l.brokers...), kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(l.topic),
	}, more...)...)
}

// transactional has an open transaction of a killed broker end soon: until
// then nobody reads what lies behind it.
func (l *loader) transactional() []kgo.Opt {
	return []kgo.Opt{kgo.TransactionalID(l.topic + ".load"), kgo.TransactionTimeout(10 * time.Second)}
}

// run keeps its pace, as far as it can: what the brokers held up it makes up for.
func (l *loader) run() {
	begun, stop := time.Now(), l.stop
	for n := 0; stop != nil || n < l.enough; {
		if err := l.batch(); err != nil {
			l.failed++
		} else {
			n += eventsPerBatch
		}
		if l.ended() {
			return // before it was enough
		}
		select {
		case <-stop:
			stop = nil
		case <-time.After(time.Until(begun.Add(time.Duration(n/eventsPerBatch) * l.every))):
		}
	}
}

// batch produces some events; every fifth time in a transaction, every tenth in
// one that is aborted.
func (l *loader) batch() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	kind := l.rng.IntN(10)
	records := make([]*kgo.Record, eventsPerBatch)
	for i := range records {
		records[i] = &kgo.Record{Partition: int32(l.rng.IntN(crashPartitions)), Value: l.event()}
	}
	if kind >= 3 {
		return l.plain.ProduceSync(ctx, records...).FirstErr()
	}
	err := l.txn.BeginTransaction()
	if err == nil {
		err = l.txn.ProduceSync(ctx, records...).FirstErr()
		err = errors.Join(err, l.txn.EndTransaction(ctx, kgo.TransactionEndTry(kind != 0 && err == nil)))
	}
	if err != nil {
		l.renew(ctx)
	}
	return err
}

// renew makes the transactional producer anew, which ends the transaction that the
// former one has left open.
func (l *loader) renew(ctx context.Context) {
	for ctx.Err() == nil {
		fresh, err := l.client(l.transactional()...)
		if err != nil {
			l.t.Errorf("load: %v", err)
			return
		}
		l.mu.Lock()
		l.txn.Close()
		l.txn = fresh
		if l.over {
			fresh.Close()
		}
		over := l.over
		l.mu.Unlock()
		if over {
			return
		}
		if _, _, err = fresh.ProducerID(ctx); err == nil {
			return
		}
	}
}

// event returns one event; one in a thousand cannot be decoded.
func (l *loader) event() []byte {
	if l.rng.IntN(1000) == 0 {
		return []byte(`{"k": "x", "i": "not a number"}`)
	}
	return fmt.Appendf(nil, `{"i": %d, "k": "key-%d", "n": %d.%02d, "s": "%x", "more": [1, {"a": null}]}`,
		l.rng.IntN(1_000_000)-500_000, l.rng.IntN(500), l.rng.IntN(3), l.rng.IntN(100), l.rng.Uint32())
}

// loadTime is longer than any load takes to end that makes up for what the
// brokers held up.
const loadTime = 5 * time.Minute

// finish waits until enough has been produced.
func (l *loader) finish() {
	l.t.Helper()
	l.finishNow()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.done.Wait()
	}()
	select {
	case <-done:
	case <-time.After(loadTime):
		l.t.Fatalf("the load is not produced within %v", loadTime)
	}
	if l.failed > 0 {
		l.t.Logf("%d batches of %d events were not produced, or only in part", l.failed, eventsPerBatch)
	}
}

func (l *loader) finishNow() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
}
