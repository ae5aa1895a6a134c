// Package dev gives `millrace dev` and `millrace demo` their servers: the
// embedded broker and database, or the person's own where settings name them.
package dev

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"

	"github.com/millrace/millrace/cmd/millrace/internal/embedded"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// Stack is the servers, and the settings by which they are reached.
type Stack struct {
	Settings service.Settings
	Broker   *embedded.Broker   // nil where the settings name one
	Database *embedded.Database // nil where the settings name one
}

// New returns a stack that has started nothing. The caller closes it.
func New(settings service.Settings) *Stack { return &Stack{Settings: settings} }

// StartBroker starts the embedded broker.
func (s *Stack) StartBroker(ctx context.Context, log *slog.Logger) error {
	broker, err := embedded.StartBroker(ctx, embedded.BrokerOptions{Port: s.Settings.Dev.KafkaPort, Logger: log})
	if err != nil {
		return err
	}
	s.Broker = broker
	s.Settings.Kafka.Brokers = broker.Brokers()
	s.Settings.Kafka.ReplicationFactor = 1
	// That broker's transactions do not survive a kill, so no start may take up
	// another's transactional ids.
	s.Settings.Node.TransactionSuffix = "." + strings.ToLower(rand.Text()[:8])
	return nil
}

// StartDatabase starts the embedded database; log is told of its download.
func (s *Stack) StartDatabase(ctx context.Context, log *slog.Logger) error {
	dev := s.Settings.Dev
	database, err := embedded.StartDatabase(ctx, embedded.DatabaseOptions{
		Port: dev.PostgresPort, CacheDir: dev.PostgresCache, DataDir: dev.DataDir, Mirror: dev.PostgresMirror, Logger: log,
	})
	if err != nil {
		return err
	}
	s.Database = database
	s.Settings.Database.URL = database.DSN()
	return nil
}

// ErrDatabaseEnded occurs when somebody else ended the embedded database.
var ErrDatabaseEnded = errors.New("the embedded database has ended by itself, or somebody ended it: start again")

// Watch returns when ctx ends, or with an error when a server ends before.
func (s *Stack) Watch(ctx context.Context) error {
	var ended <-chan struct{} // never, where the database is not ours
	if s.Database != nil {
		ended = s.Database.Done()
	}
	select {
	case <-ended:
		return ErrDatabaseEnded
	case <-ctx.Done():
		return nil
	}
}

// Close ends what was started, and forgets all of its data.
func (s *Stack) Close() error {
	var err error
	if s.Database != nil {
		err = s.Database.Close()
	}
	if s.Broker != nil {
		s.Broker.Close()
	}
	return err
}
