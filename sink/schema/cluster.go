package schema

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
)

// clusterStep is the migration that brings several nodes: who they are, who has
// claimed what, and the views of the schema pipeline_cluster, whose names and
// columns are PipelineDB Cluster's where it had them.
//
// A node lives while the session that it entered with holds the node's advisory
// lock; PostgreSQL frees it in the moment in which that session ends. A lock that
// another session holds (that of a node which puts a dead one's affairs in order)
// does not make a node alive, so the row names the session's backend. pg_locks is
// readable by everybody; it splits the lock's key into two halves.
//
// The functions are bound when they are created: no search_path changes what
// they mean. partition_of is topology.PartitionOf in SQL.
//
// continued_from is where a ledger entry stood before the last fold: a fold
// brings it along, so that the upsert itself can tell whether it continues the
// entry that is there.
const clusterStep = `
CREATE TABLE millrace.nodes (
	cluster     text        NOT NULL,
	node        text        NOT NULL,
	incarnation uuid        NOT NULL,
	term        bigint      NOT NULL,
	host        text        NOT NULL,
	pid         integer     NOT NULL,
	version     text        NOT NULL,
	lanes       integer     NOT NULL,
	suffix      text        NOT NULL,
	backend     integer     NOT NULL,
	started_at  timestamptz NOT NULL,
	joined_at   timestamptz,
	fenced_at   timestamptz,
	left_at     timestamptz,
	expelled_by text,
	PRIMARY KEY (cluster, node)
) WITH (fillfactor = 80);
COMMENT ON TABLE millrace.nodes IS 'Millrace: the processes that fold, one row for each node name; backend is the session that holds the node''s lock while it lives, term rises with each start';

ALTER TABLE millrace.partitions ADD COLUMN node text;
COMMENT ON COLUMN millrace.partitions.node IS 'the node that has the claim';

ALTER TABLE millrace.ledger ADD COLUMN continued_from bigint;
COMMENT ON COLUMN millrace.ledger.continued_from IS 'what to_offset was before the last fold';

ALTER TABLE millrace.views
	ADD COLUMN shards          integer,
	ADD COLUMN partials        text,
	ADD COLUMN partitions      integer,
	ADD COLUMN sharding_policy text;

CREATE FUNCTION millrace.node_lock(cluster text, node text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN pg_catalog.hashtextextended('millrace node ' OPERATOR(pg_catalog.||) cluster OPERATOR(pg_catalog.||) pg_catalog.chr(10) OPERATOR(pg_catalog.||) node, 0);
COMMENT ON FUNCTION millrace.node_lock(text, text) IS 'Millrace: the key of the advisory lock that a living node holds';

CREATE FUNCTION millrace.partition_of(view uuid, shard integer, partitions integer) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (((pg_catalog.get_byte(pg_catalog.uuid_send(view), 0) OPERATOR(pg_catalog.*) 256
		OPERATOR(pg_catalog.+) pg_catalog.get_byte(pg_catalog.uuid_send(view), 1)) OPERATOR(pg_catalog.%) partitions)
		OPERATOR(pg_catalog.+) shard) OPERATOR(pg_catalog.%) partitions;
COMMENT ON FUNCTION millrace.partition_of(uuid, integer, integer) IS 'Millrace: the partition of the partials topic in which a shard of a continuous view lives';

CREATE SCHEMA pipeline_cluster;
COMMENT ON SCHEMA pipeline_cluster IS 'Millrace: its nodes and the shards of its continuous views';
GRANT USAGE ON SCHEMA pipeline_cluster TO PUBLIC;

CREATE VIEW pipeline_cluster.nodes AS
SELECT n.node, n.host, n.pid, n.version, l.pid IS NOT NULL AND n.left_at IS NULL AS alive,
	n.started_at, n.joined_at, n.fenced_at, n.left_at, n.expelled_by,
	n.lanes, n.suffix, n.incarnation, n.term, n.backend, n.cluster
FROM millrace.nodes n
LEFT JOIN pg_catalog.pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
	AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
	AND l.pid = n.backend
	AND l.classid::bigint << 32 | l.objid::bigint = millrace.node_lock(n.cluster, n.node);
COMMENT ON VIEW pipeline_cluster.nodes IS 'Millrace: the nodes that have started, and those that left within the last week';

CREATE VIEW pipeline_cluster.shards AS
SELECT v.name || '_shard' || s.id AS shard, p.node AS owner, v.name AS continuous_view, s.id AS shard_id,
	'primary'::text AS shard_type, v.sharding_policy, true AS is_local, true AS balanced,
	coalesce(n.alive, false) AS reachable, v.partials AS topic, s.partition, v.cluster
FROM millrace.views v
CROSS JOIN LATERAL (SELECT id, millrace.partition_of(v.id, id, v.partitions) AS partition
	FROM pg_catalog.generate_series(0, v.shards - 1) AS id) s
LEFT JOIN millrace.partitions p ON p.cluster = v.cluster AND p.topic = v.partials AND p.partition = s.partition
LEFT JOIN pipeline_cluster.nodes n ON n.cluster = v.cluster AND n.node = p.node;
COMMENT ON VIEW pipeline_cluster.shards IS 'Millrace: the shards of the continuous views';
COMMENT ON COLUMN pipeline_cluster.shards.owner IS 'the node that folds the shard; NULL while nobody has claimed its partition';
COMMENT ON COLUMN pipeline_cluster.shards.is_local IS 'always true: the nodes share this database';
COMMENT ON COLUMN pipeline_cluster.shards.balanced IS 'always true: the slots of a continuous view never move';
COMMENT ON COLUMN pipeline_cluster.shards.reachable IS 'the owner lives: its session holds its lock';
COMMENT ON COLUMN pipeline_cluster.shards.topic IS 'the partials topic in which the shard lives';

GRANT SELECT ON pipeline_cluster.nodes, pipeline_cluster.shards TO PUBLIC;
`

// clusterVersion is the version that clusterStep leads to.
const clusterVersion = 2

// clusterRoom refuses a schema pipeline_cluster that is someone else's.
func clusterRoom(ctx context.Context, tx pgx.Tx) error {
	var taken bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'pipeline_cluster')").Scan(&taken); err != nil {
		return err
	}
	if taken {
		return errForeignSchema("pipeline_cluster")
	}
	return nil
}

func errForeignSchema(name string) error {
	return &datum.Error{
		Code: "42P06", Message: `schema "` + name + `" already exists and is not Millrace's`,
		Hint: "Rename that schema, or give Millrace a database of its own.",
	}
}
