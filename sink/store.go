package sink

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// Store folds into one PostgreSQL database. It is safe for concurrent use:
// several partitions fold at once, each on a connection of the pool.
type Store struct {
	pool    *pgxpool.Pool
	config  Config
	log     *slog.Logger
	metrics *metrics
	pieces  sync.Pool // of []*aggregator.Piece, see foldFast

	mu        sync.Mutex                      // guards relations
	relations map[topology.ViewID]*statements // of views that were folded into
}

// Open connects to the target database. It installs nothing: [Store.Install]
// does. Metrics go to reg, which may be nil.
func Open(ctx context.Context, c Config, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p, err := c.pool()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("register the sink's metrics: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, p)
	if err != nil {
		return nil, Explain(err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, Explain(err)
	}
	return &Store{pool: pool, config: c, log: log, metrics: m, relations: map[topology.ViewID]*statements{}}, nil
}

// Close waits for the calls in flight and closes every connection.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return Explain(s.pool.Ping(ctx)) }

// Pool is for the packages beneath sink; its settings are those of folds.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Install makes or upgrades Millrace's objects; see [schema.Install].
func (s *Store) Install(ctx context.Context) error {
	return Explain(schema.Install(ctx, s.pool))
}

// EnsureView makes a view's relations unless they are there; see
// [schema.EnsureView]. The spec's cluster is the store's.
func (s *Store) EnsureView(ctx context.Context, spec schema.ViewSpec, known schema.Known) error {
	spec.Cluster = s.config.Cluster
	return schema.EnsureView(ctx, s.pool, spec, known)
}

// CheckView reports what EnsureView would; see [schema.CheckView].
func (s *Store) CheckView(ctx context.Context, spec schema.ViewSpec, known schema.Known) error {
	spec.Cluster = s.config.Cluster
	return schema.CheckView(ctx, s.pool, spec, known)
}

// DropView drops a view's relations and ledger; see [schema.DropView].
func (s *Store) DropView(ctx context.Context, id topology.ViewID, cascade bool) error {
	s.forget(id)
	return schema.DropView(ctx, s.pool, s.config.Cluster, id, cascade)
}
