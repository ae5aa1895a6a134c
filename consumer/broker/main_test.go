package broker

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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends what hangs; it is no assertion about time.
const patience = 60 * time.Second

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// fake starts a broker in this process.
func fake(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, Config) {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster, Config{Brokers: cluster.ListenAddrs(), ReplicationFactor: 1}
}

// onBoth runs a test against the broker in this process and a real one.
func onBoth(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Run("broker=fake", func(t *testing.T) {
		_, cfg := fake(t)
		test(t, cfg)
	})
	t.Run("broker=kafka", func(t *testing.T) {
		brokers := os.Getenv("MILLRACE_TEST_KAFKA_BROKERS")
		if brokers == "" {
			t.Fatal("MILLRACE_TEST_KAFKA_BROKERS names no broker: run through `make test`")
		}
		test(t, Config{Brokers: strings.Split(brokers, ","), ReplicationFactor: -1})
	})
}

func newAdmin(t *testing.T, cfg Config) *Admin {
	t.Helper()
	a, err := NewAdmin(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// newTopic creates a topic that the test removes again.
func newTopic(t *testing.T, a *Admin, partitions int32, settings map[string]string) string {
	t.Helper()
	name := topicName()
	if _, created, err := a.CreateTopic(testContext(t), TopicSpec{Name: name, Partitions: partitions, Settings: settings}); err != nil || !created {
		t.Fatalf("create topic: %v, %v", created, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := a.DeleteTopic(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return name
}

func topicName() string { return "test-" + strings.ToLower(rand.Text()) }
