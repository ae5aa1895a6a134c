package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// TestContainersEndToEnd runs everything as containers: Kafka, PostgreSQL, and
// Millrace's own image as the node and as the commands. The node is killed and
// started again while there is lag; the view is exact.
func TestContainersEndToEnd(t *testing.T) {
	if !harness.Containers() {
		t.Skip("the containers lane: MILLRACE_TEST_CONTAINERS=1, see CONTRIBUTING.md")
	}
	servers := harness.Get(t)
	name, url := servers.Cluster(t), servers.DatabaseURL(t)
	topic := name + ".events"
	env := map[string]string{
		"MILLRACE_KAFKA_BROKERS": strings.Join(servers.Brokers, ","), "MILLRACE_DATABASE_URL": url,
		"MILLRACE_CLUSTER": name, "MILLRACE_NODE": "node-1", "MILLRACE_HTTP_ADDR": "127.0.0.1:0",
	}
	command := func(args ...string) {
		t.Helper()
		c := harness.NewMillrace(t, env, args...)
		if status := c.Wait(t); status != 0 {
			t.Fatalf("millrace %v: status %d\n%s", args, status, c.Logs(t))
		}
	}
	view := oracleView{"by_key", `SELECT k, count(*), sum(i), avg(n) AS mean, max(s) FROM %s GROUP BY k`}
	command("sql", "-c", fmt.Sprintf("CREATE STREAM events (k text, i bigint, n numeric, s text) WITH (topic = '%s', partitions = %d)", topic, crashPartitions))
	command("sql", "-c", "CREATE CONTINUOUS VIEW by_key AS "+view.over("events"))

	node := harness.NewMillrace(t, env, "run")
	load := startLoader(t, servers.Brokers, topic, 1, 20_000, quickPace)
	watch := newProbe(t, servers.Brokers, name, topic)
	system.Wait(t, time.Minute, "a flush committed while there is lag", func() bool {
		committed := watch.committed()
		return committed > 0 && watch.end() > committed
	})
	node.Kill(t)
	node.Restart(t)
	load.finish()
	command("flush", "--timeout", "120s")
	node.Stop(t)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	db := connect(t, url)
	good, bad := watch.loadPlain(ctx, db, "plain_events")
	if n := db.differences(ctx, "SELECT * FROM by_key", view.over("plain_events")); n > 0 {
		t.Errorf("%d rows differ after %d events", n, good)
	}
	dead := 0
	watch.read(ctx, name+".dead.events", func(*kgo.Record) { dead++ })
	if dead != len(bad) {
		t.Errorf("%d dead letters for %d bad records", dead, len(bad))
	}
}
