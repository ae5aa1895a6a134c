package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestCreateTwiceAtOnce has two processes create the same view, round after
// round: exactly one does, the other is told that it exists.
func TestCreateTwiceAtOnce(t *testing.T) {
	s := newScene(t)
	s.stream("events", "k text, a int", 1)
	for round := range 8 {
		name := fmt.Sprintf("v%d", round)
		sql := fmt.Sprintf("CREATE CONTINUOUS VIEW %s WITH (start = 'earliest') AS SELECT k, count(*) FROM events GROUP BY k;", name)
		var work sync.WaitGroup
		var stderr [2]string
		var status [2]int
		for i := range 2 {
			work.Go(func() { _, stderr[i], status[i] = s.c.Command(sql, "sql") })
		}
		work.Wait()
		if status[0]+status[1] != 1 {
			t.Fatalf("round %d: statuses %v: %q", round, status, stderr)
		}
		loser := 0
		if status[1] == 1 {
			loser = 1
		}
		if want := fmt.Sprintf(`42P07: relation "%s" already exists`, name); !strings.Contains(stderr[loser], want) || stderr[1-loser] != "" {
			t.Errorf("round %d: the loser was told %q, the winner %q", round, stderr[loser], stderr[1-loser])
		}
	}
	s.produce("events", 0, `{"k": "x", "a": 1}`)
	s.c.Start()
	s.c.Flush()
	if views := s.list("views"); len(views) != 8 {
		t.Errorf("%d views", len(views))
	}
	for round := range 8 {
		s.want(fmt.Sprintf("SELECT * FROM v%d", round), "x 1")
	}
}

// TestDropAndExists goes through IF EXISTS, IF NOT EXISTS and CASCADE.
func TestDropAndExists(t *testing.T) {
	s := newScene(t)
	s.stream("events", "a int", 1)
	view := "CREATE CONTINUOUS VIEW %sv AS SELECT count(*) FROM events;"
	for _, step := range []struct {
		sql    string
		status int
		out    string // of what is printed, on either side
	}{
		{fmt.Sprintf(view, ""), 0, "CREATE CONTINUOUS VIEW"},
		{fmt.Sprintf(view, ""), 1, `42P07: relation "v" already exists`},
		{fmt.Sprintf(view, "IF NOT EXISTS "), 0, `NOTICE:  relation "v" already exists, skipping`},
		{"CREATE STREAM events (a int);", 1, "42P07"},
		{"CREATE STREAM IF NOT EXISTS events (a int);", 0, "already exists, skipping"},
		{"CREATE STREAM v (a int);", 1, "42P07"},
		{"DROP STREAM events;", 1, "2BP01: "},
		{"DROP STREAM v;", 1, "42809: "},
		{"DROP CONTINUOUS VIEW nothing;", 1, `42P01: continuous view "nothing" does not exist`},
		{"DROP CONTINUOUS VIEW IF EXISTS nothing;", 0, `NOTICE:  continuous view "nothing" does not exist, skipping`},
		{"CREATE VIEW over_v AS SELECT * FROM v;", 0, "CREATE VIEW"},
		{"DROP CONTINUOUS VIEW v;", 1, "2BP01: "},
		{"DROP CONTINUOUS VIEW v CASCADE;", 0, "DROP CONTINUOUS VIEW"},
		{"SELECT * FROM over_v;", 1, "42P01: "},
		{"SELECT * FROM v_mrel;", 1, "42P01: "},
		{fmt.Sprintf(view, ""), 0, "CREATE CONTINUOUS VIEW"},
		{"DROP STREAM events CASCADE;", 0, "DROP STREAM"},
		{"SELECT * FROM v;", 1, "42P01: "},
		{"DROP STREAM events;", 1, `stream "events" does not exist`},
		{"DROP STREAM IF EXISTS events CASCADE;", 0, "skipping"},
	} {
		out, errOut, status := s.c.Command(step.sql, "sql")
		if status != step.status || !strings.Contains(out+errOut, step.out) {
			t.Errorf("%s\nstatus %d, not %d, with %q:\n%s%s", step.sql, status, step.status, step.out, out, errOut)
		}
	}
}

// TestDropAndCreateUnderLoad drops views and creates others of their names while
// events flow: each counts exactly what lies behind its own start.
func TestDropAndCreateUnderLoad(t *testing.T) {
	f := newFlow(t, 2)
	f.begin(200_000)
	node := f.c.Start().Ready()
	create := "CREATE CONTINUOUS VIEW v WITH (start = '%s') AS SELECT k, count(*), sum(i) FROM events GROUP BY k;"
	other := "CREATE CONTINUOUS VIEW v WITH (start = '%s') AS SELECT i %% 10 AS k, count(*), sum(n) FROM events GROUP BY 1;"
	f.c.SQL(fmt.Sprintf("CREATE CONTINUOUS VIEW stays WITH (start = 'earliest') AS SELECT count(*), sum(i) FROM events;"+create, "latest"))
	for round := range 4 {
		f.await(20_000 * (round + 1))
		query, start := create, []string{"latest", "earliest"}[round%2]
		if round >= 2 {
			query = other
		}
		f.c.SQL("DROP CONTINUOUS VIEW v;" + fmt.Sprintf(query, start))
	}
	f.finish()
	f.load()
	f.compare("stays", "SELECT count(*), sum(i) FROM %s")
	f.compare("v", "SELECT i %% 10 AS k, count(*), sum(n) FROM %s GROUP BY 1")
	healthy(t, node)
	if status := node.Stop(); status != 0 {
		t.Errorf("status %d", status)
	}
}
