package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/topology"
)

// LedgerRow is an entry of the ledger with the partition that it belongs to.
type LedgerRow struct {
	Topic     string // partials topic
	Partition topology.Partition
	aggregator.Applied
}

// PartitionRow is the state of a partition of a partials topic.
type PartitionRow struct {
	Topic     string
	Partition topology.Partition
	Owner     topology.ID // zero where nobody holds it
	Node      string      // the owner's, "" where nobody holds it
	Term      int64
	Position  int64
	ClaimedAt time.Time
	FoldedAt  time.Time // zero before the first fold
}

const ledgerOf = `SELECT topic, partition, view, shard, input_topic, input_partition, from_offset, to_offset, max_time FROM millrace.ledger`

func scanLedger(row pgx.CollectableRow) (l LedgerRow, err error) {
	var view, input [16]byte
	err = row.Scan(&l.Topic, &l.Partition, &view, &l.Shard, &input, &l.Range.Partition, &l.Range.From, &l.Range.To, &l.Range.MaxTime)
	l.View, l.Range.Topic = topology.ViewID(view), topology.TopicID(input)
	return l, err
}

// Ledger returns what each shard of each view of the cluster holds.
func (s *Store) Ledger(ctx context.Context) ([]LedgerRow, error) {
	rows, err := s.pool.Query(ctx, ledgerOf+" WHERE cluster = $1 ORDER BY topic, partition, view, shard, input_topic, input_partition", s.config.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", Explain(err))
	}
	all, err := pgx.CollectRows(rows, scanLedger)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", Explain(err))
	}
	return all, nil
}

// Partitions returns the claims and positions of the cluster's partials
// partitions, those that were claimed at least once.
func (s *Store) Partitions(ctx context.Context) ([]PartitionRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT topic, partition, coalesce(owner, '00000000-0000-0000-0000-000000000000'), coalesce(node, ''), term, position, claimed_at, folded_at
		FROM millrace.partitions WHERE cluster = $1 ORDER BY topic, partition`, s.config.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read the partitions: %w", Explain(err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p PartitionRow, err error) {
		var owner [16]byte
		var folded *time.Time
		err = row.Scan(&p.Topic, &p.Partition, &owner, &p.Node, &p.Term, &p.Position, &p.ClaimedAt, &folded)
		p.Owner = topology.ID(owner)
		if folded != nil {
			p.FoldedAt = *folded
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the partitions: %w", Explain(err))
	}
	return all, nil
}

// moveLedger is one statement for all entries, and returns how many of them
// continue what is there: an entry that the fold knows must end where the fold
// goes on from, and one that it takes for new must not be there. So no fold
// gets in twice, whatever the position says. continued_from brings where the fold
// goes on from. An entry that was inserted has no xmax, one that was updated has
// the lock that ON CONFLICT took.
const moveLedger = `WITH moved AS (
	INSERT INTO millrace.ledger AS l
		(cluster, topic, partition, view, shard, input_topic, input_partition, from_offset, to_offset, max_time, continued_from)
	SELECT $1, * FROM unnest($2::text[], $3::int4[], $4::uuid[], $5::int4[], $6::uuid[], $7::int4[], $8::int8[], $9::int8[], $10::int8[], $11::int8[])
	ON CONFLICT (cluster, topic, partition, view, shard, input_topic, input_partition) DO UPDATE
	SET to_offset = excluded.to_offset, max_time = GREATEST(l.max_time, excluded.max_time), continued_from = excluded.continued_from
	WHERE l.from_offset = excluded.from_offset AND l.to_offset = excluded.continued_from AND l.to_offset <= excluded.to_offset
	RETURNING l.xmax <> '0' OR l.continued_from = l.from_offset AS continues)
	SELECT count(*) FILTER (WHERE continues) FROM moved`

// ledgerArgs are the parameters of moveLedger, of n entries.
func (s *Store) ledgerArgs(shares []aggregator.Share, n int) []any {
	topics := make([]string, 0, n)
	views, inputs := make(hashParam, 0, n), make(hashParam, 0, n)
	owned, shards, partitions := make(int4Param, 0, n), make(int4Param, 0, n), make(int4Param, 0, n)
	from, to, newest, continues := make(int8Param, 0, n), make(int8Param, 0, n), make(int8Param, 0, n), make(int8Param, 0, n)
	for _, share := range shares {
		for _, a := range share.Fold.Applied {
			topics, owned = append(topics, share.Fold.Topic), append(owned, share.Fold.Partition)
			views, inputs = append(views, a.View), append(inputs, a.Range.Topic)
			shards, partitions = append(shards, int32(a.Shard)), append(partitions, a.Range.Partition)
			from, to = append(from, a.Range.From), append(to, a.Range.To)
			newest, continues = append(newest, a.Range.MaxTime), append(continues, a.Continues)
		}
	}
	return []any{s.config.Cluster, topics, owned, views, shards, inputs, partitions, from, to, newest, continues}
}
