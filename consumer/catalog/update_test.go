package catalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

func createStream(s *topology.Stream) Change {
	return func(current *topology.Catalog) ([]*topology.Record, error) { return current.CreateStream(s, false) }
}

func TestUpdateAndRead(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx := testContext(t)
		c := open(t, cfg, newCluster(), quiet())
		empty, err := c.Read(ctx)
		if err != nil || empty.Revision != 0 || len(empty.Streams()) != 0 {
			t.Fatalf("a new catalog: revision %d, error %v", empty.Revision, err)
		}
		s := stream("flights")
		if revision, err := c.Update(ctx, createStream(s)); err != nil || revision != 1 {
			t.Fatalf("create stream: revision %d, %v", revision, err)
		}
		for i, name := range []string{"hourly", "daily"} {
			v := view(name, s)
			revision, err := c.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
				return current.CreateView(v, nil, false)
			})
			if err != nil || revision != topology.Revision(i+2) || v.Created != 0 {
				t.Fatalf("create view: revision %d, %v, the caller's view at %d", revision, err, v.Created)
			}
		}
		state, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := state.View("daily"); !ok || v.Created != 3 || state.Revision != 3 {
			t.Fatalf("view daily: %+v, %v, revision %d", v, ok, state.Revision)
		}
		revision, err := c.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
			return current.DropStream("flights", false, true)
		})
		if err != nil || revision != 6 {
			t.Fatalf("drop cascade: revision %d, %v", revision, err)
		}
		state, err = c.Read(ctx)
		if err != nil || len(state.Streams())+len(state.Views()) != 0 || state.Revision != 6 {
			t.Fatalf("after the drop: %v, %v, revision %d, %v", state.Streams(), state.Views(), state.Revision, err)
		}
	})
}

func TestUpdateWithNothingToDo(t *testing.T) {
	_, cfg := fake(t)
	ctx := testContext(t)
	c := open(t, cfg, newCluster(), quiet())
	if _, err := c.Update(ctx, createStream(stream("a"))); err != nil {
		t.Fatal(err)
	}
	revision, err := c.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
		return current.CreateStream(stream("a"), true)
	})
	if err != nil || revision != 1 {
		t.Fatalf("nothing to do: revision %d, %v", revision, err)
	}
}

func TestUpdateRefused(t *testing.T) {
	_, cfg := fake(t)
	ctx := testContext(t)
	c := open(t, cfg, newCluster(), quiet())
	mine := errors.New("no")
	if _, err := c.Update(ctx, func(*topology.Catalog) ([]*topology.Record, error) { return nil, mine }); err != mine {
		t.Fatalf("the refusal came back as %v", err)
	}
	_, err := c.Update(ctx, func(*topology.Catalog) ([]*topology.Record, error) {
		return []*topology.Record{{Kind: topology.KindView, Name: "v", View: &topology.View{Name: "v"}}}, nil
	})
	if err == nil {
		t.Fatal("a record that no reader understands was written")
	}
}

// TestOneNameTwoCreators has two nodes create the same name at once.
func TestOneNameTwoCreators(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx := testContext(t)
		cluster := newCluster()
		var wg sync.WaitGroup
		answers := make([]error, 2)
		for i := range answers {
			c := open(t, cfg, cluster, quiet())
			wg.Go(func() { _, answers[i] = c.Update(ctx, createStream(stream("s"))) })
		}
		wg.Wait()
		var conflict *topology.Conflict
		winners := 0
		for _, err := range answers {
			switch {
			case err == nil:
				winners++
			case !errors.As(err, &conflict) || conflict.Code != topology.CodeDuplicate:
				t.Errorf("the loser was told %v", err)
			}
		}
		if winners != 1 {
			t.Fatalf("%d creators won: %v", winners, answers)
		}
	})
}

