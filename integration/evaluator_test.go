package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

const createGrade = `CREATE FUNCTION grade(n int) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN
		IF n % 50 = 49 THEN
			RAISE 'no grade for %', n USING ERRCODE = 'MR001', HINT = 'Learn more.';
		END IF;
		RETURN n % 7;
	END $$`

// TestEvaluator: a user's function grades events while PostgreSQL goes away and comes
// back, the node is killed, and the function is dropped for a while. It refuses some of
// them. The view shows what PostgreSQL itself says of the events, each that was refused
// is one dead letter, and the view without the function does not stop for its being
// away.
func TestEvaluator(t *testing.T) {
	servers := harness.Get(t)
	postgres := harness.NewPostgres(t, 0)
	url := postgres.Database(t)
	s := sceneOn(t, servers.Cluster(t), servers.Brokers, url)
	s.db.exec(t.Context(), createGrade)
	s.stream("marks", "n int, s text", 3)
	s.c.SQL(`CREATE CONTINUOUS VIEW graded WITH (start = 'earliest') AS
			SELECT grade(n) AS grade, count(*), sum(n), min(upper(s)) FROM marks WHERE n >= 0 GROUP BY 1;
		CREATE CONTINUOUS VIEW plain WITH (start = 'earliest') AS SELECT count(*), sum(n) FROM marks;`)
	sent := 0
	send := func(n int) {
		t.Helper()
		records := make([]*kgo.Record, n)
		for i := range records {
			records[i] = &kgo.Record{
				Topic: s.topic("marks"), Partition: int32(sent % 3), Value: fmt.Appendf(nil, `{"n": %d, "s": "s%d"}`, sent-1000, sent%11),
			}
			sent++
		}
		s.send(records...)
	}
	node := s.c.Start().Ready()
	send(20_000)
	system.Wait(t, time.Minute, "something is evaluated", func() bool { return node.Metric("millrace_evaluator_rows_total", `view="graded"`) > 0 })
	postgres.StopImmediate(t)
	send(10_000)
	postgres.Restart(t)
	node.Ready()
	send(10_000)
	node.Kill()
	node = s.c.Start().Ready()
	s.db = connect(t, url)
	s.c.Flush()
	s.check(sent)

	s.db.exec(t.Context(), "DROP FUNCTION grade")
	send(5000)
	logged(t, node, time.Minute, "view graded", "grade(integer) does not exist", "nothing is lost")
	s.eventually(time.Minute, "SELECT count FROM plain", fmt.Sprint(sent))
	s.db.exec(t.Context(), createGrade)
	s.c.Flush()
	s.check(sent)
	if status, body := node.Get("/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status := node.Stop(); status != 0 {
		t.Errorf("status %d", status)
	}
	s.checkGraded(sent)
}

// check holds both views against PostgreSQL over the same events.
func (s *scene) check(sent int) {
	s.t.Helper()
	events := fmt.Sprintf("(SELECT i - 1000 AS n, 's' || i %% 11 AS s FROM generate_series(0, %d) i)", sent-1)
	want := s.query("SELECT grade(n), count(*), sum(n), min(upper(s)) FROM " + events + " e WHERE n >= 0 AND n % 50 <> 49 GROUP BY 1 ORDER BY 1")
	s.want("SELECT * FROM graded ORDER BY 1", want)
	s.want("SELECT * FROM plain", s.query("SELECT count(*), sum(n) FROM "+events+" e"))
}

// checkGraded looks at the dead letters: one for each event that the function refused.
func (s *scene) checkGraded(sent int) {
	s.t.Helper()
	var got, want []string
	s.probe("marks").read(context.Background(), s.c.Name+".dead.marks", func(r *kgo.Record) {
		about := map[string]string{}
		for _, h := range r.Headers {
			about[h.Key] = string(h.Value)
		}
		got = append(got, strings.Join([]string{
			about["millrace.partition"], about["millrace.offset"], about["millrace.stage"], about["millrace.views"], about["millrace.sqlstate"], about["millrace.reason"], string(r.Value),
		}, " "))
	})
	for i := range sent {
		if n := i - 1000; n >= 0 && n%50 == 49 {
			want = append(want, fmt.Sprintf(`%d %d evaluate graded MR001 no grade for %d: Learn more. {"n": %d, "s": "s%d"}`, i%3, i/3, n, n, i%11))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("%d dead letters, want %d; the first are %q and %q", len(got), len(want), got[:min(2, len(got))], want[:2])
	}
}
