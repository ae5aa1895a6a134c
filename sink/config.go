package sink

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config are the settings of the target database. cmd fills it from the
// environment and flags.
type Config struct {
	// URL names the target database, as a postgres:// URL or as libpq's
	// key=value pairs. It may hold a password and is never printed.
	URL string `env:"MILLRACE_DATABASE_URL" envDefault:"postgres://postgres@127.0.0.1:15432/postgres?sslmode=disable"`
	// Cluster separates several Millrace clusters in one database.
	Cluster string `env:"MILLRACE_CLUSTER" envDefault:"millrace"`
	// Node is the name of the node that claims partitions.
	Node string `env:"MILLRACE_NODE"`
	// PoolSize is how many connections a process holds at most, and so how many
	// partitions it folds at once. A second connection nearly doubles the
	// throughput; more than the database has cores do not help.
	PoolSize int `env:"MILLRACE_DATABASE_POOL" envDefault:"8"`
	// ConnectTimeout limits one attempt to connect.
	ConnectTimeout time.Duration `env:"MILLRACE_DATABASE_CONNECT_TIMEOUT" envDefault:"5s"`
	// StatementTimeout ends a statement that takes longer. It must be well above
	// the time of the largest fold.
	StatementTimeout time.Duration `env:"MILLRACE_DATABASE_STATEMENT_TIMEOUT" envDefault:"5m"`
	// IdleTransactionTimeout ends the transaction of a process that was stopped
	// in the middle of a fold and that nobody takes over from.
	IdleTransactionTimeout time.Duration `env:"MILLRACE_DATABASE_IDLE_TRANSACTION_TIMEOUT" envDefault:"30s"`
	// TCPUserTimeout is how long the server keeps a connection whose peer does
	// not acknowledge: that of a machine that is gone.
	TCPUserTimeout time.Duration `env:"MILLRACE_DATABASE_TCP_USER_TIMEOUT" envDefault:"10s"`
	// CommitTimeout is how long the answer to COMMIT is waited for, even while
	// the process stops: without it the outcome is unknown.
	CommitTimeout time.Duration `env:"MILLRACE_DATABASE_COMMIT_TIMEOUT" envDefault:"10s"`
	// TakeoverWait is how long a claim waits for a fold of the partition's former owner
	// before it ends that owner's backend.
	TakeoverWait time.Duration `env:"MILLRACE_DATABASE_TAKEOVER_WAIT" envDefault:"1s"`
	// ApplicationName is what pg_stat_activity shows. It begins with "millrace":
	// by that a claim knows the backends that it may end.
	ApplicationName string `env:"MILLRACE_DATABASE_APPLICATION_NAME" envDefault:"millrace"`
	// Inject, where tests set it, is asked at each of [Points] whether to do
	// harm there, such as to end the process, and at each of [Guards] whether to
	// leave it out. nil in production.
	Inject func(point string) bool
}

// Points are the places that ask Config.Inject.
func Points() []string { return []string{pointClaimed, pointRows, pointCommit} }

const (
	pointClaimed = "claim.made"  // a claim is made, its owner does not know
	pointRows    = "fold.rows"   // the rows are merged, the ledger is not moved
	pointCommit  = "fold.commit" // all is done but COMMIT
)

// Guards are the checks that Config.Inject can leave out.
func Guards() []string {
	return []string{guardClaim, guardFold, guardOwner, guardApplied, guardTakeover, guardBisect}
}

const (
	guardClaim   = "claim.position" // a claim starts at the stored position
	guardOwner   = "fold.owner"     // a fold needs its claim, and the position that it starts from
	guardApplied = "fold.applied"   // a fold needs the ledger that it continues
	guardFold    = "fold.position"  // both of these guards of a fold

	guardTakeover = "claim.takeover" // a claim ends the fold of a former owner that is in its way
	guardBisect   = "fold.bisect"    // a group that PostgreSQL refuses is set apart
)

// inject asks for harm at a point.
func (c *Config) inject(point string) bool { return c.Inject != nil && c.Inject(point) }

