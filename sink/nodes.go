package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// NodeRow is a node's row: of one that has started, or that left within the last week.
type NodeRow struct {
	topology.NodeInfo
	Term    int64 // of the name: rises with each start
	Backend int   // pid of the PostgreSQL session that holds the node's lock while it lives
	Alive   bool  // that session holds it now
	Started time.Time
	Joined  time.Time // last became a member of the group; zero for never
	Fenced  time.Time // its lanes were fenced since; zero for not
	Left    time.Time // zero while it has not
	// ExpelledBy is the node that found this one dead, "" where it left by itself.
	ExpelledBy string
}

// Nodes returns the cluster's nodes in order of their names, those included
// that left within the last week.
func (s *Store) Nodes(ctx context.Context) ([]NodeRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT node, incarnation, host, pid, version, lanes, suffix, term, backend, alive,
		started_at, joined_at, fenced_at, left_at, coalesce(expelled_by, '')
		FROM pipeline_cluster.nodes WHERE cluster = $1 ORDER BY node`, s.config.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read the nodes: %w", Explain(err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n NodeRow, err error) {
		var incarnation [16]byte
		var joined, fenced, left *time.Time
		err = row.Scan(&n.Node, &incarnation, &n.Host, &n.PID, &n.Version, &n.Lanes, &n.Suffix, &n.Term, &n.Backend, &n.Alive,
			&n.Started, &joined, &fenced, &left, &n.ExpelledBy)
		n.Incarnation = topology.ID(incarnation)
		n.Joined, n.Fenced, n.Left = orZero(joined), orZero(fenced), orZero(left)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the nodes: %w", Explain(err))
	}
	return all, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// ShardRow is a shard of a continuous view: the columns of
// pipeline_cluster.shards, and where its partition stands.
type ShardRow struct {
	Shard          string
	Owner          string // the node that folds it, "" for nobody
	ContinuousView string
	ShardID        topology.ShardID
	ShardType      string
	Policy         topology.ShardingPolicy
	IsLocal        bool
	Balanced       bool
	Reachable      bool

	Topic     string // partials topic
	Partition topology.Partition
	Term      int64 // 0 where the partition was never claimed
	Position  int64 // the next offset to fold
}

// Shards returns the shards of the cluster's views, by view and number. A view
// that an older millrace made is missing until a node has folded into it.
func (s *Store) Shards(ctx context.Context) ([]ShardRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT s.shard, coalesce(s.owner, ''), s.continuous_view, s.shard_id, s.shard_type, s.sharding_policy,
			s.is_local, s.balanced, s.reachable, s.topic, s.partition, coalesce(p.term, 0), coalesce(p.position, 0)
		FROM pipeline_cluster.shards s LEFT JOIN millrace.partitions p USING (cluster, topic, partition)
		WHERE s.cluster = $1 ORDER BY s.continuous_view, s.shard_id`, s.config.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read the shards: %w", Explain(err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r ShardRow, err error) {
		err = row.Scan(&r.Shard, &r.Owner, &r.ContinuousView, &r.ShardID, &r.ShardType, &r.Policy,
			&r.IsLocal, &r.Balanced, &r.Reachable, &r.Topic, &r.Partition, &r.Term, &r.Position)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the shards: %w", Explain(err))
	}
	return all, nil
}
