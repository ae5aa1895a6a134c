package harness

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Kafka is a broker that this process started, the only one of its cluster or one of
// a [KafkaCluster]. One goroutine at a time may stop, kill or restart it; its
// address never changes.
type Kafka struct {
	address string
	relay   [2]string // see Relay; empty in a container
	server  server
	release func()
}

// server is one started server, however it is run.
type server interface {
	// start starts it anew on the same port and data, and returns when the
	// process or container exists; readiness is the caller's to await.
	start(ctx context.Context) error
	// stop ends it in order.
	stop(ctx context.Context) error
	// kill ends it at once, as a crash would.
	kill(ctx context.Context) error
	// remove takes away what a stopped server leaves behind.
	remove(ctx context.Context) error
	// describe names it for people: what, from where, which process.
	describe() string
}

// How long a server may take to be ready, generously: a loaded machine is not a
// fault, and a killed broker waits for its old session to end.
const readyTimeout = 90 * time.Second

// NewKafka starts a broker for one test alone, which may kill it, and stops it
// when the test ends.
func NewKafka(t testing.TB) *Kafka {
	t.Helper()
	k, err := startKafka(t.Context(), true)
	if err != nil {
		t.Fatalf("harness: %v", err)
	}
	t.Cleanup(k.close)
	t.Logf("kafka of this test: %s", k)
	return k
}

// patientSession is the session of a broker that nobody kills: it must not be
// taken for dead because the machine is busy.
const patientSession = 30 * time.Second

// startKafka starts a broker in a container or as a child process and waits
// until it answers. One that may be killed gets a controller apart from it.
func startKafka(ctx context.Context, mortal bool) (*Kafka, error) {
	session := patientSession
	if mortal {
		session = mortalSession
	}
	q, err := newQuorum(1, session)
	if err != nil {
		return nil, err
	}
	k := &Kafka{address: q.brokers[0].address(), release: q.release}
	if Containers() {
		k.server = newKafkaContainer(q.brokers[0].number)
	} else {
		k.relay = [2]string{q.relays[0].address(), q.far[0].address()}
		k.server, err = localKafka(ctx, q, mortal)
	}
	if err == nil {
		err = k.start(ctx)
	}
	if err != nil {
		k.close()
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return k, nil
}

func localKafka(ctx context.Context, q quorum, mortal bool) (server, error) {
	if mortal {
		return newMortalKafka(ctx, q)
	}
	k, err := newKafkaProcess(ctx, q, place{broker: true, controller: true})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Brokers are the addresses to give to a client.
func (k *Kafka) Brokers() []string { return []string{k.address} }

// Relay is for a test that wants to be between a client and the broker: it relays
// what comes to the address from on to the address to, and the client that is
// given from as its broker is told of no other. Nobody listens at from before
// the test does. It ends the test where the broker runs in a container.
func (k *Kafka) Relay(t testing.TB) (from, to string) {
	t.Helper()
	if k.relay[0] == "" {
		t.Fatalf("harness: a broker in a container has no address for a relay: unset %s", envContainers)
	}
	return k.relay[0], k.relay[1]
}

// String names the broker for people.
func (k *Kafka) String() string { return k.server.describe() + ", " + k.address }

// Stop ends the broker in order; Restart brings it back with all its data.
func (k *Kafka) Stop(t testing.TB) {
	t.Helper()
	mustHarness(t, "stop kafka", k.server.stop)
}

// Kill ends the broker at once, as SIGKILL does; Restart brings it back.
func (k *Kafka) Kill(t testing.TB) {
	t.Helper()
	mustHarness(t, "kill kafka", k.server.kill)
}

// Restart starts a stopped or killed broker again, on the same port and data,
// and returns when it answers: after a kill, when its old session has ended.
func (k *Kafka) Restart(t testing.TB) {
	t.Helper()
	mustHarness(t, "restart kafka", k.start)
}

func (k *Kafka) start(ctx context.Context) error {
	if err := k.server.start(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not ready after %s", readyTimeout))
	defer cancel()
	return awaitKafka(ctx, k.address)
}

// close ends the broker and removes what it left.
func (k *Kafka) close() {
	if k.server != nil {
		endServer(k.server)
	}
	k.release()
}

// awaitKafka waits until the broker at address answers a metadata request with
// itself among the living.
func awaitKafka(ctx context.Context, address string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DialTimeout(time.Second), kgo.RetryTimeout(time.Second))
	if err != nil {
		return err
	}
	defer client.Close()
	return poll(ctx, func(ctx context.Context) error {
		response, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
		if err != nil {
			return err
		}
		if len(response.Brokers) == 0 || response.ControllerID < 0 {
			return fmt.Errorf("no broker has registered yet")
		}
		return nil
	})
}
