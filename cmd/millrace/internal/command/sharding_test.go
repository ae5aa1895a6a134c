package command

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/consumer/broker"
	whole "github.com/millrace/millrace/integration/system"
	"github.com/millrace/millrace/topology"
)

// create creates a view with the given parameters and returns how many shards
// it has, and what was said.
func create(t *testing.T, p *place, name, with string) (shards int, said string) {
	t.Helper()
	r := p.run("", "sql", "-c", fmt.Sprintf("CREATE CONTINUOUS VIEW %s %s AS SELECT count(*) FROM events", name, with))
	if r.status != 0 {
		t.Fatalf("%s %s: %+v", name, with, r)
	}
	return decoded[viewLine](t, p, "views", name)[0].Shards, r.err
}

// members returns the nodes that are members of the cluster's group.
func members(t *testing.T, p *place) []string {
	t.Helper()
	admin, err := broker.NewAdmin(broker.Config{Brokers: strings.Split(p.flags[1], ","), ReplicationFactor: -1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	group, err := admin.Group(t.Context(), p.cluster)
	if err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, m := range group.Members {
		if node, ok := topology.NodeOfClient(p.cluster, m.ClientID); ok {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// TestShardsOfNewViews goes through everything that decides how many shards a
// view gets, and what wins.
func TestShardsOfNewViews(t *testing.T) {
	p := newPlace(t).with("--num-shards", "3")
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM events (k text) WITH (topic = '%s.events', partitions = 2)", p.cluster))
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	database := conn.Config().Database
	set := func(action string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "ALTER DATABASE "+database+" "+action); err != nil {
			t.Fatal(err)
		}
	}
	views := 0
	expect := func(with string, want int, notice string) {
		t.Helper()
		views++
		name := fmt.Sprintf("v%d", views)
		if notice != "" {
			notice = fmt.Sprintf("NOTICE:  "+notice+"\n", name)
		}
		if got, said := create(t, p, name, with); got != want || said != notice {
			t.Errorf("%q: %d shards, not %d; said %q, not %q", with, got, want, said, notice)
		}
	}
	refused := func(with string, says ...string) {
		t.Helper()
		r := p.run("", "sql", "-c", "CREATE CONTINUOUS VIEW refused "+with+" AS SELECT count(*) FROM events")
		for _, word := range says {
			if r.status != 1 || !strings.Contains(r.err, word) {
				t.Errorf("%q: status %d, %q is missing in\n%s", with, r.status, word, r.err)
			}
		}
	}

	expect("", 3, "") // the process's setting
	expect("WITH (num_shards = 5)", 5, "")
	expect("WITH (shard_factor = 50)", 1, `shard_factor = 50, with 0 nodes running: continuous view "%s" has 1 shard`)

	set("SET millrace.num_shards = 7")
	expect("", 7, "")
	expect("WITH (shards = 2)", 2, "")
	set("SET millrace.shard_factor = 100")
	refused("", "22023", `"millrace.num_shards" and "millrace.shard_factor"`, "LINE 1", "ALTER DATABASE "+database+" RESET millrace.shard_factor")
	expect("WITH (num_shards = 4)", 4, "") // the statement wins, whatever the settings are
	set("RESET millrace.num_shards")

	for _, name := range []string{"one", "two", "three"} {
		p.node("--node", name)
	}
	whole.Wait(t, patience, "three members of the group", func() bool { return len(members(t, p)) == 3 })
	expect("", 3, `millrace.shard_factor = 100, with 3 nodes running: continuous view "%s" has 3 shards`)
	expect("WITH (shard_factor = 50)", 2, `shard_factor = 50, with 3 nodes running: continuous view "%s" has 2 shards`)
	expect("WITH (num_shards = 6)", 6, "")

	for _, bad := range []string{"0", "101", "half", "1.5"} {
		set("SET millrace.shard_factor = '" + bad + "'")
		refused("", "22023", `invalid value for setting "millrace.shard_factor": "`+bad+`"`, "from 1 to 100",
			"ALTER DATABASE "+database+" RESET millrace.shard_factor", "or say shard_factor in WITH")
	}
	set("RESET millrace.shard_factor")
	set("SET millrace.num_shards = 1025")
	refused("", `"millrace.num_shards": "1025"`, "from 1 to 1024", "RESET millrace.num_shards")
	set("SET millrace.num_shards = ''") // as good as none
	expect("", 3, "")
	refused("WITH (num_shards = 4, shard_factor = 50)", "42601", `conflicting parameters "num_shards" and "shard_factor"`, "LINE 1", "HINT:  Give one of them")
	if all := decoded[viewLine](t, p, "views"); len(all) != views {
		t.Errorf("%d views, %d were created", len(all), views)
	}
}
