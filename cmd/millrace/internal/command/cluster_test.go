package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/integration/harness"
	whole "github.com/millrace/millrace/integration/system"
)

// TestShardsAreThoseOfPostgreSQL holds `millrace shards` against the view of the
// same columns, with two nodes, both policies, and a shard whose owner is gone.
func TestShardsAreThoseOfPostgreSQL(t *testing.T) {
	p := newPlace(t)
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM events (k text) WITH (topic = '%s.events', partitions = 2)", p.cluster),
		"-c", "CREATE CONTINUOUS VIEW a WITH (num_shards = 5) AS SELECT k, count(*) FROM events GROUP BY k",
		"-c", "CREATE CONTINUOUS VIEW b WITH (num_shards = 3, sharding_policy = write_optimized) AS SELECT k, count(*) FROM events GROUP BY k")
	for _, s := range same(t, p) {
		if s.Owner != nil || s.Reachable {
			t.Errorf("a shard that nobody folds: %+v", s)
		}
	}
	one, two := p.node("--node", "one"), p.node("--node", "two")
	owners := func() []string {
		found := map[string]bool{}
		for _, s := range decoded[shardLine](t, p, "shards") {
			found[text(s.Owner)] = true
		}
		return slices.Sorted(maps.Keys(found))
	}
	whole.Wait(t, patience, "both nodes fold", func() bool { return slices.Equal(owners(), []string{"one", "two"}) })
	all := same(t, p)
	if len(all) != 8 || slices.ContainsFunc(all, func(s shardLine) bool { return !s.Reachable || s.Term < 1 }) {
		t.Errorf("shards of two nodes: %+v", all)
	}
	if s := all[6]; s.Shard != "b_shard1" || s.ShardingPolicy != "write_optimized" || s.FirstSlot != 0 || s.LastSlot != 4095 {
		t.Errorf("a shard that holds any slot: %+v", s)
	}
	two()
	whole.Wait(t, patience, "one node folds all", func() bool { return slices.Equal(owners(), []string{"one"}) })
	same(t, p)
	if table := p.must("", "shards", "b"); !strings.Contains(table, " b_shard2 | one   | b               |        2 | primary    | write_optimized | t        | t        | t") {
		t.Errorf("printed\n%s", table)
	}
	one()
	same(t, p)

	// A view whose table is not made yet is in the catalog alone.
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "DELETE FROM millrace.views WHERE name = 'b'"); err != nil {
		t.Fatal(err)
	}
	if all := decoded[shardLine](t, p, "shards", "b"); len(all) != 3 {
		t.Errorf("shards of a view that has no table: %+v", all)
	}
}

