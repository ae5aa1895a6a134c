package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/topology"
)

func TestTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a := newAdmin(t, cfg)
		if err := a.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		name := newTopic(t, a, 3, map[string]string{"max.message.bytes": "123456"})
		first, err := a.Topic(ctx, name)
		if err != nil || first.Partitions != 3 || first.MaxMessageBytes != 123456 || topology.ID(first.ID).IsZero() {
			t.Fatalf("topic %+v, %v", first, err)
		}
		again, created, err := a.CreateTopic(ctx, TopicSpec{Name: name, Partitions: 9})
		if err != nil || created || again != first {
			t.Fatalf("created again: %+v, %v, %v", again, created, err)
		}
		if err := a.DeleteTopic(ctx, name); err != nil {
			t.Fatal(err)
		}
		// Removing settles after the answer, too.
		for wait := newPause(); ; {
			_, err = a.Topic(ctx, name)
			if errors.Is(err, kerr.UnknownTopicOrPartition) {
				break
			}
			if err := wait.more(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(err.Error(), name) || Retryable(err) {
			t.Fatalf("a missing topic: %v", err)
		}
		if err := a.DeleteTopic(ctx, name); err != nil {
			t.Fatal(err)
		}
		if other := newTopic(t, a, 1, nil); other == name {
			t.Fatal("names repeat")
		}
	})
}

func TestCreateTopicAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		name := topicName()
		const nodes = 4
		var wg sync.WaitGroup
		var topics [nodes]Topic
		var created [nodes]bool
		for i := range nodes {
			a := newAdmin(t, cfg)
			wg.Go(func() {
				var err error
				if topics[i], created[i], err = a.CreateTopic(ctx, TopicSpec{Name: name, Partitions: 2}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		creators := 0
		for i := range nodes {
			if created[i] {
				creators++
			}
			if topics[i] != topics[0] {
				t.Errorf("node %d sees %+v, node 0 %+v", i, topics[i], topics[0])
			}
		}
		if creators != 1 {
			t.Errorf("%d nodes created the topic", creators)
		}
		if err := newAdmin(t, cfg).DeleteTopic(ctx, name); err != nil {
			t.Error(err)
		}
	})
}

func TestEnsurePartitions(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a := newAdmin(t, cfg)
		name := newTopic(t, a, 2, nil)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if n, err := a.EnsurePartitions(ctx, name, 5); err != nil || n != 5 {
					t.Errorf("%d partitions, %v", n, err)
				}
			})
		}
		wg.Wait()
		if n, err := a.EnsurePartitions(ctx, name, 4); err != nil || n != 5 {
			t.Errorf("asked for fewer: %d partitions, %v", n, err)
		}
		if _, err := a.EnsurePartitions(ctx, topicName(), 4); !errors.Is(err, kerr.UnknownTopicOrPartition) {
			t.Errorf("a missing topic: %v", err)
		}
	})
}

func TestOffsets(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a := newAdmin(t, cfg)
		name := newTopic(t, a, 2, nil)
		client, err := NewClient(cfg, quiet(), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		start := time.UnixMilli(1_700_000_000_000)
		for i := range 5 {
			r := &kgo.Record{Topic: name, Partition: 1, Value: []byte("x"), Timestamp: start.Add(time.Duration(i) * time.Minute)}
			if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		check := func(what string, got map[int32]int64, err error, p0, p1 int64) {
			t.Helper()
			if err != nil || len(got) != 2 || got[0] != p0 || got[1] != p1 {
				t.Errorf("%s: %v, %v; want %d and %d", what, got, err, p0, p1)
			}
		}
		starts, err := a.StartOffsets(ctx, name)
		check("start", starts, err, 0, 0)
		ends, err := a.EndOffsets(ctx, name)
		check("end", ends, err, 0, 5)
		for minutes, want := range map[float64]int64{-1: 0, 0: 0, 1.5: 2, 4: 4, 100: 5} {
			at, err := a.OffsetsAt(ctx, name, start.Add(time.Duration(minutes*float64(time.Minute))))
			check(fmt.Sprint("at minute ", minutes), at, err, 0, want)
		}
		if _, err := a.EndOffsets(ctx, topicName()); !errors.Is(err, kerr.UnknownTopicOrPartition) {
			t.Errorf("a missing topic ends: %v", err)
		}
	})
}

