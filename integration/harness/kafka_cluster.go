package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// KafkaCluster is three brokers that this process started, as child processes
// whatever the settings say. Every topic has three replicas, two of which must be
// in sync, so one broker may be away at a time. One goroutine at a time may
// kill or restart them.
type KafkaCluster struct {
	members []*Kafka
	release func()
}

// clusterBrokers is how many brokers a KafkaCluster has, and clusterSession how
// long they take one for alive that says nothing: of a broker that was killed they
// know only then, and three in one process tree on a busy machine must not lose
// their sessions by being slow.
const (
	clusterBrokers = 3
	clusterSession = 4 * time.Second
)

// NewKafkaCluster starts three brokers for one test alone, which may kill them
// one at a time, and stops them when the test ends.
func NewKafkaCluster(t testing.TB) *KafkaCluster {
	t.Helper()
	c, err := startKafkaCluster(t.Context())
	if err != nil {
		t.Fatalf("harness: %v", err)
	}
	t.Cleanup(c.close)
	t.Logf("kafka of this test: %s", c)
	return c
}

func startKafkaCluster(ctx context.Context) (*KafkaCluster, error) {
	q, err := newQuorum(clusterBrokers, clusterSession)
	if err != nil {
		return nil, err
	}
	c := &KafkaCluster{members: make([]*Kafka, clusterBrokers), release: q.release}
	errs := make([]error, clusterBrokers)
	var starting sync.WaitGroup
	for i := range c.members {
		c.members[i] = &Kafka{address: q.brokers[i].address(), release: func() {}}
		starting.Go(func() { errs[i] = c.begin(ctx, q, i) })
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		c.close()
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return c, nil
}

// begin lays a broker's folder out and starts it. It answers when most have
// started.
func (c *KafkaCluster) begin(ctx context.Context, q quorum, i int) error {
	server, err := newKafkaProcess(ctx, q, place{broker: true, controller: true, number: i})
	if err != nil {
		return err
	}
	c.members[i].server = server
	return c.members[i].start(ctx)
}

// Brokers are the addresses to give to a client.
func (c *KafkaCluster) Brokers() []string {
	all := make([]string, len(c.members))
	for i, m := range c.members {
		all[i] = m.address
	}
	return all
}

// String names the brokers for people.
func (c *KafkaCluster) String() string {
	all := make([]string, len(c.members))
	for i, m := range c.members {
		all[i] = m.String()
	}
	return strings.Join(all, "; ")
}

// Kill ends a broker at once, as SIGKILL does; they count from 0.
func (c *KafkaCluster) Kill(t testing.TB, broker int) {
	t.Helper()
	c.members[broker].Kill(t)
}

// Restart starts a killed broker again and returns when every replica is in sync
// again, so that another one may go.
func (c *KafkaCluster) Restart(t testing.TB, broker int) {
	t.Helper()
	mustHarness(t, "restart a broker of three", func(ctx context.Context) error {
		if err := c.members[broker].start(ctx); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("replicas not in sync after %s", readyTimeout))
		defer cancel()
		return awaitReplicas(ctx, c.Brokers())
	})
}

// close ends all brokers side by side and removes what they left. A broker that
// has lost the others cannot resign from them in order: it is not asked to.
func (c *KafkaCluster) close() {
	var ending sync.WaitGroup
	for _, m := range c.members {
		if m == nil || m.server == nil {
			continue
		}
		ending.Go(func() {
			if err := m.server.kill(context.Background()); err != nil {
				say("%v", err)
			}
			m.close()
		})
	}
	ending.Wait()
	c.release()
}

// errReplicas occurs while a cluster's replicas catch up.
var errReplicas = errors.New("a partition lacks replicas in sync")

// awaitReplicas waits until all partitions of all topics have all their replicas
// in sync.
func awaitReplicas(ctx context.Context, brokers []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DialTimeout(time.Second), kgo.RetryTimeout(time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	return poll(ctx, func(ctx context.Context) error {
		response, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
		if err != nil {
			return err
		}
		if len(response.Brokers) < len(brokers) {
			return fmt.Errorf("%d of %d brokers have registered", len(response.Brokers), len(brokers))
		}
		for _, topic := range response.Topics {
			for _, p := range topic.Partitions {
				if len(p.ISR) < len(p.Replicas) {
					return fmt.Errorf("%w: partition %d of %s", errReplicas, p.Partition, deref(topic.Topic))
				}
			}
		}
		return nil
	})
}

func deref(name *string) string {
	if name == nil {
		return ""
	}
	return *name
}
