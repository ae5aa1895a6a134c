package catalog

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends what hangs; it is no assertion about time.
const patience = 60 * time.Second

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// fake starts a broker in this process.
func fake(t *testing.T) (*kfake.Cluster, broker.Config) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster, broker.Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}
}

// onBoth runs a test against the broker in this process and a real one.
func onBoth(t *testing.T, test func(t *testing.T, cfg broker.Config)) {
	t.Run("broker=fake", func(t *testing.T) {
		_, cfg := fake(t)
		test(t, cfg)
	})
	t.Run("broker=kafka", func(t *testing.T) {
		brokers := os.Getenv("MILLRACE_TEST_KAFKA_BROKERS")
		if brokers == "" {
			t.Fatal("MILLRACE_TEST_KAFKA_BROKERS names no broker: run through `make test`")
		}
		test(t, broker.Config{Brokers: strings.Split(brokers, ","), ReplicationFactor: -1})
	})
}

// open opens a catalog of its own.
func open(t *testing.T, cfg broker.Config, cluster string, logger *slog.Logger) *Catalog {
	t.Helper()
	c, err := Open(testContext(t), cfg, cluster, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newCluster() string { return "test-" + strings.ToLower(rand.Text()) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func stream(name string) *topology.Stream {
	var id topology.StreamID
	_, _ = rand.Read(id[:])
	return &topology.Stream{ID: id, Name: name, Topic: name, Format: "json", OnError: topology.DeadLetter}
}

func view(name string, s *topology.Stream) *topology.View {
	var id topology.ViewID
	_, _ = rand.Read(id[:])
	return &topology.View{ID: id, Name: name, Stream: s.ID, Select: "SELECT count(*) FROM " + s.Name, Shards: 1, Partitions: 1}
}
