package integration

import (
	"strings"
	"testing"
)

// TestForms has plain views of PostgreSQL's over continuous views of several
// forms, and reads where an append-only view's rows come from.
func TestForms(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text, a int", 1)
	out, errOut, status := s.c.Command(`
		CREATE CONTINUOUS VIEW log AS SELECT k, a * 10 AS tens FROM events WHERE a > 0;
		CREATE VIEW nested AS SELECT u, count(*) AS n FROM (SELECT upper(k) AS u, a FROM events) q WHERE a > 1 GROUP BY ROLLUP (u) ORDER BY n DESC, u;
		CREATE VIEW twice WITH (action = materialize) AS WITH e AS (SELECT a FROM events) SELECT a FROM e UNION ALL SELECT -a FROM e;
		CREATE VIEW ranked AS SELECT k, tens, rank() OVER (PARTITION BY k ORDER BY tens) AS place FROM log;
		CREATE VIEW per_key AS SELECT k, count(*), sum(tens) FROM log GROUP BY k HAVING count(*) > 1;
		CREATE VIEW joined AS SELECT l.k, n.n FROM log l JOIN nested n ON n.u = upper(l.k);`, "sql")
	if status != 0 || strings.Count(out, "CREATE CONTINUOUS VIEW") != 3 || strings.Count(out, "CREATE VIEW") != 3 {
		t.Fatalf("status %d:\n%s%s", status, out, errOut)
	}
	s.c.Start()
	s.produce("events", 0, `{"k": "x", "a": 1}`, `{"k": "x", "a": 2}`, `{"k": "y", "a": 3}`, `{"k": "x", "a": 2}`, `{"k": "z", "a": -5}`)
	s.c.Flush()
	s.want("SELECT * FROM log ORDER BY k, tens", "x 10|x 20|x 20|y 30")
	s.want("SELECT _partition, _offset, _row, k FROM log_mrel ORDER BY _offset", "0 0 1 x|0 1 1 x|0 2 1 y|0 3 1 x")
	s.want("SELECT coalesce(u, 'all'), n FROM nested", "all 3|X 2|Y 1")
	s.want("SELECT * FROM twice ORDER BY a", "-5|-3|-2|-2|-1|1|2|2|3|5")
	s.want("SELECT * FROM ranked ORDER BY k, tens", "x 10 1|x 20 2|x 20 2|y 30 1")
	s.want("SELECT * FROM per_key", "x 3 50")
	s.want("SELECT * FROM joined WHERE k = 'y'", "y 1")
}
