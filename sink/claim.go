package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		c, err := s.claim(ctx, []topology.TopicPartition{{Topic: topic, Partition: p}}, s.config.TakeoverWait)
		if err == nil {
			return c[0], nil
		}
		if code(err) != codeLockTimeout || try == takeovers || s.config.inject(guardTakeover) {
			return fail(err)
		}
		if err := s.endHolder(ctx, topic, p); err != nil {
			return fail(err)
		}
	}
}

// ClaimTogether is Claim of several partitions, all or none, in one message and one
// transaction. It takes nothing over: where a former owner's fold holds one of
// them for a tenth of TakeoverWait it fails, and each is to be claimed by itself.
// The claims come in order of topic and partition, in which folds lock.
func (s *Store) ClaimTogether(ctx context.Context, parts []topology.TopicPartition) ([]*aggregator.Claim, error) {
	parts = slices.SortedFunc(slices.Values(parts), topology.TopicPartition.Compare)
	claims, err := s.claim(ctx, parts, max(s.config.TakeoverWait/10, time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("claim %d partitions: %w", len(parts), Explain(err))
	}
	return claims, nil
}

// claim is one attempt. Its statements go to the server in one message, as one
// implicit transaction: a claimant that is stopped at any moment holds nothing.
func (s *Store) claim(ctx context.Context, parts []topology.TopicPartition, wait time.Duration) ([]*aggregator.Claim, error) {
	claims, of := make([]*aggregator.Claim, len(parts)), make(map[topology.TopicPartition]*aggregator.Claim, len(parts))
	topics, partitions, owners := make([]string, len(parts)), make(int4Param, len(parts)), make(hashParam, len(parts))
	for i, tp := range parts {
		owner, err := uuid.NewRandom()
		if err != nil {
			return nil, err
		}
		claims[i] = &aggregator.Claim{Owner: topology.ID(owner), Topic: tp.Topic, Partition: tp.Partition}
		of[tp], topics[i], partitions[i], owners[i] = claims[i], tp.Topic, tp.Partition, owner
	}
	b := &pgx.Batch{}
	b.Queue("SELECT pg_catalog.set_config('lock_timeout', $1, true)", milliseconds(wait))
	b.Queue(`INSERT INTO millrace.partitions AS p (cluster, topic, partition, owner, node, term, position, claimed_at)
			SELECT $1, q.topic, q.partition, q.owner, nullif($5, ''), 1, 0, pg_catalog.now()
			FROM unnest($2::text[], $3::int4[], $4::uuid[]) AS q(topic, partition, owner)
			ON CONFLICT (cluster, topic, partition) DO UPDATE
			SET owner = excluded.owner, node = excluded.node, term = p.term + 1, claimed_at = excluded.claimed_at
			RETURNING topic, partition, term, position`, s.config.Cluster, topics, partitions, owners, s.config.Node).
		Query(func(rows pgx.Rows) error {
			var tp topology.TopicPartition
			var term, position int64
			_, err := pgx.ForEachRow(rows, []any{&tp.Topic, &tp.Partition, &term, &position}, func() error {
				of[tp].Term, of[tp].Position = term, position
				return nil
			})
			return err
		})
	b.Queue(ledgerOf+` WHERE cluster = $1 AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::int4[]))
			ORDER BY view, shard, input_topic, input_partition`, s.config.Cluster, topics, partitions).
		Query(func(rows pgx.Rows) error {
			ledger, err := pgx.CollectRows(rows, scanLedger)
			for _, l := range ledger {
				c := of[topology.TopicPartition{Topic: l.Topic, Partition: l.Partition}]
				c.Ledger = append(c.Ledger, l.Applied)
			}
			return err
		})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	s.config.inject(pointClaimed)
	for _, c := range claims {
		s.metrics.claims.Inc()
		if s.config.inject(guardClaim) {
			c.Position, c.Ledger = 0, nil
		}
	}
	return claims, nil
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
