package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/cmd/millrace/internal/status"
)

// EvaluatorSettings say how to measure views whose expressions PostgreSQL evaluates.
// Of the settings within, those of the contenders are not used.
type EvaluatorSettings struct {
	Settings
	// Rounds is how often everything runs.
	Rounds int
}

// Validate reports every setting that cannot work.
func (s *EvaluatorSettings) Validate() error {
	var f faults
	f.run(&s.Settings)
	f.check(s.Rounds >= 1, "--rounds is %d: use 1 or more", s.Rounds)
	return f.err()
}

const (
	// evaluatorShare is what a view with an expression that PostgreSQL evaluates
	// reaches of a native one's rate, at least.
	evaluatorShare = 0.1
	// besideShare is what a native view reaches beside one that waits for
	// PostgreSQL, of what it reaches alone.
	besideShare = 0.9
)

// evaluatorFunctions are a user's own. The last one waits, where the evaluator asks it,
// and takes no processor time; it is asked once for each batch.
const evaluatorFunctions = `
	CREATE FUNCTION bench_sql(price bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT price * 2 + 1';
	CREATE FUNCTION bench_plpgsql(price bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF price > 500 THEN RETURN price * 2; END IF; RETURN price; END';
	CREATE FUNCTION bench_waits() RETURNS bigint LANGUAGE plpgsql VOLATILE AS
		'BEGIN IF current_setting(''application_name'') LIKE ''%evaluator'' THEN PERFORM pg_sleep(0.05); END IF; RETURN 0; END'`

// evaluatorView is the contenders' view with something else instead of the price.
func evaluatorView(name, expression string) viewSpec {
	return viewSpec{
		table: "expected_evaluator_" + name,
		sql:   "SELECT channel, count(*), sum(" + expression + ") AS sum, min(" + expression + ") AS low, max(" + expression + ") AS high FROM %s GROUP BY channel",
	}
}

// Evaluator measures and prints how fast views are whose expressions PostgreSQL
// evaluates, and what they cost the others on their stream.
func Evaluator(ctx context.Context, s EvaluatorSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "evaluator", "events a second of views with an expression that PostgreSQL evaluates, and of native ones beside them", s.measure)
}

func (s *EvaluatorSettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("events", s.Events)
	r.set("groups", s.Groups)
	r.set("partitions", Partitions)
	sc.describeNode()
	r.set("rounds", s.Rounds)
	topics, err := sc.prepare(ctx, Partitions)
	if err != nil {
		return err
	}
	if _, err := sc.conn.Exec(ctx, evaluatorFunctions); err != nil {
		return err
	}
	native := evaluatorView("native", "price * 2 + 1")
	waits := viewSpec{"expected_evaluator_waits", "SELECT channel, count(*), sum(price + (SELECT bench_waits())) AS sum FROM %s GROUP BY channel"}
	text := viewSpec{"expected_evaluator_text", "SELECT channel, count(*), min(to_char(price, 'FM000000')) AS low, max(to_char(price, 'FM000000')) AS high FROM %s GROUP BY channel"}
	trialOf := func(name string, views ...viewSpec) trial {
		return trial{name: "evaluator-" + name, topic: topics[Partitions], partitions: Partitions, shards: 1, lanes: s.Lanes, views: views}
	}
	trials := []trial{
		trialOf("native", native),
		trialOf("sql", evaluatorView("sql", "bench_sql(price)")),
		trialOf("plpgsql", evaluatorView("plpgsql", "bench_plpgsql(price)")),
		trialOf("to_char", text),
		trialOf("beside-waits", native, waits),
		trialOf("beside-sql", native, evaluatorView("sql", "bench_sql(price)")),
	}
	rates, err := sc.rates(ctx, s.Rounds, trials)
	if err != nil {
		return err
	}
	alone := rates["evaluator-native"]
	share := func(p *scenePart, name, what string) *sceneFigure {
		p.add(name, what, "events a second", rates["evaluator-"+name]...)
		return p.add(name+"_share", "  of the native view's", "×", ratiosOf(rates["evaluator-"+name], alone, quotient)...)
	}
	p := r.part("alone", "one view by channel: count, and sum, min and max of an expression")
	p.add("native", "price * 2 + 1, natively", "events a second", alone...)
	share(p, "sql", "a function in SQL").atLeast(evaluatorShare)
	share(p, "plpgsql", "a function in PL/pgSQL").atLeast(evaluatorShare)
	share(p, "to_char", "to_char(price, 'FM000000')").atLeast(evaluatorShare)
	p = r.part("beside", "the native view, beside one on its stream that PostgreSQL evaluates")
	share(p, "beside-waits", "a function that waits and takes no processor time").atLeast(besideShare)
	share(p, "beside-sql", "the function in SQL, which shares the processors")
	return nil
}

// rates runs all trials once a round and returns, by their names, how many events a
// second were in the first of the trial's views. What the same node takes over as many
// events as there are partitions is measured before and taken off.
func (s *scene) rates(ctx context.Context, rounds int, trials []trial) (map[string][]float64, error) {
	rates, starts := map[string][]float64{}, map[string]time.Duration{}
	topic, err := s.makeTopic(ctx, "evaluator-start", Partitions)
	if err != nil {
		return nil, err
	}
	if err := s.fill(ctx, topic, Partitions, 0, Partitions, hashed(s.Groups), event.append); err != nil {
		return nil, err
	}
	for i := range trials {
		t := trials[i]
		if err := s.expect(ctx, t.views); err != nil {
			return nil, err
		}
		t.topic = topic
		var took []time.Duration
		for run := range 3 {
			first, err := s.first(ctx, &t, run, false)
			if err != nil {
				return nil, fmt.Errorf("the start of %s: %w", t.name, err)
			}
			took = append(took, first)
		}
		slices.SortFunc(took, cmp.Compare)
		starts[t.name] = took[len(took)/2]
	}
	for round := range rounds {
		for i := range trials {
			t := &trials[i]
			first, err := s.first(ctx, t, round+1, true)
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round+1, t.name, err)
			}
			rate := float64(s.Events) / max(first-starts[t.name], time.Millisecond).Seconds()
			rates[t.name] = append(rates[t.name], rate)
			s.say("round %d of %d: %-22s %10.0f events a second; %.2f s, of which %.2f s to start", round+1, rounds, t.name, rate, first.Seconds(), starts[t.name].Seconds())
		}
	}
	return rates, nil
}

// first runs a trial's node and returns how long it took until everything was in the
// first view. It waits for the others.
func (s *scene) first(ctx context.Context, t *trial, run int, verify bool) (took time.Duration, err error) {
	c, err := s.open(ctx, t)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	n, err := s.start(c, run)
	if err != nil {
		return 0, err
	}
	defer n.process.Kill()
	err = n.while(ctx, func(ctx context.Context) error {
		return (&status.Reader{Kafka: c.svc.Admin, Catalog: c.svc.Catalog, Store: c.svc.Store}).Flush(ctx, c.views[0])
	})
	if err != nil {
		return 0, err
	}
	took = time.Since(n.began)
	if err := n.folded(ctx, c); err != nil {
		return 0, err
	}
	if _, err := n.stop(); err != nil || !verify {
		return took, err
	}
	return took, s.verify(ctx, c)
}
