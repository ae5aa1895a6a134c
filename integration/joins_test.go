package integration

import (
	"strings"
	"testing"
)

// TestJoins joins a stream with a table and with a continuous view, explains it,
// and sees that events meet the rows of their moment.
func TestJoins(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text, a int", 1)
	s.stream("others", "k text", 1)
	out, errOut, status := s.c.Command(`
		CREATE TABLE names (k text PRIMARY KEY, name text);
		INSERT INTO names VALUES ('x', 'ex');
		CREATE CONTINUOUS VIEW totals AS SELECT k, count(*) AS n FROM others GROUP BY k;
		CREATE CONTINUOUS VIEW named AS SELECT name, count(*), sum(a) FROM events LEFT JOIN names USING (k) WHERE a > 0 GROUP BY name;
		CREATE CONTINUOUS VIEW met AS SELECT n, count(*) FROM events JOIN totals USING (k) GROUP BY n;
		EXPLAIN CONTINUOUS VIEW named;
		EXPLAIN CREATE CONTINUOUS VIEW tens AS SELECT a * 10 AS tens, count(*) FROM events GROUP BY 1;`, "sql")
	for _, want := range []string{
		"QUERY PLAN", "Continuous view named", "Stream: events, topic ", "Decoded columns: k text, a integer",
		"Sent where: int4gt(a, '0') (native)", "name: name (PostgreSQL), text as bytes", "sum bigint: sum.int4 of a (native)",
		"Table: named_mrel, view: named", "tens: int4mul(a, '10') (native), integer as a 64-bit integer",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if status != 0 || strings.Count(out, "CREATE CONTINUOUS VIEW") != 3 {
		t.Fatalf("status %d:\n%s%s", status, out, errOut)
	}
	_, refused, status := s.c.Command("", "sql", "-c", "CREATE CONTINUOUS VIEW both AS SELECT count(*) FROM events JOIN others USING (k)")
	if status != 1 || !strings.Contains(refused, "cannot be joined") {
		t.Errorf("status %d: %s", status, refused)
	}
	s.c.Start()
	s.produce("others", 0, `{"k": "x"}`, `{"k": "x"}`)
	s.c.Flush()
	s.produce("events", 0, `{"k": "x", "a": 1}`, `{"k": "y", "a": 2}`, `{"k": "x", "a": -1}`)
	s.c.Flush()
	s.c.SQL("INSERT INTO names VALUES ('y', 'why')")
	s.produce("events", 0, `{"k": "y", "a": 4}`)
	s.c.Flush()
	s.want("SELECT name, count, sum FROM named ORDER BY name", "ex 1 1|why 1 4|<null> 1 2")
	s.want("SELECT * FROM met", "2 2")
}
