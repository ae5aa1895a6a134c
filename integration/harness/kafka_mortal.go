package harness

import (
	"context"
	"errors"
	"time"
)

// mortalSession is the session of a broker that a test kills: it comes back when it
// has ended.
const mortalSession = 6 * time.Second

// mortalKafka is a broker whose controller is a process of its own, which lives on
// when the broker is killed, and has taken it for dead when it comes back.
//
// A broker with its controller in one process comes back as the leader that it was,
// begins to end the transactions that it was ending when it was killed, and is
// taken for dead by the controller just then. Kafka 4.4 passes over those partitions
// without a leader, of which every topic with one replica has nothing but ("these
// partitions are likely deleted already and hence can be skipped"), and takes the
// transaction for ended: in some of its partitions it stays open for ever.
type mortalKafka struct {
	broker, controller *kafkaProcess
	killed             time.Time
}

func newMortalKafka(ctx context.Context, q quorum) (server, error) {
	controller, err := newKafkaProcess(ctx, q, place{controller: true})
	if err != nil {
		return nil, err
	}
	broker, err := newKafkaProcess(ctx, q, place{broker: true})
	if err != nil {
		return nil, errors.Join(err, controller.remove(ctx))
	}
	return &mortalKafka{broker: broker, controller: controller}, nil
}

func (m *mortalKafka) start(ctx context.Context) error {
	if m.controller.process == nil {
		if err := m.controller.start(ctx); err != nil {
			return err
		}
	}
	// The controller looks at its sessions several times in each.
	if fenced := m.killed.Add(mortalSession * 3 / 2); !m.killed.IsZero() {
		select {
		case <-time.After(time.Until(fenced)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return m.broker.start(ctx)
}

func (m *mortalKafka) stop(ctx context.Context) error { return m.broker.stop(ctx) }

func (m *mortalKafka) kill(ctx context.Context) error {
	m.killed = time.Now()
	return m.broker.kill(ctx)
}

func (m *mortalKafka) remove(ctx context.Context) error {
	return errors.Join(m.controller.kill(ctx), m.controller.remove(ctx), m.broker.remove(ctx))
}

func (m *mortalKafka) describe() string {
	return m.broker.describe() + ", with a controller of its own"
}
