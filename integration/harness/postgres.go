package harness

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/internal/localpg"
)

// Postgres is a database server that this process started. One goroutine at a
// time may stop or restart it; its address never changes.
type Postgres struct {
	address string
	server  server
	release func()
}

// NewPostgres starts a database server for one test alone, which may stop it,
// and stops it when the test ends. Version is a major version; 0 takes what the
// shared server would be.
func NewPostgres(t testing.TB, version int) *Postgres {
	t.Helper()
	p, err := startPostgres(t.Context(), version)
	if err != nil {
		t.Fatalf("harness: %v", err)
	}
	t.Cleanup(p.close)
	t.Logf("postgres of this test: %s", p)
	return p
}

// startPostgres starts a server in a container or as a child process and waits
// until it answers.
func startPostgres(ctx context.Context, version int) (*Postgres, error) {
	reserved, err := reservePort()
	if err != nil {
		return nil, err
	}
	p := &Postgres{address: reserved.address(), release: reserved.release}
	if Containers() {
		p.server = newPostgresContainer(reserved.number)
	} else {
		p.server, err = newPostgresProcess(ctx, version, reserved.number)
	}
	if err == nil {
		err = p.start(ctx)
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return p, nil
}

// URL is the superuser's connection string for the database postgres.
func (p *Postgres) URL() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", p.address)
}

// Database creates a database for one test, drops it when the test ends, and
// returns its connection string.
func (p *Postgres) Database(t testing.TB) string {
	t.Helper()
	return freshDatabase(t, p.URL())
}

// Address is the server's, as host:port.
func (p *Postgres) Address() string { return p.address }

// String names the server for people.
func (p *Postgres) String() string { return p.server.describe() + ", " + p.address }

// StopImmediate ends the server as a crash would; Restart recovers and brings
// back what was committed.
func (p *Postgres) StopImmediate(t testing.TB) {
	t.Helper()
	mustHarness(t, "stop postgres", p.server.kill)
}

// Stop ends the server in order, cutting its connections.
func (p *Postgres) Stop(t testing.TB) {
	t.Helper()
	mustHarness(t, "stop postgres", p.server.stop)
}

// Restart starts a stopped server again, on the same port and data, and returns
// when it answers.
func (p *Postgres) Restart(t testing.TB) {
	t.Helper()
	mustHarness(t, "restart postgres", p.start)
}

func (p *Postgres) start(ctx context.Context) error {
	if err := p.server.start(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not ready after %s", readyTimeout))
	defer cancel()
	return poll(ctx, func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.URL())
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

func (p *Postgres) close() {
	if p.server != nil {
		endServer(p.server)
	}
	p.release()
}

// postgresBinaries are the host's of the version, or the downloaded 18; version
// 0 takes the setting's, and without one the host's newest.
func postgresBinaries(ctx context.Context, version int) (localpg.Binaries, string, error) {
	if version == 0 {
		var err error
		if version, err = postgresVersion(); err != nil {
			return localpg.Binaries{}, "", err
		}
	}
	found, err := localpg.Host(ctx, version)
	if err == nil {
		return found, "of the host", nil
	}
	if !errors.Is(err, localpg.ErrNoHost) {
		return localpg.Binaries{}, "", err
	}
	if version != 0 && version != 18 {
		return localpg.Binaries{}, "", fmt.Errorf("PostgreSQL %d is not installed (on Debian: apt-get install postgresql-%d)", version, version)
	}
	found, err = localpg.Fetch(ctx, localpg.FetchOptions{Progress: func(line string) { say("%s", line) }})
	return found, "from embedded-postgres", err
}
