package command

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// atOnce runs one command for each argument list at the same time, each with
// connections of its own, as from as many machines.
func atOnce(p *place, commands ...[]string) []result {
	results := make([]result, len(commands))
	var work sync.WaitGroup
	begin := make(chan struct{})
	for i, args := range commands {
		work.Go(func() {
			<-begin
			results[i] = p.run("", args...)
		})
	}
	close(begin)
	work.Wait()
	return results
}

// TestDDLFromEverywhereAtOnce has ten machines create ten views, then all of
// them one view, before any node has ever run and while one runs.
func TestDDLFromEverywhereAtOnce(t *testing.T) {
	const machines = 10
	p := newPlace(t)
	first := make([][]string, machines)
	for i := range first {
		first[i] = []string{[]string{"views", "lag", "shards", "nodes", "flush"}[i%5]}
	}
	for i, r := range atOnce(p, first...) { // in a database and a Kafka that know nothing of Millrace
		if r.status != 0 {
			t.Fatalf("the first command ever, %s: %+v", first[i], r)
		}
	}
	p.must("", "sql", "-c", fmt.Sprintf("CREATE STREAM events (k text) WITH (topic = '%s.events', partitions = 2)", p.cluster))
	views := 0
	for _, state := range []string{"no", "one"} {
		if state == "one" {
			p.node("--node", "one")
		}
		t.Run("nodes="+state, func(t *testing.T) {
			different := make([][]string, machines)
			for i := range different {
				different[i] = []string{"sql", "-c", createView("", fmt.Sprintf("%s_%d", state, i))}
			}
			for i, r := range atOnce(p, different...) {
				if r.status != 0 || r.out != "CREATE CONTINUOUS VIEW\n" || r.err != "" {
					t.Errorf("view %d: %+v", i, r)
				}
			}
			views += machines
			oneWins(t, p, machines, state+"_same")
			oneIsMade(t, p, machines, state+"_maybe")
			views += 2
			if all := decoded[viewLine](t, p, "views"); len(all) != views {
				t.Errorf("%d views, not %d", len(all), views)
			}
		})
	}
	p.must(strings.Repeat("{\"k\": \"a\"}\n", 3), "produce", "events")
	p.must("", "flush")
	for _, view := range []string{"no_0", "no_9", "no_same", "no_maybe", "one_0", "one_9", "one_same", "one_maybe"} {
		if got := p.must("", "sql", "-c", "SELECT * FROM "+view); !strings.Contains(got, " a |     3\n") {
			t.Errorf("%s:\n%s", view, got)
		}
	}
	dropped(t, p, machines)
}

func createView(exists, name string) string {
	return fmt.Sprintf("CREATE CONTINUOUS VIEW %s %s AS SELECT k, count(*) FROM events GROUP BY k", exists, name)
}

func repeat(n int, args ...string) [][]string {
	all := make([][]string, n)
	for i := range all {
		all[i] = args
	}
	return all
}

// oneWins has everybody create one view: one does, the others are told so.
func oneWins(t *testing.T, p *place, machines int, name string) {
	t.Helper()
	won := 0
	for i, r := range atOnce(p, repeat(machines, "sql", "-c", createView("", name))...) {
		switch {
		case r.status == 0 && r.out == "CREATE CONTINUOUS VIEW\n" && r.err == "":
			won++
		case r.status != 1 || !strings.HasPrefix(r.err, fmt.Sprintf("ERROR:  42P07: relation %q already exists\nLINE 1: ", name)):
			t.Errorf("loser %d: %+v", i, r)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d have created view %s", won, machines, name)
	}
}

// oneIsMade is oneWins with IF NOT EXISTS: nobody fails, all but one are told.
func oneIsMade(t *testing.T, p *place, machines int, name string) {
	t.Helper()
	made := 0
	for i, r := range atOnce(p, repeat(machines, "sql", "-c", createView("IF NOT EXISTS", name))...) {
		switch {
		case r.status != 0 || r.out != "CREATE CONTINUOUS VIEW\n":
			t.Errorf("creator %d: %+v", i, r)
		case r.err == "":
			made++
		case r.err != fmt.Sprintf("NOTICE:  relation %q already exists, skipping\n", name):
			t.Errorf("creator %d was told %q", i, r.err)
		}
	}
	if made != 1 {
		t.Errorf("%d of %d have created view %s", made, machines, name)
	}
}

// dropped has everybody drop one view: one does.
func dropped(t *testing.T, p *place, machines int) {
	t.Helper()
	done := 0
	for i, r := range atOnce(p, repeat(machines, "sql", "-c", "DROP CONTINUOUS VIEW no_same")...) {
		switch {
		case r.status == 0 && r.err == "":
			done++
		case r.status != 1 || !strings.HasPrefix(r.err, `ERROR:  42P01: continuous view "no_same" does not exist`):
			t.Errorf("dropper %d: %+v", i, r)
		}
	}
	if done != 1 {
		t.Errorf("%d of %d have dropped the view", done, machines)
	}
}
