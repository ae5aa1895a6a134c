package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/topology"
)

// takeovers limits how often one Claim ends a backend and tries again.
const takeovers = 5

// Claim takes a partition of a partials topic for this process. It fits
// consumer.Store.
func (s *Store) Claim(ctx context.Context, topic string, p topology.Partition) (*aggregator.Claim, error) {
	fail := func(err error) (*aggregator.Claim, error) {
		return nil, fmt.Errorf("claim partition %d of %q: %w", p, topic, Explain(err))
	}
	for try := 1; ; try++ {
		c, err := s.claim(ctx, topic, p)
		if err == nil {
			s.metrics.claims.Inc()
			return c, nil
		}
		if code(err) != codeLockTimeout || try == takeovers || s.config.inject(guardTakeover) {
			return fail(err)
		}
		if err := s.endHolder(ctx, topic, p); err != nil {
			return fail(err)
		}
	}
}

// claim is one attempt. Its statements go to the server in one message, as one
// implicit transaction: a claimant that is stopped at any moment holds nothing.
func (s *Store) claim(ctx context.Context, topic string, p topology.Partition) (*aggregator.Claim, error) {
	owner, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	c := &aggregator.Claim{Owner: topology.ID(owner), Topic: topic, Partition: p}
	b := &pgx.Batch{}
	b.Queue("SELECT pg_catalog.set_config('lock_timeout', $1, true)", milliseconds(s.config.TakeoverWait))
	b.Queue(`INSERT INTO millrace.partitions AS p (cluster, topic, partition, owner, node, term, position, claimed_at)
			VALUES ($1, $2, $3, $4, nullif($5, ''), 1, 0, pg_catalog.now())
			ON CONFLICT (cluster, topic, partition) DO UPDATE
			SET owner = excluded.owner, node = excluded.node, term = p.term + 1, claimed_at = excluded.claimed_at
			RETURNING term, position`, s.config.Cluster, topic, p, [16]byte(owner), s.config.Node).
		QueryRow(func(row pgx.Row) error { return row.Scan(&c.Term, &c.Position) })
	b.Queue(ledgerOf+" WHERE cluster = $1 AND topic = $2 AND partition = $3 ORDER BY view, shard, input_topic, input_partition",
		s.config.Cluster, topic, p).
		Query(func(rows pgx.Rows) error {
			ledger, err := pgx.CollectRows(rows, scanLedger)
			for _, l := range ledger {
				c.Ledger = append(c.Ledger, l.Applied)
			}
			return err
		})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	s.config.inject(pointClaimed)
	if s.config.inject(guardClaim) {
		c.Position, c.Ledger = 0, nil
	}
	return c, nil
}

// briefly runs do in a transaction whose statements, their preparation included,
// wait for a lock no longer than TakeoverWait: a person may have locked the
// whole table.
func (s *Store) briefly(ctx context.Context, do func(tx pgx.Tx) error) error {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL lock_timeout = " + milliseconds(s.config.TakeoverWait)})
	if err != nil {
		return err
	}
	// It writes nothing; a rollback that fails closes the connection.
	defer func() { _ = tx.Rollback(ctx) }()
	return do(tx)
}

// holderOf ends the backend of a transaction that holds a partition's row, and
// has since before the claimant began to wait: of two claimants that waited for
// one transaction, the slower does not end what the faster has begun. Of another
// role's transaction the start may be hidden.
const holderOf = `SELECT a.pid, a.application_name, coalesce(a.state, ''), a.backend_start,
		pg_catalog.starts_with(a.application_name, $4) AND pg_catalog.pg_terminate_backend(a.pid, 2000)
	FROM millrace.partitions p JOIN pg_catalog.pg_stat_activity a ON a.backend_xid = p.xmax
	WHERE p.cluster = $1 AND p.topic = $2 AND p.partition = $3
	AND coalesce(a.xact_start <= pg_catalog.clock_timestamp() - $5::pg_catalog.interval, true)`

// endHolder ends the backend whose transaction holds the partition's row: a
// fold of the former owner that does not come to its end, be its process
// stopped or the backend behind a lock that a person holds. The row's xmax is that
// transaction, pg_stat_activity knows its backend; so nobody else's is
// ended, and none whose transaction has ended meanwhile. A person's session that
// locked the row is named, not ended.
func (s *Store) endHolder(ctx context.Context, topic string, p topology.Partition) error {
	var pid int32
	var name, state string
	var started time.Time
	var ended bool
	err := s.briefly(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, holderOf, s.config.Cluster, topic, p, applicationPrefix, s.config.TakeoverWait).
			Scan(&pid, &name, &state, &started, &ended)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil // its transaction is over
	case err != nil:
		return fmt.Errorf("end the former owner's backend: %w", err)
	case !strings.HasPrefix(name, applicationPrefix):
		return fmt.Errorf("backend %d (application_name %q, %s) holds the partition's row in millrace.partitions; end its transaction", pid, name, state)
	}
	s.metrics.takeovers.Inc()
	s.log.Info("ended the backend of a partition's former owner", "topic", topic, "partition", p,
		"pid", pid, "backend_start", started, "state", state, "gone", ended)
	return nil
}

// Release gives a claim up: the row is free for whoever claims next. A claim
// that was lost already is no error.
func (s *Store) Release(ctx context.Context, c *aggregator.Claim) error {
	_, err := s.pool.Exec(ctx, `UPDATE millrace.partitions SET owner = NULL, node = NULL
		WHERE cluster = $1 AND topic = $2 AND partition = $3 AND owner = $4`,
		s.config.Cluster, c.Topic, c.Partition, [16]byte(c.Owner))
	if err != nil {
		return fmt.Errorf("release partition %d of %q: %w", c.Partition, c.Topic, Explain(err))
	}
	return nil
}
