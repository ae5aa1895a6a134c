package command

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestCommandsEndToEnd goes the way of a new user on a real broker and database.
func TestCommandsEndToEnd(t *testing.T) {
	p := newPlace(t)
	topic := p.cluster + ".clicks"
	script := file(t, "schema.sql", fmt.Appendf(nil, `-- streams and views
CREATE STREAM clicks (url text, ms int) WITH (topic = '%s', partitions = 3);
CREATE CONTINUOUS VIEW by_url WITH (num_shards = 2) AS
  SELECT url, count(*), avg(ms) FROM clicks GROUP BY url;
CREATE TABLE names (url text, name text);
`, topic))
	if got, want := p.must("", "sql", "-f", script), "CREATE STREAM\nCREATE CONTINUOUS VIEW\nCREATE TABLE\n"; got != want {
		t.Errorf("printed %q", got)
	}
	stop := p.node()

	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	for i := range 1000 {
		fmt.Fprintf(w, "{\"url\": \"/%d\", \"ms\": %d}\n", i%10, i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := p.run("", "produce", "clicks", file(t, "clicks.ndjson.gz", zipped.Bytes()))
	if r.status != 0 || !strings.HasPrefix(r.err, "1,000 records to topic "+topic) {
		t.Errorf("produce: %d, %q", r.status, r.err)
	}
	if r := p.run("{\"uri\": 1}\n{\"url\": \"/0\", \"ms\": \"slow\"}", "produce", topic); r.status != 0 {
		t.Errorf("produce by the topic's name: %+v", r)
	}
	p.must("", "flush", "by_url", "--timeout", "60s")
	got := p.must("", "sql", "-c", "SELECT pipelinedb.flush()", "-c", "SELECT * FROM by_url WHERE url IN ('/0', '/9') OR url IS NULL ORDER BY url")
	want := ` flush 
-------
 
(1 row)

 url | count |         avg          
-----+-------+----------------------
 /0  |   100 | 495.0000000000000000
 /9  |   100 | 504.0000000000000000
     |     1 |                     
(3 rows)

`
	if got != want {
		t.Errorf("printed\n%s", got)
	}
	t.Run("views", func(t *testing.T) { checkViews(t, p) })
	t.Run("lag", func(t *testing.T) { checkLag(t, p) })
	t.Run("shards", func(t *testing.T) { checkShards(t, p) })
	t.Run("dead", func(t *testing.T) { checkDead(t, p, topic) })
	stop()
	t.Run("statements", func(t *testing.T) { checkStatements(t, p) })
}

// decoded runs a command with --json.
func decoded[T any](t *testing.T, p *place, args ...string) []T {
	t.Helper()
	var all []T
	decoder := json.NewDecoder(strings.NewReader(p.must("", append(args, "--json")...)))
	decoder.DisallowUnknownFields() // the names are promised in --help
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func checkViews(t *testing.T, p *place) {
	all := decoded[viewLine](t, p, "views")
	if len(all) != 1 || all[0].View != "by_url" || all[0].Stream != "clicks" || all[0].Shards != 2 || all[0].LagRecords != 0 ||
		all[0].Groups == nil || *all[0].Groups != 11 || strings.Join(all[0].Columns, " ") != "url count avg" {
		t.Errorf("views: %+v", all)
	}
	if r := p.run("", "views", "absent"); r.status != 1 || !strings.Contains(r.err, `continuous view "absent" does not exist`) {
		t.Errorf("a view that is not there: %+v", r)
	}
}

func checkLag(t *testing.T, p *place) {
	all := decoded[lagLine](t, p, "lag")
	var end int64
	for _, l := range all {
		end += l.End
		if l.LagRecords != 0 || l.Folded < l.End {
			t.Errorf("lag after a flush: %+v", l)
		}
	}
	if len(all) != 3 || end < 1002 {
		t.Errorf("%d partitions that end at %d", len(all), end)
	}
}

func checkShards(t *testing.T, p *place) {
	all := decoded[shardLine](t, p, "shards", "by_url")
	if len(all) != 2 || all[0].FirstSlot != 0 || all[1].LastSlot != 4095 || all[0].Owner == nil || !all[0].Reachable || all[0].Position == 0 ||
		all[1].Shard != "by_url_shard1" || all[1].ShardingPolicy != "read_optimized" {
		t.Errorf("shards: %+v", all)
	}
	if r := p.run("", "shards", "absent"); r.status != 1 || !strings.Contains(r.err, `continuous view "absent" does not exist`) {
		t.Errorf("a view that is not there: %+v", r)
	}
}

func checkDead(t *testing.T, p *place, topic string) {
	all := decoded[deadLine](t, p, "dead", "list", "clicks")
	if len(all) != 1 {
		t.Fatalf("%d dead letters", len(all))
	}
	l := all[0]
	if l.Stream != "clicks" || l.Topic != topic || l.Stage != "decode" || l.SQLState != "22P02" || l.Time == nil ||
		l.Value == nil || *l.Value != `{"url": "/0", "ms": "slow"}` || strings.Join(l.Views, ",") != "by_url" {
		t.Errorf("dead letter %+v", l)
	}
	if table := p.must("", "dead", "list"); !strings.Contains(table, fmt.Sprintf("%s/%d/%d", topic, l.Partition, l.Offset)) {
		t.Errorf("printed\n%s", table)
	}
	if r := p.run("", "dead", "list", "absent"); r.status != 1 || !strings.Contains(r.err, "there are clicks") {
		t.Errorf("a stream that is not there: %+v", r)
	}
}

func checkStatements(t *testing.T, p *place) {
	r := p.run("CREATE VIEW late AS SELECT count(*) FROM clicks;", "sql")
	if r.out != "CREATE CONTINUOUS VIEW\n" || !strings.HasPrefix(r.err, "<stdin>:1: NOTICE:  start = latest: 1002 existing records") {
		t.Errorf("a view that skips records: %+v", r)
	}
	for _, c := range []struct{ sql, out, err string }{
		{"CREATE VIEW plain AS SELECT 1", "CREATE VIEW\n", ""},
		{"DROP VIEW plain", "DROP VIEW\n", ""},
		{"DROP VIEW late", "DROP CONTINUOUS VIEW\n", ""},
		{"DROP CONTINUOUS VIEW IF EXISTS late", "DROP CONTINUOUS VIEW\n", "NOTICE:  continuous view \"late\" does not exist, skipping\n"},
		{"BEGIN; CREATE STREAM y (a int)", "BEGIN\n", "ERROR:  25001: CREATE STREAM of Millrace cannot run inside a transaction block\n" +
			"HINT:  COMMIT or ROLLBACK first: streams and continuous views are made in Kafka too, which takes no part in the transaction.\n"},
		{"CREATE STREAM clicks (a int)", "", "ERROR:  42P07: relation \"clicks\" already exists\nLINE 1: CREATE STREAM clicks (a int)\n                      ^\n" +
			"HINT:  Choose another name, drop it first, or say IF NOT EXISTS.\n"},
		{"DROP STREAM clicks CASCADE", "DROP STREAM\n", ""},
		{"SELECT * FROM by_url", "", "ERROR:  42P01: relation \"by_url\" does not exist\nLINE 1: SELECT * FROM by_url\n                      ^\n"},
	} {
		if r := p.run("", "sql", "-c", c.sql); r.out != c.out || r.err != c.err || (r.status == 0) != !strings.HasPrefix(c.err, "ERROR") {
			t.Errorf("%s: %+v", c.sql, r)
		}
	}
	if r := p.run("", "flush", "--timeout", "30s"); r.status != 0 {
		t.Errorf("nothing to flush: %+v", r)
	}
}

func TestScriptsStopAtTheFirstError(t *testing.T) {
	p := newPlace(t)
	path := file(t, "bad.sql", []byte("SELECT 1 AS one;\n\nSELECT 2 +\n  nope;\nSELECT 3 AS three;\n"))
	r := p.run("", "sql", "-f", path)
	want := path + ":4: ERROR:  42703: column \"nope\" does not exist\nLINE 2:   nope;\n          ^\n"
	if r.status != 1 || r.err != want || strings.Contains(r.out, "three") || !strings.Contains(r.out, " one \n") {
		t.Errorf("%+v", r)
	}
	if r := p.run("BEGIN; CREATE TABLE t (a int); COMMIT; INSERT INTO t VALUES (1), (2); SELECT count(*) FROM t", "sql"); !strings.Contains(r.out, "     2\n") {
		t.Errorf("a transaction in a script: %+v", r)
	}
	if r := p.run(`\d`, "sql"); r.status != 1 || !strings.Contains(r.err, "backslash commands are psql's own") {
		t.Errorf("a command of psql: %+v", r)
	}
	if r := p.run("COPY t FROM STDIN;\n3\n4\n\\.\nSELECT sum(a) FROM t", "sql"); r.status != 0 || !strings.Contains(r.out, "COPY 2\n") || !strings.Contains(r.out, "  10\n") {
		t.Errorf("COPY FROM STDIN: %+v", r)
	}
}
