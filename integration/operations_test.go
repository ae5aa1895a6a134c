package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/system"
)

// TestStopInOrder stops a node by SIGTERM while events flow, and starts it
// again: it leaves the group at once with status 0, and nothing is read twice.
func TestStopInOrder(t *testing.T) {
	f := newFlow(t, 2, "MILLRACE_SESSION_TIMEOUT=60s")
	f.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS " + fmt.Sprintf(flowQueries[0], "events") + ";")
	f.begin(60_000)
	for round := range 3 {
		node := f.c.Start().Ready()
		before := f.look.committed()
		system.Wait(t, 60*time.Second, "a flush committed", func() bool { return f.look.committed() > before+1000 })
		if status := node.Stop(); status != 0 {
			t.Errorf("round %d: status %d", round, status)
		}
		groups, err := f.admin.DescribeGroups(t.Context(), f.c.Name)
		if err != nil {
			t.Fatal(err)
		}
		if members := groups[f.c.Name].Members; len(members) != 0 {
			t.Errorf("round %d: %d members are left in the group", round, len(members))
		}
	}
	committed := f.look.committed()
	node := f.c.Start().Ready()
	f.finish()
	f.load()
	f.compare("v", flowQueries[0])
	healthy(t, node)
	// Records of aborted transactions are not read, so this is a bound.
	if read, left := node.Metric("millrace_records_total", ""), f.look.end()-committed; read > float64(left) {
		t.Errorf("%v records read where %d were left: some were read twice", read, left)
	}
}