// TestLinearizable has writers increment one number that the catalog keeps.
// Every increment that was acknowledged counts exactly once, or a writer has
// decided on a state that was not the latest.
func TestLinearizable(t *testing.T) {
	const writers, each = 6, 15
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
		defer cancel()
		cluster := newCluster()
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[topology.Revision]bool{}
		for range writers {
			c := open(t, cfg, cluster, quiet())
			wg.Go(func() {
				for range each {
					revision, err := c.Update(ctx, increment)
					mu.Lock()
					if err != nil || seen[revision] {
						t.Errorf("increment: revision %d (seen: %v), %v", revision, seen[revision], err)
					}
					seen[revision] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		state, err := open(t, cfg, cluster, quiet()).Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := state.Stream("counter"); !ok || s.Topic != strconv.Itoa(writers*each) || state.Revision != writers*each {
			t.Fatalf("counter %+v at revision %d, want %d", s, state.Revision, writers*each)
		}
	})
}

func increment(current *topology.Catalog) ([]*topology.Record, error) {
	s := stream("counter")
	s.Topic = "1"
	if before, ok := current.Stream("counter"); ok {
		n, err := strconv.Atoi(before.Topic)
		if err != nil {
			return nil, fmt.Errorf("counter: %w", err)
		}
		s.Topic = strconv.Itoa(n + 1)
	}
	return []*topology.Record{{Kind: topology.KindStream, Name: s.Name, Stream: s}}, nil
}

// TestLostAnswer lets a commit reach the broker, cuts the connection in place
// of the answer, and refuses every further try. The writer must find its own
// record, and not report that it exists already.
func TestLostAnswer(t *testing.T) {
	cluster, cfg := fake(t)
	ctx := testContext(t)
	c := open(t, cfg, newCluster(), quiet())
	twin, err := broker.NewClient(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	var commits atomic.Int64
	cluster.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		switch commits.Add(1) {
		case 1: // the writer's: its twin carries it out, the answer is lost
			cluster.SleepControl(func() { commitTwin(ctx, t, twin, req.(*kmsg.EndTxnRequest)) })
			return nil, errors.New("connection cut"), true
		case 2: // the twin's
			return nil, nil, false
		}
		refused := req.ResponseKind().(*kmsg.EndTxnResponse)
		refused.ErrorCode = kerr.InvalidProducerEpoch.Code
		return refused, nil, true
	})
	asked := 0
	revision, err := c.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
		asked++
		return current.CreateStream(stream("s"), false)
	})
	if err != nil || revision != 1 || commits.Load() < 3 || asked != 1 {
		t.Fatalf("revision %d, %v; %d commits seen, change asked %d times", revision, err, commits.Load(), asked)
	}
}

func commitTwin(ctx context.Context, t *testing.T, client *kgo.Client, req *kmsg.EndTxnRequest) {
	same := *req
	answer, err := same.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
	}
	if err != nil {
		t.Errorf("the twin's commit: %v", err)
	}
}

// TestFencedBeforeCommit refuses a commit that was not carried out. The writer
// must write again, once.
func TestFencedBeforeCommit(t *testing.T) {
	cluster, cfg := fake(t)
	ctx := testContext(t)
	c := open(t, cfg, newCluster(), quiet())
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.ProducerFenced})
	revision, err := c.Update(ctx, createStream(stream("s")))
	if err != nil || revision != 1 {
		t.Fatalf("revision %d, %v", revision, err)
	}
	if state, err := c.Read(ctx); err != nil || state.Revision != 1 {
		t.Fatalf("read: %v, %v", state, err)
	}
}

// TestDeadWriter leaves a transaction open that would hold readers back for
// longer than a writer has patience. The next writer ends it.
func TestDeadWriter(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx := testContext(t)
		c := open(t, cfg, newCluster(), quiet())
		dead, err := broker.NewClient(cfg, quiet(), kgo.TransactionalID(c.Topic()), kgo.TransactionTimeout(10*patience))
		if err != nil {
			t.Fatal(err)
		}
		defer dead.Close()
		if err := dead.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		half := &kgo.Record{Topic: c.Topic(), Key: []byte("relation/half"), Value: []byte("half")}
		if err := dead.ProduceSync(ctx, half).FirstErr(); err != nil {
			t.Fatal(err)
		}
		revision, err := c.Update(ctx, createStream(stream("s")))
		if err != nil || revision != 1 {
			t.Fatalf("revision %d, %v", revision, err)
		}
		if state, err := c.Read(ctx); err != nil || len(state.Damaged()) != 0 {
			t.Fatalf("what the dead writer left is read: %v, %v", state, err)
		}
	})
}

// TestOutcomeUnknown takes the brokers away for ever after a commit was sent.
func TestOutcomeUnknown(t *testing.T) {
	cluster, cfg := fake(t)
	c := open(t, cfg, newCluster(), quiet())
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	cluster.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel()
		return nil, errors.New("connection cut"), true
	})
	if _, err := c.Update(ctx, createStream(stream("s"))); !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Fatalf("the writer says %v", err)
	}
}

// TestNoPermission is not tried again: it would not go away.
func TestNoPermission(t *testing.T) {
	cluster, cfg := fake(t)
	c := open(t, cfg, newCluster(), quiet())
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.TransactionalIDAuthorizationFailed, Count: -1})
	_, err := c.Update(testContext(t), createStream(stream("s")))
	if !errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		t.Fatalf("the writer says %v", err)
	}
}
