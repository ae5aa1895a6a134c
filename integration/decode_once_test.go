package integration

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// TestOneDecodeServesThreeViews: three views of one stream, of which each reads
// other columns, cost one decoding of each record.
func TestOneDecodeServesThreeViews(t *testing.T) {
	const records = 3000
	servers := harness.Get(t)
	url := servers.DatabaseURL(t)
	c := system.NewCluster(t, servers.Cluster(t), servers.Brokers, url)
	c.SQL(fmt.Sprintf(`CREATE STREAM once (k text, a bigint, b bigint) WITH (topic = '%s.once', partitions = 4);
		CREATE CONTINUOUS VIEW once_a WITH (start = 'earliest') AS SELECT k, sum(a) FROM once GROUP BY k;
		CREATE CONTINUOUS VIEW once_b WITH (start = 'earliest') AS SELECT k, sum(b) FROM once GROUP BY k;
		CREATE CONTINUOUS VIEW once_n WITH (start = 'earliest') AS SELECT count(*) FROM once;`, c.Name))
	node := c.Start().Ready()
	var events strings.Builder
	for i := range records {
		fmt.Fprintf(&events, "{\"k\": \"key-%d\", \"a\": %d, \"b\": %d}\n", i%7, i, 2*i)
	}
	c.Must(events.String(), "produce", "once")
	c.Flush()
	db := connect(t, url)
	for query, want := range map[string]string{
		`SELECT sum(sum) FROM once_a`: strconv.Itoa(records * (records - 1) / 2),
		`SELECT sum(sum) FROM once_b`: strconv.Itoa(records * (records - 1)),
		`SELECT count FROM once_n`:    strconv.Itoa(records),
	} {
		var got string
		if err := db.conn.QueryRow(t.Context(), "SELECT ("+query+")::text").Scan(&got); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", query, got, want, err)
		}
	}
	read, decoded := counterOf(t, node, "millrace_records_total"), counterOf(t, node, "millrace_records_decoded_total")
	if read != records || decoded != records {
		t.Errorf("%v records read and %v decoded for three views, want %d of each", read, decoded, records)
	}
}

// counterOf returns a metric without labels as the node tells it.
func counterOf(t *testing.T, n *system.Node, name string) float64 {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get("http://" + n.HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			x, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			return x
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
