package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	pingTimeout = 10 * time.Second
	// adminRetry bounds how long one request is tried, so that commands against
	// a broker that is down end.
	adminRetry = 15 * time.Second
	// adminAnswer is how long a broker may be silent, beyond the time that a
	// request gives it itself. While a connection is being made the client
	// listens to no context, so this is also how long a cancel may take.
	adminAnswer = 5 * time.Second
)

// Admin asks and makes things in Kafka. It is safe for concurrent use.
type Admin struct {
	client            *kgo.Client
	admin             *kadm.Client
	replicationFactor int16
}

// NewClient returns a client with the common options and more. The caller
// closes it.
func NewClient(cfg Config, logger *slog.Logger, more ...kgo.Opt) (*kgo.Client, error) {
	opts, err := Options(cfg, logger)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("make a kafka client: %w", err)
	}
	return client, nil
}

// NewAdmin returns an Admin with a client of its own. It connects when first
// used.
func NewAdmin(cfg Config, logger *slog.Logger) (*Admin, error) {
	client, err := NewClient(cfg, logger, kgo.RetryTimeout(adminRetry), kgo.RequestTimeoutOverhead(adminAnswer))
	if err != nil {
		return nil, err
	}
	return &Admin{client: client, admin: kadm.NewClient(client), replicationFactor: cfg.ReplicationFactor}, nil
}

// Close closes the client.
func (a *Admin) Close() { a.client.Close() }

// Ping reports whether a broker answers, within ten seconds.
func (a *Admin) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, pingTimeout, fmt.Errorf("no answer in %s: %w", pingTimeout, context.DeadlineExceeded))
	defer cancel()
	if err := a.client.Ping(ctx); err != nil {
		return fmt.Errorf("ask the kafka brokers for an answer: %w", withCause(ctx, err))
	}
	return nil
}

// withCause replaces a context's bare error by its cause, which names the
// deadline.
func withCause(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}
