package catalog

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// following runs Follow and hands out its states.
func following(t *testing.T, c *Catalog) <-chan *topology.Catalog {
	t.Helper()
	ctx, cancel := context.WithCancel(testContext(t))
	states := make(chan *topology.Catalog, 1000)
	done := make(chan error, 1)
	go func() { done <- c.Follow(ctx, func(state *topology.Catalog) { states <- state }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("follow ended with %v", err)
		}
	})
	return states
}

func TestFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx := testContext(t)
		cluster := newCluster()
		writer := open(t, cfg, cluster, quiet())
		s := stream("flights")
		if _, err := writer.Update(ctx, createStream(s)); err != nil {
			t.Fatal(err)
		}
		reader := open(t, cfg, cluster, quiet())
		states := following(t, reader)
		if first := <-states; first.Revision != 1 {
			t.Fatalf("the first state is revision %d", first.Revision)
		}
		v := view("hourly", s)
		revision, err := writer.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
			return current.CreateView(v, nil, false)
		})
		if err != nil {
			t.Fatal(err)
		}
		state, err := reader.Wait(ctx, revision)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := state.View("hourly"); !ok {
			t.Fatal("the view is not in the state that was waited for")
		}
		if revision, err = writer.Update(ctx, func(current *topology.Catalog) ([]*topology.Record, error) {
			return current.DropStream("flights", false, true)
		}); err != nil {
			t.Fatal(err)
		}
		if _, err = reader.Wait(ctx, revision); err != nil {
			t.Fatal(err)
		}
		for len(states) > 0 {
			if state := <-states; state.Revision == 3 {
				t.Fatal("half of a cascade was seen")
			}
		}
	})
}

func TestWaitEnds(t *testing.T) {
	_, cfg := fake(t)
	c := open(t, cfg, newCluster(), quiet())
	gone := errors.New("gone home")
	ctx, cancel := context.WithCancelCause(testContext(t))
	cancel(gone)
	if _, err := c.Wait(ctx, 1); !errors.Is(err, gone) {
		t.Fatalf("wait ended with %v", err)
	}
}

// TestDamaged writes what is no record beside what is one.
func TestDamaged(t *testing.T) {
	onBoth(t, func(t *testing.T, cfg broker.Config) {
		ctx := testContext(t)
		var log bytes.Buffer
		c := open(t, cfg, newCluster(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
		stranger, err := broker.NewClient(cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		if err := stranger.ProduceSync(ctx, &kgo.Record{Topic: c.Topic(), Key: []byte("relation/x"), Value: []byte("{nonsense")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			state, err := c.Read(ctx)
			if err != nil || len(state.Damaged()) != 1 {
				t.Fatalf("read: %v, %v", state, err)
			}
		}
		if revision, err := c.Update(ctx, createStream(stream("x"))); err != nil || revision != 1 {
			t.Fatalf("create beside a damaged record: revision %d, %v", revision, err)
		}
		if n := strings.Count(log.String(), "catalog record set aside"); n != 1 {
			t.Fatalf("reported %d times:\n%s", n, log.String())
		}
	})
}

// TestCompacted reads a log from which the broker has removed what was
// superseded.
func TestCompacted(t *testing.T) {
	cluster, cfg := fake(t)
	ctx := testContext(t)
	c := open(t, cfg, newCluster(), quiet())
	for range 20 {
		if _, err := c.Update(ctx, increment); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Compact()
	state, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := state.Stream("counter"); !ok || s.Topic != "20" || state.Revision != 20 {
		t.Fatalf("counter %+v at revision %d", s, state.Revision)
	}
}

func TestOpenRefusesSeveralPartitions(t *testing.T) {
	_, cfg := fake(t)
	ctx := testContext(t)
	admin, err := broker.NewAdmin(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, _, err := admin.CreateTopic(ctx, broker.TopicSpec{Name: "c.catalog", Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(ctx, cfg, "c", quiet()); err == nil {
		c.Close()
		t.Fatal("a catalog of two partitions was opened")
	}
}
