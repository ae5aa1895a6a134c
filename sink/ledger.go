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
	SELECT $1, $2, $3, * FROM unnest($4::uuid[], $5::int4[], $6::uuid[], $7::int4[], $8::int8[], $9::int8[], $10::int8[], $11::int8[])
	ON CONFLICT (cluster, topic, partition, view, shard, input_topic, input_partition) DO UPDATE
	SET to_offset = excluded.to_offset, max_time = GREATEST(l.max_time, excluded.max_time), continued_from = excluded.continued_from
	WHERE l.from_offset = excluded.from_offset AND l.to_offset = excluded.continued_from AND l.to_offset <= excluded.to_offset
	RETURNING l.xmax <> '0' OR l.continued_from = l.from_offset AS continues)
	SELECT count(*) FILTER (WHERE continues) FROM moved`

// ledgerArgs are the parameters of moveLedger.
func (s *Store) ledgerArgs(f *aggregator.Fold) []any {
	n := len(f.Applied)
	views, inputs := make(hashParam, n), make(hashParam, n)
	shards, partitions := make([]int32, n), make([]int32, n)
	from, to, newest, continues := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, a := range f.Applied {
		views[i], inputs[i] = a.View, a.Range.Topic
		shards[i], partitions[i] = int32(a.Shard), a.Range.Partition
		from[i], to[i], newest[i], continues[i] = a.Range.From, a.Range.To, a.Range.MaxTime, a.Continues
	}
	return []any{s.config.Cluster, f.Topic, f.Partition, views, shards, inputs, partitions, from, to, newest, continues}
}
