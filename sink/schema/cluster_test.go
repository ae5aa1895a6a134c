package schema_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// placed is a view whose shards have places.
func placed(name string, shards int, partitions int32) schema.ViewSpec {
	s := spec(name)
	s.Shards, s.Partials, s.Partitions, s.Policy = shards, "c.partials", partitions, topology.ReadOptimized
	return s
}

// TestPartitionOf holds SQL's arithmetic against topology's.
func TestPartitionOf(t *testing.T) {
	conn := installed(t)
	batch := &pgx.Batch{}
	check := func(id topology.ViewID, shard, partitions int32) {
		want := topology.PartitionOf(id, topology.ShardID(shard), partitions)
		batch.Queue("SELECT millrace.partition_of($1, $2, $3)", [16]byte(id), shard, partitions).QueryRow(func(row pgx.Row) error {
			var got int32
			if err := row.Scan(&got); err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("shard %d of view %v over %d partitions is in %d, want %d", shard, id, partitions, got, want)
			}
			return nil
		})
	}
	for range 2000 {
		check(spec("v").ID, int32(rand.N(topology.Slots)), 1+rand.N(int32(10000)))
	}
	check(topology.ViewID{0xff, 0xff}, topology.Slots-1, 1<<31-1)
	check(topology.ViewID{}, 0, 1)
	if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "SET search_path = ''; SELECT millrace.partition_of('00000000-0000-0000-0000-000000000000', 1, 2), millrace.node_lock('a', 'b')")
}

// TestShards reads pipeline_cluster.shards as a role that may do nothing else.
func TestShards(t *testing.T) {
	conn := installed(t)
	s := placed("v", 3, 2)
	s.ID = topology.ViewID{0, 1}
	ensure(t, conn, s)
	w := placed("w", 1, 1)
	w.Policy = topology.WriteOptimized
	ensure(t, conn, w)
	execute(t, conn, `INSERT INTO millrace.partitions (cluster, topic, partition, owner, node, term, position, claimed_at) VALUES
		('c', 'c.partials', 1, gen_random_uuid(), 'alive', 1, 5, now()),
		('c', 'c.partials', 0, gen_random_uuid(), 'dead', 1, 5, now()), ('other', 'c.partials', 0, NULL, 'no', 1, 5, now())`)
	execute(t, conn, `INSERT INTO millrace.nodes (cluster, node, incarnation, term, host, pid, version, lanes, suffix, backend, started_at)
		SELECT 'c', node, gen_random_uuid(), 1, 'h', 1, 'v', 1, '', pg_backend_pid(), now() FROM unnest('{alive,dead}'::text[]) node;
		SELECT pg_advisory_lock(millrace.node_lock('c', 'alive'))`)
	role := fmt.Sprintf("millrace_reader_%x", rand.Uint64())
	execute(t, conn, "CREATE ROLE "+role)
	t.Cleanup(func() { execute(t, connect(t, conn.Config().ConnString()), "DROP ROLE "+role) })
	execute(t, conn, "BEGIN; SET LOCAL ROLE "+role+"; SET LOCAL search_path = ''")
	equal(t, lines(t, conn, "SELECT s::text FROM pipeline_cluster.shards s ORDER BY shard"),
		"(v_shard0,alive,v,0,primary,read_optimized,t,t,t,c.partials,1,c)",
		"(v_shard1,dead,v,1,primary,read_optimized,t,t,f,c.partials,0,c)",
		"(v_shard2,alive,v,2,primary,read_optimized,t,t,t,c.partials,1,c)",
		"(w_shard0,dead,w,0,primary,write_optimized,t,t,f,c.partials,0,c)")
	equal(t, lines(t, conn, "SELECT node || alive FROM pipeline_cluster.nodes ORDER BY 1"), "alivetrue", "deadfalse")
	execute(t, conn, "ROLLBACK")
}

// TestViewsOfOlderVersion upgrades a database, whose views get their places when
// a node ensures them.
func TestViewsOfOlderVersion(t *testing.T) {
	conn := installed(t)
	s := placed("v", 2, 2)
	older := s
	older.Shards = 0
	ensure(t, conn, older)
	equal(t, lines(t, conn, "SELECT shard FROM pipeline_cluster.shards"))
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT shard FROM pipeline_cluster.shards ORDER BY 1"), "v_shard0", "v_shard1")
	// Its view v was dropped as well: both are put right at once.
	execute(t, conn, "UPDATE millrace.views SET shards = NULL; DROP VIEW v")
	ensure(t, conn, s)
	equal(t, lines(t, conn, "SELECT shard FROM pipeline_cluster.shards ORDER BY 1"), "v_shard0", "v_shard1")
	equal(t, lines(t, conn, "SELECT count(*)::text FROM v"), "0")
}

// TestUpgrade brings a database of version 1 up to date.
func TestUpgrade(t *testing.T) {
	conn := connect(t, newDatabase(t))
	execute(t, conn, schema.FirstVersion())
	execute(t, conn, `INSERT INTO millrace.partitions VALUES ('c', 't', 0, gen_random_uuid(), 1, 5, now());
		INSERT INTO millrace.ledger VALUES ('c', 't', 0, gen_random_uuid(), 0, gen_random_uuid(), 0, 0, 9, 0)`)
	if err := schema.Install(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	equal(t, lines(t, conn, "SELECT version::text FROM millrace.version"), strconv.Itoa(schema.Version))
	equal(t, lines(t, conn, "SELECT position::text || coalesce(node, '-') FROM millrace.partitions"), "5-")

	conn = connect(t, newDatabase(t))
	execute(t, conn, schema.FirstVersion()+"; CREATE SCHEMA pipeline_cluster")
	if e := refused(t, schema.Install(t.Context(), conn), "42P06"); !strings.Contains(e.Message, "pipeline_cluster") || e.Hint == "" {
		t.Fatalf("got %+v", e)
	}
	equal(t, lines(t, conn, "SELECT version::text FROM millrace.version"), "1")
	execute(t, conn, "DROP SCHEMA millrace CASCADE")
	refused(t, schema.Install(t.Context(), conn), "42P06")
	equal(t, lines(t, conn, "SELECT nspname FROM pg_namespace WHERE nspname = 'millrace'"))
}