// transactional returns a client that takes part in transactions.
func transactional(t *testing.T, cfg Config) *kgo.Client {
	t.Helper()
	client, err := NewClient(cfg, quiet(), kgo.TransactionalID(topicName()), kgo.TransactionTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func produceInTransaction(ctx context.Context, t *testing.T, client *kgo.Client, topic string) {
	t.Helper()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("x")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// TestEndOffsetsAreCurrent asks right behind each commit, which the last stable
// offset alone does not show every time.
func TestEndOffsetsAreCurrent(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a := newAdmin(t, cfg)
		name := newTopic(t, a, 1, nil)
		client := transactional(t, cfg)
		for i := range 100 {
			produceInTransaction(ctx, t, client, name)
			if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
			// A record and a marker per transaction; the last marker may be
			// behind the end.
			if ends, err := a.EndOffsets(ctx, name); err != nil || ends[0] < int64(2*i+1) {
				t.Fatalf("behind commit %d the end is %v, %v", i, ends, err)
			}
		}
	})
}

// TestEndOffsetsOfNewPartitions: a partition that another client has just added has an
// end, though this one has just looked at the topic without it.
func TestEndOffsetsOfNewPartitions(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a, other := newAdmin(t, cfg), newAdmin(t, cfg)
		name := newTopic(t, a, 1, nil)
		for n := int32(2); n < 6; n++ {
			if _, err := a.EndOffsets(ctx, name); err != nil {
				t.Fatal(err)
			}
			if _, err := other.EnsurePartitions(ctx, name, n); err != nil {
				t.Fatal(err)
			}
			if ends, err := a.EndOffsets(ctx, name); err != nil || len(ends) != int(n) {
				t.Fatalf("of %d partitions the ends are %v, %v", n, ends, err)
			}
		}
	})
}

func TestEndOffsetsWaitForOpenTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg Config) {
		ctx := testContext(t)
		a := newAdmin(t, cfg)
		name := newTopic(t, a, 1, nil)
		client := transactional(t, cfg)
		produceInTransaction(ctx, t, client, name)
		late := errors.New("the flush's own deadline")
		short, cancel := context.WithTimeoutCause(ctx, 2*time.Second, late)
		defer cancel()
		_, err := a.EndOffsets(short, name)
		id, _, idErr := client.ProducerID(ctx)
		if err == nil || idErr != nil || !errors.Is(err, late) || !strings.Contains(err.Error(), name) ||
			!strings.Contains(err.Error(), "partition 0 from offset 0 on") || !strings.Contains(err.Error(), fmt.Sprintf("producer id %d", id)) {
			t.Fatalf("behind an open transaction (of producer %d): %v", id, err)
		}
		done := make(chan error, 1)
		go func() {
			ends, err := a.EndOffsets(ctx, name)
			if err == nil && ends[0] < 1 {
				err = fmt.Errorf("the end is %v", ends)
			}
			done <- err
		}()
		if err := client.EndTransaction(ctx, kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// TestEndOffsetsDeadlineInARequest: where the deadline ends a request that is
// under way, what was in the way before it is said.
func TestEndOffsetsDeadlineInARequest(t *testing.T) {
	cluster, cfg := fake(t)
	a := newAdmin(t, cfg)
	name := newTopic(t, a, 1, nil)
	client := transactional(t, cfg)
	produceInTransaction(testContext(t), t, client, name)
	late := errors.New("the caller's own deadline")
	ctx, cancel := context.WithCancelCause(testContext(t))
	defer cancel(nil)
	returned := make(chan struct{})
	stable := 0
	cluster.ControlKey(kmsg.ListOffsets.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if stable += int(r.(*kmsg.ListOffsetsRequest).IsolationLevel); stable == 2 {
			cluster.SleepControl(func() {
				cancel(late)
				<-returned
			})
		}
		return nil, nil, false
	})
	_, err := a.EndOffsets(ctx, name)
	close(returned)
	if !errors.Is(err, late) || !strings.Contains(err.Error(), "partition 0 from offset 0 on") {
		t.Fatalf("got %v", err)
	}
	if err := client.EndTransaction(testContext(t), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

func TestMaxMessageBytesWithoutTheRight(t *testing.T) {
	cluster, cfg := fake(t)
	a := newAdmin(t, cfg)
	name := newTopic(t, a, 1, nil)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: name, Err: kerr.TopicAuthorizationFailed})
	if d, err := a.Topic(testContext(t), name); err != nil || d.MaxMessageBytes != defaultMaxMessageBytes {
		t.Fatalf("%+v, %v", d, err)
	}
}
