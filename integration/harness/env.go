package harness

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

// Env is the servers that tests share.
type Env struct {
	// Brokers are the Kafka brokers' addresses.
	Brokers []string
	// AdminURL reaches the database server as a user who may create databases.
	AdminURL string
	// Kafka and Postgres are set where this process started the server, and nil
	// where a setting named it. A test that stops one takes NewKafka's or
	// NewPostgres's instead.
	Kafka    *Kafka
	Postgres *Postgres
}

// Start finds or starts the servers, and says which. The caller ends them with
// Close.
func Start(ctx context.Context) (*Env, error) {
	env := &Env{Brokers: givenBrokers(), AdminURL: os.Getenv(envDatabaseURL)}
	if env.Brokers != nil {
		say("kafka: named by %s, %s", envBrokers, strings.Join(env.Brokers, ","))
	}
	if env.AdminURL != "" {
		say("postgres: named by %s", envDatabaseURL) // the URL may hold a password
	}
	var starting sync.WaitGroup
	var kafkaErr, postgresErr error
	if env.Brokers == nil {
		starting.Go(func() { env.Kafka, kafkaErr = startKafka(ctx, false) })
	}
	if env.AdminURL == "" {
		starting.Go(func() { env.Postgres, postgresErr = startPostgres(ctx, 0) })
	}
	starting.Wait()
	if env.Kafka != nil {
		env.Brokers = env.Kafka.Brokers()
		say("kafka: %s", env.Kafka)
	}
	if env.Postgres != nil {
		env.AdminURL = env.Postgres.URL()
		say("postgres: %s", env.Postgres)
	}
	if err := errors.Join(kafkaErr, postgresErr); err != nil {
		env.Close()
		return nil, err
	}
	return env, nil
}

// Environ is the settings that hand these servers on to another process.
func (e *Env) Environ() []string {
	return []string{envBrokers + "=" + strings.Join(e.Brokers, ","), envDatabaseURL + "=" + e.AdminURL}
}

// Close ends the servers that Start started.
func (e *Env) Close() {
	if e.Kafka != nil {
		e.Kafka.close()
	}
	if e.Postgres != nil {
		e.Postgres.close()
	}
}

// DatabaseURL creates a database for one test, drops it when the test ends, and
// returns its connection string.
func (e *Env) DatabaseURL(t testing.TB) string {
	t.Helper()
	return freshDatabase(t, e.AdminURL)
}

// Cluster is a cluster name that no other test or run uses. A test puts it
// before the names of its topics and groups, so that nothing collides on a
// shared broker.
func (e *Env) Cluster(t testing.TB) string { return ClusterName(t) }

// ClusterName is [Env.Cluster] for a test that has servers of its own alone.
func ClusterName(t testing.TB) string { return uniqueName(t, "-") }

// uniqueName is made of the test's name, in lower-case letters, digits and the
// separator, and a random part; at most 48 bytes, so that it can be a prefix
// wherever 63 are allowed.
func uniqueName(t testing.TB, separator string) string {
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return rune(separator[0])
	}
	name := strings.Map(keep, strings.ToLower(t.Name()))
	const longest = 48 - 1 - 8
	name = name[:min(len(name), longest)]
	return name + separator + strings.ToLower(rand.Text()[:8])
}
