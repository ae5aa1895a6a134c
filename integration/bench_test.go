package integration

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// TestBench runs the bench small: every contender must come to its exact result,
// and nothing may stay behind on the servers. How fast they are is no test.
func TestBench(t *testing.T) {
	servers := harness.Get(t)
	c := system.NewCluster(t, servers.Cluster(t), servers.Brokers, servers.DatabaseURL(t))
	args := []string{
		"bench", "--query", "all", "--events", "20000", "--groups", "500", "--runs", "1", "--json",
		"--kafka", strings.Join(servers.Brokers, ","), "--postgres", servers.AdminURL,
	}
	out, errOut, status := c.Command("", args...)
	if status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	var report struct {
		Queries []struct {
			Query      string
			Events     int
			Groups     int
			Contenders []struct {
				Name   string
				PerCPU float64 `json:"events_per_cpu_second"`
			}
		}
		Fold []struct{ Groups int }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, want := range []struct {
		query  string
		groups int
	}{{"qa", 500}, {"q17", 1380}} {
		if len(report.Queries) != 2 || report.Queries[i].Query != want.query {
			t.Fatalf("other queries: %s", out)
		}
		q := report.Queries[i]
		var names []string
		for _, r := range q.Contenders {
			names = append(names, r.Name)
			if r.PerCPU <= 0 {
				t.Errorf("%s: %s has no rate: %+v", q.Query, r.Name, r)
			}
		}
		if q.Events != 20000 || q.Groups != want.groups || strings.Join(names, " ") != "bare decode parse rival millrace" {
			t.Errorf("%s: %d events, %d groups, contenders %v", q.Query, q.Events, q.Groups, names)
		}
	}
	if len(report.Fold) != 3 {
		t.Errorf("folds %v", report.Fold)
	}
	if left := benchLeftovers(t.Context(), t, servers); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// benchLeftovers returns the topics and databases of benches.
func benchLeftovers(ctx context.Context, t *testing.T, servers *harness.Env) (left []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(servers.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name := range topics {
		if strings.HasPrefix(name, "bench-") {
			left = append(left, "topic "+name)
		}
	}
	db := connect(t, servers.AdminURL)
	rows, err := db.conn.Query(ctx, `SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'millrace\_bench\_%'`)
	if err != nil {
		t.Fatal(err)
	}
	databases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return append(left, databases...)
}
