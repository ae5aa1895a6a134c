package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokerPortSetting chooses the broker's port.
const BrokerPortSetting = "MILLRACE_DEV_KAFKA_PORT"

// BrokerOptions of the embedded broker.
type BrokerOptions struct {
	// Port on 127.0.0.1; 0 lets the system choose.
	Port int
	// Logger takes the broker's warnings; nil discards them.
	Logger *slog.Logger
}

// Broker is a Kafka broker within this process, in memory, with transactions
// and consumer groups. Never reuse a transactional id across its starts.
type Broker struct {
	cluster *kfake.Cluster
	address string
}

// StartBroker starts the broker; it answers when StartBroker returns. The
// caller ends it with Close.
func StartBroker(ctx context.Context, o BrokerOptions) (*Broker, error) {
	if err := checkPort("broker", o.Port, BrokerPortSetting); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	options := []kfake.Opt{
		kfake.Ports(o.Port),
		kfake.ClusterID("millrace-dev"),
		kfake.DefaultNumPartitions(1),
		// Ctrl-C must not have to wait for a rebalance of members that are gone.
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}
	if o.Logger != nil {
		options = append(options, kfake.WithLogger(brokerLog{o.Logger}))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker on port %d: %w", o.Port, err)
	}
	return &Broker{cluster: cluster, address: cluster.ListenAddrs()[0]}, nil
}

// Brokers are the addresses to give to a client.
func (b *Broker) Brokers() []string { return []string{b.address} }

// Port is the port that the broker listens on.
func (b *Broker) Port() int {
	_, text, err := net.SplitHostPort(b.address)
	if err != nil {
		panic("bug: the broker's address has no port: " + b.address)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		panic("bug: the broker's port is no number: " + b.address)
	}
	return port
}

// Close ends the broker and forgets all of its topics.
func (b *Broker) Close() { b.cluster.Close() }

// brokerLog carries the broker's warnings to a slog logger. What it tells of
// each request is for its own authors.
type brokerLog struct{ logger *slog.Logger }

// Logf implements kfake.Logger.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError, kfake.LogLevelWarn:
		l.logger.Warn("embedded broker", "message", fmt.Sprintf(format, args...))
	default:
	}
}