// unguarded asks whether one of the two guards of a fold is to be left out.
func (c *Config) unguarded(guard string) bool { return c.inject(guard) || c.inject(guardFold) }

// errURL does not say what is wrong: pgx's error repeats the text, and in a
// malformed one it cannot tell the password from the rest.
var errURL = errors.New("MILLRACE_DATABASE_URL is neither a URL such as postgres://user:password@host:5432/database (percent-encode special characters in a password) nor a list such as \"host=… dbname=…\"")

const applicationPrefix = "millrace"

// DefaultConfig returns the defaults of the tags, for callers that do not parse
// an environment.
func DefaultConfig(url string) Config {
	return Config{
		URL: url, Cluster: "millrace", PoolSize: 8,
		ConnectTimeout: 5 * time.Second, StatementTimeout: 5 * time.Minute,
		IdleTransactionTimeout: 30 * time.Second, TCPUserTimeout: 10 * time.Second,
		CommitTimeout: 10 * time.Second, TakeoverWait: time.Second, ApplicationName: "millrace",
	}
}

// Validate reports every fault of the settings at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.URL == "" {
		fault("MILLRACE_DATABASE_URL is not set: name the target database, such as postgres://user@host:5432/database")
	} else if _, err := pgxpool.ParseConfig(c.URL); err != nil {
		faults = append(faults, errURL)
	}
	if c.Cluster == "" {
		fault("MILLRACE_CLUSTER is empty")
	}
	if c.PoolSize < 1 || c.PoolSize > 1000 {
		fault("MILLRACE_DATABASE_POOL is %d: choose 1 to 1000", c.PoolSize)
	}
	if !strings.HasPrefix(c.ApplicationName, applicationPrefix) || len(c.ApplicationName) > 63 {
		fault("MILLRACE_DATABASE_APPLICATION_NAME is %q: choose at most 63 bytes that begin with %q", c.ApplicationName, applicationPrefix)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"CONNECT_TIMEOUT", c.ConnectTimeout},
		{"STATEMENT_TIMEOUT", c.StatementTimeout},
		{"IDLE_TRANSACTION_TIMEOUT", c.IdleTransactionTimeout},
		{"TCP_USER_TIMEOUT", c.TCPUserTimeout},
		{"COMMIT_TIMEOUT", c.CommitTimeout},
		{"TAKEOVER_WAIT", c.TakeoverWait},
	} {
		if d.value < time.Millisecond || d.value > 24*time.Hour {
			fault("MILLRACE_DATABASE_%s is %v: choose 1ms to 24h", d.name, d.value)
		}
	}
	return errors.Join(faults...)
}

// String leaves the URL out, for it may hold a password.
func (c Config) String() string {
	return fmt.Sprintf("sink.Config{Cluster: %q, PoolSize: %d, …}", c.Cluster, c.PoolSize)
}

// pool returns pgx's settings.
func (c Config) pool() (*pgxpool.Config, error) {
	p, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	p.MaxConns = int32(c.PoolSize)
	c.configure(p.ConnConfig, map[string]string{
		"application_name":                    c.ApplicationName,
		"statement_timeout":                   milliseconds(c.StatementTimeout),
		"idle_in_transaction_session_timeout": milliseconds(c.IdleTransactionTimeout),
		"standard_conforming_strings":         "on",
	})
	p.AfterConnect = registerVectors
	return p, nil
}

// configure sets what holds for every connection, and what is said of this kind.
// JIT never pays for statements that run for milliseconds; its compiler would
// for each new connection.
func (c Config) configure(p *pgx.ConnConfig, params map[string]string) {
	p.ConnectTimeout = c.ConnectTimeout
	maps.Copy(p.RuntimeParams, map[string]string{
		"tcp_user_timeout":              milliseconds(c.TCPUserTimeout),
		"default_transaction_isolation": "read committed", // what claims and definitions need; folds say so themselves
		"client_encoding":               "UTF8",           // what vectors hold; else a server of another encoding would take the bytes as they are
		"jit":                           "off",
	})
	maps.Copy(p.RuntimeParams, params)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