// same returns the shards as the command has them, having checked that
// PostgreSQL's own view has the same.
func same(t *testing.T, p *place) []shardLine {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	// Partitions may move between the two readings.
	var command, sql []string
	var all []shardLine
	whole.Wait(t, patience, "the command shows what pipeline_cluster.shards does", func() bool {
		all = decoded[shardLine](t, p, "shards")
		command, sql = nil, nil
		for _, s := range all {
			raw, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			var columns map[string]any
			if err := json.Unmarshal(raw, &columns); err != nil {
				t.Fatal(err)
			}
			for _, own := range []string{"term", "position", "first_slot", "last_slot"} {
				delete(columns, own)
			}
			command = append(command, fmt.Sprint(columns))
		}
		rows, err := conn.Query(t.Context(), "SELECT * FROM pipeline_cluster.shards WHERE cluster = $1 ORDER BY continuous_view, shard_id", p.cluster)
		if err != nil {
			t.Fatal(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil {
			t.Fatal(err)
		}
		for _, columns := range found {
			delete(columns, "cluster")
			sql = append(sql, fmt.Sprint(columns))
		}
		return slices.Equal(command, sql)
	})
	return all
}

// TestNodes looks at nodes that start, run, leave and are not there.
func TestNodes(t *testing.T) {
	p := newPlace(t)
	if all := decoded[nodeLine](t, p, "nodes"); len(all) != 0 {
		t.Errorf("nodes before there are any: %+v", all)
	}
	one, two := p.node("--node", "one", "--lanes", "3"), p.node("--node", "two", "--lanes", "1")
	var all []nodeLine
	whole.Wait(t, patience, "two nodes that have nothing to do", func() bool {
		all = decoded[nodeLine](t, p, "nodes")
		return len(all) == 2 && share(all[0]) == "running 0 0" && share(all[1]) == "running 0 0"
	})
	r := p.run("", "sql", "-c", fmt.Sprintf("CREATE STREAM events (k text) WITH (topic = '%s.events', partitions = 4)", p.cluster),
		"-c", "CREATE CONTINUOUS VIEW v WITH (shard_factor = 100) AS SELECT k, count(*) FROM events GROUP BY k")
	if want := "NOTICE:  shard_factor = 100, with 2 nodes running: continuous view \"v\" has 2 shards\n"; r.status != 0 || r.err != want {
		t.Errorf("the first view: %+v", r)
	}
	whole.Wait(t, patience, "two nodes with their share", func() bool {
		all = decoded[nodeLine](t, p, "nodes")
		return len(all) == 2 && share(all[0]) == "running 2 2" && share(all[1]) == "running 2 2"
	})
	a := all[0]
	if a.Node != "one" || all[1].Node != "two" || a.Host == "" || a.PID == nil || *a.PID == 0 || a.Version == "" || *a.Lanes != 3 || a.Started == nil {
		t.Errorf("nodes: %+v", all)
	}
	for _, given := range append(*a.Inputs, *all[1].Inputs...) {
		if given.Topic != p.cluster+".events" {
			t.Errorf("an input partition: %+v", given)
		}
	}
	for _, given := range append(*a.Partials, *all[1].Partials...) {
		if !strings.HasPrefix(given.Topic, p.cluster+".partials.") {
			t.Errorf("a partials partition: %+v", given)
		}
	}
	if table := p.must("", "nodes"); !strings.Contains(table, "\n one  | running |") || !strings.HasSuffix(table, "(2 rows)\n\n") {
		t.Errorf("printed\n%s", table)
	}
	two()
	whole.Wait(t, patience, "one node with everything", func() bool {
		all = decoded[nodeLine](t, p, "nodes")
		return len(all) == 1 && share(all[0]) == "running 4 4"
	})
	one()
	if all := decoded[nodeLine](t, p, "nodes"); len(all) != 0 {
		t.Errorf("nodes that have left: %+v", all)
	}
	all = decoded[nodeLine](t, p, "nodes", "--all")
	if len(all) != 2 || all[0].State != "left" || all[1].State != "left" || all[0].Left == nil || all[0].Expelled != nil {
		t.Errorf("all nodes: %+v", all)
	}
}

// TestNodesThatDie looks at a process that is stopped, goes on, and is killed.
func TestNodesThatDie(t *testing.T) {
	p := newPlace(t)
	env := harness.Get(t)
	c := whole.NewCluster(t, p.cluster, env.Brokers, p.url)
	c.SQL(fmt.Sprintf("CREATE STREAM events (k text) WITH (topic = '%s.events', partitions = 4);", p.cluster) +
		"CREATE CONTINUOUS VIEW v WITH (num_shards = 4) AS SELECT k, count(*) FROM events GROUP BY k;")
	c.StartAs("one")
	two := c.StartAs("two")
	await := func(what string, want ...string) {
		t.Helper()
		var got []string
		defer func() {
			if t.Failed() {
				t.Logf("nodes: %q", got)
			}
		}()
		whole.Wait(t, patience, what, func() bool {
			got = nil
			for _, n := range decoded[nodeLine](t, p, "nodes", "--all") {
				got = append(got, n.Node+" "+share(n)+" "+text(n.Expelled))
			}
			return slices.Equal(got, want)
		})
	}
	await("two nodes", "one running 2 2 ", "two running 2 2 ")
	two.Signal(syscall.SIGSTOP)
	await("a stopped node is silent", "one running 4 4 ", "two silent 0 0 ")
	two.Signal(syscall.SIGCONT)
	await("it comes back", "one running 2 2 ", "two running 2 2 ")
	two.Kill()
	await("a dead node is taken out", "one running 4 4 ", "two expelled 0 0 one")
	for _, s := range same(t, p) {
		if text(s.Owner) != "one" || !s.Reachable {
			t.Errorf("a shard of a dead node: %+v", s)
		}
	}
	if listed := decoded[nodeLine](t, p, "nodes"); len(listed) != 1 {
		t.Errorf("nodes: %+v", listed)
	}
}

func share(n nodeLine) string {
	return strings.Join([]string{n.State, number(n.Inputs), number(n.Partials)}, " ")
}