// TestSecondSignal makes an orderly stop impossible: the second signal ends the
// node at once all the same, and the next start makes up for it.
func TestSecondSignal(t *testing.T) {
	s := newScene(t)
	s.stream("events", "a int", 1)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT count(*), sum(a) FROM events;")
	node := s.c.Start("MILLRACE_STOP_TIMEOUT=5m", "MILLRACE_DATABASE_STATEMENT_TIMEOUT=5m").Ready()
	s.produce("events", 0, `{"a": 1}`)
	s.c.Flush()
	lock, err := s.db.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), "LOCK TABLE v_mrel IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	s.produce("events", 0, `{"a": 2}`)
	other := connect(t, s.c.URL)
	system.Wait(t, 30*time.Second, "a fold waits for the lock", func() bool {
		return other.number(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	node.Signal(syscall.SIGTERM)
	system.Wait(t, 30*time.Second, "the node is stopping", func() bool {
		status, _ := node.Get("/readyz")
		return status == http.StatusServiceUnavailable
	})
	node.Signal(syscall.SIGTERM)
	if status := node.Wait(30 * time.Second); status != 130 || !strings.Contains(node.Log(), "millrace: interrupted") {
		t.Errorf("status %d after the second signal", status)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.c.Start().Ready()
	s.c.Flush()
	s.want("SELECT * FROM v", "2 3")
}

// number runs a query for one whole number.
func (d *database) number(t *testing.T, sql string) int64 {
	t.Helper()
	var n int64
	if err := d.conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// TestEndpoint looks at what a working node tells.
func TestEndpoint(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text, a int", 1)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT k, sum(a) FROM events GROUP BY k;")
	s.produce("events", 0, `{"k": "x", "a": 1}`, `{"k": "y", "a": 2}`, `{"k": "x", "a": 3}`)
	node := s.c.Start().Ready()
	s.c.Flush()
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ok\n"} {
		if status, body := node.Get(path); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	for metric, atLeast := range map[string]float64{
		"millrace_records_total": 3, "millrace_records_decoded_total": 3, "millrace_blocks_published_total": 2,
		"millrace_flush_seconds_count": 1, "millrace_fold_seconds_count": 1, "millrace_fold_rows_total": 2,
		"millrace_claims_total": 2, "millrace_lag_records": 0, "millrace_lag_seconds": 0, "millrace_groups": 0,
		"millrace_flushes_failed_total": 0, "millrace_folds_failed_total": 0, "go_memstats_heap_inuse_bytes": 1, "process_resident_memory_bytes": 1,
	} {
		if got := node.Metric(metric, ""); got < atLeast {
			t.Errorf("%s is %v, not at least %v", metric, got, atLeast)
		}
	}
	if got := node.Metric("millrace_records_total", ""); got != 3 {
		t.Errorf("%v records read, not 3", got)
	}
	healthy(t, node)
	for line := range strings.Lines(node.Log()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
}

// TestLists looks at what the commands print for scripts.
func TestLists(t *testing.T) {
	s := newScene(t)
	if text := s.c.Must("", "views", "--json"); text != "[]\n" {
		t.Errorf("no views are %q", text)
	}
	s.stream("events", "k text, a int", 2)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (num_shards = 3, start = 'earliest') AS SELECT k, sum(a) FROM events GROUP BY k;")
	s.produce("events", 1, `{"k": "x", "a": 1}`, `{"k": "y", "a": 2}`)
	if lag := s.list("lag"); len(lag) != 2 || lag[1]["lag_records"] != 2.0 || lag[1]["lag_seconds"] != nil || lag[1]["newest"] != nil {
		t.Errorf("lag before any node: %v", lag)
	}
	for _, shard := range s.list("shards") {
		if shard["owner"] != nil {
			t.Errorf("a shard with an owner before any node: %v", shard)
		}
	}
	s.c.Start().Ready()
	s.c.Flush()
	views := s.list("views")
	keys(t, views, "view", "stream", "topic", "shards", "columns", "groups", "lag_records", "lag_seconds", "revision", "select")
	if v := views[0]; v["view"] != "v" || v["stream"] != "events" || v["topic"] != s.topic("events") || v["shards"] != 3.0 ||
		fmt.Sprint(v["columns"]) != "[k sum]" || v["groups"] != 2.0 || v["lag_records"] != 0.0 || v["lag_seconds"] != 0.0 {
		t.Errorf("views: %v", v)
	}
	lag := s.list("lag", "v")
	keys(t, lag, "view", "topic", "partition", "start", "folded", "end", "lag_records", "lag_seconds", "newest")
	if len(lag) != 2 || lag[1]["folded"] != 2.0 || lag[1]["end"] != 2.0 || lag[0]["newest"] != nil || lag[1]["newest"] == nil {
		t.Errorf("lag: %v", lag)
	}
	shards := s.list("shards")
	keys(t, shards, "shard", "owner", "continuous_view", "shard_id", "shard_type", "sharding_policy", "is_local", "balanced", "reachable",
		"topic", "partition", "term", "position", "first_slot", "last_slot")
	if len(shards) != 3 || shards[0]["first_slot"] != 0.0 || shards[2]["last_slot"] != 4095.0 || shards[0]["owner"] != "node-1" || shards[0]["term"] != 1.0 {
		t.Errorf("shards: %v", shards)
	}
	for _, command := range []string{"views", "lag", "shards"} {
		if _, stderr, status := s.c.Command("", command, "nothing", "--json"); status != 1 || !strings.Contains(stderr, "nothing") {
			t.Errorf("%s of a view that is not there: status %d, %s", command, status, stderr)
		}
	}
}

// keys holds the keys of JSON objects against what they must be.
func keys(t *testing.T, all []map[string]any, want ...string) {
	t.Helper()
	slices.Sort(want)
	if len(all) == 0 {
		t.Fatalf("an empty list where there must be %v", want)
	}
	for _, one := range all {
		got := make([]string, 0, len(one))
		for key := range one {
			got = append(got, key)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("keys %v, not %v", got, want)
		}
	}
}

// TestNullColumnWarning writes fields of other names than the stream's columns:
// the node says so, with the fields that it saw. CREATE says what it leaves out.
func TestNullColumnWarning(t *testing.T) {
	s := newScene(t)
	s.stream("events", "user_id text, a int", 1)
	values := make([]string, 1500)
	for i := range values {
		values[i] = `{"userId": "x", "a": 1, "country": "no"}`
	}
	s.produce("events", 0, values...)
	_, stderr, status := s.c.Command("CREATE CONTINUOUS VIEW late AS SELECT count(*) FROM events;", "sql")
	if status != 0 || !containsAll(stderr, "NOTICE:  start = latest: 1500 existing records", "WITH (start = 'earliest')") {
		t.Errorf("status %d: %s", status, stderr)
	}
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT user_id, sum(a) FROM events GROUP BY user_id;")
	node := s.c.Start().Ready()
	s.c.Flush()
	s.want("SELECT * FROM v", "<null> 1500")
	s.want("SELECT * FROM late", "0")
	logged(t, node, 10*time.Second, `"level":"WARN"`, "NULL", "user_id", "userId", "country", `"stream":"events"`)
	for line := range strings.Lines(node.Log()) {
		if containsAll(line, `"level":"WARN"`, "NULL", `"columns":["user_id"`, `"a"`) {
			t.Errorf("a column with values is named: %s", line)
		}
	}
}

// TestGroupInError overflows one group's sum: only reading that group fails, and
// folding goes on. It would take 2³² records to overflow sum(integer), so that
// its state is brought near the end of bigint by hand.
func TestGroupInError(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text, a int, f float8", 1)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT k, count(*) AS n, sum(a) AS total FROM events GROUP BY k;" +
		"CREATE CONTINUOUS VIEW w WITH (start = 'earliest') AS SELECT k, count(*) AS n, sum(f) AS total FROM events GROUP BY k;")
	node := s.c.Start().Ready()
	s.produce("events", 0, `{"k": "big", "a": 1, "f": 1e308}`, `{"k": "ok", "a": 1, "f": 1}`, `{"k": "once", "f": 1e308}`, `{"k": "once", "f": 1e308}`)
	s.c.Flush()
	s.want("SELECT * FROM v ORDER BY k", "big 1 1|ok 1 1|once 2 <null>")
	state := s.query("SELECT attname FROM pg_attribute WHERE attrelid = 'v_mrel'::regclass AND atttypid = 'bigint'::regtype AND attname LIKE '%total%'")
	s.db.exec(t.Context(), "UPDATE v_mrel SET "+state+" = 9223372036854775807 WHERE k = 'big'")
	s.produce("events", 0, `{"k": "big", "a": 1, "f": 1e308}`, `{"k": "ok", "a": 2, "f": 2}`)
	s.c.Flush()
	s.want("SELECT * FROM v WHERE k = 'ok'", "ok 2 3")
	s.want("SELECT * FROM w WHERE k = 'ok'", "ok 2 3")
	for _, sql := range []string{"SELECT * FROM v WHERE k = 'big'", "SELECT * FROM w WHERE k = 'big'", "SELECT * FROM w WHERE k = 'once'", "SELECT sum(total) FROM v"} {
		if _, err := s.try(sql); err == nil || !strings.Contains(err.Error(), "22003") {
			t.Errorf("%s: no overflow: %v", sql, err)
		}
	}
	s.produce("events", 0, `{"k": "big", "a": -1, "f": 0}`, `{"k": "ok", "a": 4, "f": 4}`)
	s.c.Flush()
	s.want("SELECT * FROM v WHERE k = 'ok'", "ok 3 7")
	if failed := node.Metric("millrace_fold_failed_groups_total", ""); failed < 2 {
		t.Errorf("%v groups counted as failed", failed)
	}
	healthy(t, node)
}

// TestLongKey groups by texts that no index could take.
func TestLongKey(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text", 1)
	s.c.SQL("CREATE CONTINUOUS VIEW v WITH (start = 'earliest') AS SELECT k, count(*) FROM events GROUP BY k;")
	s.c.Start().Ready()
	long := strings.Repeat("ü0123456789", 10_000)
	for range 3 {
		s.send(&kgo.Record{Topic: s.topic("events"), Value: fmt.Appendf(nil, `{"k": %q}`, long)},
			&kgo.Record{Topic: s.topic("events"), Value: fmt.Appendf(nil, `{"k": %q}`, long+"x")}, &kgo.Record{Topic: s.topic("events"), Value: []byte(`{"k": ""}`)})
		s.c.Flush()
	}
	s.want("SELECT length(k), count, md5(k) = md5(repeat('ü0123456789', 10000)) FROM v ORDER BY 1", "0 3 f|110000 3 t|110001 3 f")
}
