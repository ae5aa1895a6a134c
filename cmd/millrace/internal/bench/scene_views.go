package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// viewSpec is a view of a scene: a SELECT whose FROM is left open, so that it can
// be run over the stream and over the plain table.
type viewSpec struct {
	table string // holds the expected rows
	sql   string
}

// over is the SELECT over a relation.
func (v viewSpec) over(relation string) string { return fmt.Sprintf(v.sql, relation) }

// sameViews are n views with one grouping, that of the contenders. From the second on
// the smallest price is that of some of the events, so that no two views are equal.
func sameViews(n int) []viewSpec {
	all := make([]viewSpec, n)
	for i := range all {
		filter := ""
		if i > 0 {
			filter = fmt.Sprintf(" FILTER (WHERE price > %d)", i*7919%1000*(maxPrice/1000))
		}
		all[i] = viewSpec{
			table: fmt.Sprintf("expected_same_%d", i),
			sql:   "SELECT channel, count(*), sum(price), avg(price), min(price)" + filter + " AS low, max(price) AS high FROM %s GROUP BY channel",
		}
	}
	return all
}

// differentViews are n views as n users would write them over one stream: the
// first is the contenders', the others have other keys, conditions and aggregates.
// There are eight shapes; from the ninth view on they come again with
// other constants.
func differentViews(n int) []viewSpec {
	all := make([]viewSpec, n)
	for i := range all {
		all[i] = viewSpec{table: fmt.Sprintf("expected_different_%d", i), sql: differentView(i%8, i/8)}
	}
	return all
}

// differentView is one of the shapes; again says how often it came before.
func differentView(shape, again int) string {
	dear := maxPrice/2 + 1000*again
	switch shape {
	case 0:
		sql := sameViews(1)[0].sql
		if again > 0 {
			sql = fmt.Sprintf("SELECT channel, count(*), sum(price), avg(price), min(price) AS low, max(price) FILTER (WHERE price < %d) AS high FROM %%s GROUP BY channel", dear)
		}
		return sql
	case 1:
		return fmt.Sprintf(`SELECT date_trunc('hour', "dateTime") AS hour, auction %%%% %d AS auctions, count(*), sum(price), max(price) FROM %%s GROUP BY 1, 2`, 10+again)
	case 2:
		return fmt.Sprintf("SELECT bidder %%%% %d AS bidders, count(*), avg(price) FROM %%s GROUP BY 1", 1000+again)
	case 3:
		return fmt.Sprintf(`SELECT currency, mobile, count(*) FILTER (WHERE price > %d) AS dear, count(*) FILTER (WHERE price <= %d) AS cheap,
			sum(price) FILTER (WHERE attempt = 0) AS first, avg(price) FROM %%s GROUP BY currency, mobile`, dear, dear)
	case 4:
		return fmt.Sprintf("SELECT channel, count(*), sum(price) FROM %%s WHERE price > %d GROUP BY channel", maxPrice/10*9+1000*again)
	case 5:
		return fmt.Sprintf(`SELECT "dateTime"::date AS day, auction %%%% %d AS auctions, min(price), max(price), count(*) FILTER (WHERE mobile) AS mobile FROM %%s GROUP BY 1, 2`, 100+again)
	case 6:
		return fmt.Sprintf("SELECT currency, count(*), min(price) FROM %%s WHERE mobile AND price < %d GROUP BY currency", dear)
	}
	return fmt.Sprintf(`SELECT attempt, date_trunc('minute', "dateTime") AS minute, count(*), sum(price) FROM %%s WHERE attempt > 0 OR price > %d GROUP BY 1, 2`, dear)
}

// expect makes the tables of expected rows, those that are not there yet.
func (s *scene) expect(ctx context.Context, views []viewSpec) error {
	for _, v := range views {
		if _, err := s.conn.Exec(ctx, "CREATE UNLOGGED TABLE IF NOT EXISTS "+v.table+" AS "+v.over("events")); err != nil {
			return fmt.Errorf("the expected rows of %s: %w", v.over("events"), err)
		}
	}
	return nil
}

// ViewsSettings say how to measure what further views cost. Of the settings
// within, those of the contenders are not used.
type ViewsSettings struct {
	Settings
	// Views are how many views there are, beside one.
	Views []int
}

// Validate reports every setting that cannot work.
func (s *ViewsSettings) Validate() error {
	var f faults
	f.run(&s.Settings)
	f.check(s.Runs >= 1, "--runs is %d: use 1 or more", s.Runs)
	f.check(len(s.Views) > 0, "--views is empty: give numbers such as 2,4,8")
	for _, n := range s.Views {
		f.check(n >= 2 && n <= 1000, "--views has %d: use 2 to 1000", n)
	}
	return f.err()
}

// furtherViews is what a further view may cost, in percent of the first.
const furtherViews = 15

// Views measures and prints what each further view on the same stream costs: a
// node's processor time for each event with 1, 2, 4, 8 views, with the same
// grouping and with different ones.
func Views(ctx context.Context, s ViewsSettings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return runScene(ctx, &s.Settings, "views", "processor time of a node for each event, with more and more views on one stream", s.measure)
}

func (s *ViewsSettings) measure(ctx context.Context, sc *scene) error {
	r := sc.report
	r.set("events", s.Events)
	r.set("groups", s.Groups)
	r.set("partitions", Partitions)
	sc.describeNode()
	r.set("runs", s.Runs)
	topics, err := sc.prepare(ctx, Partitions)
	if err != nil {
		return err
	}
	trialOf := func(name string, views []viewSpec) trial {
		return trial{name: fmt.Sprintf("%s-%d", name, len(views)), topic: topics[Partitions], partitions: Partitions, shards: 1, views: views, lanes: s.Lanes}
	}
	trials := []trial{trialOf("first", sameViews(1))}
	for _, n := range s.Views {
		trials = append(trials, trialOf("different", differentViews(n)), trialOf("same", sameViews(n)))
	}
	costs, err := sc.rounds(ctx, s.Runs, trials)
	if err != nil {
		return err
	}
	first := costs[trials[0].name]
	r.part("first", "one view by channel: count, sum, avg, min, max").addCost("views_1", "1 view", first)
	s.summarize(r.part("different", "views with other keys, conditions and aggregates, as several users would write them"), first, costs, "different")
	s.summarize(r.part("same", "views by channel, each with a condition of its own on the smallest price"), first, costs, "same")
	return nil
}

// summarize adds the figures of one kind of views.
func (s *ViewsSettings) summarize(p *scenePart, first []float64, costs map[string][]float64, name string) {
	for _, n := range s.Views {
		cost := costs[fmt.Sprintf("%s-%d", name, n)]
		p.addCost(fmt.Sprintf("views_%d", n), fmt.Sprintf("%d views", n), cost)
		each := ratiosOf(cost, first, func(cost, first float64) float64 { return 100 * (cost - first) / first / float64(n-1) })
		p.add(fmt.Sprintf("views_%d_each_further", n), "  each further one, of the first", "%", each...).atMost(furtherViews)
	}
}

// addCost adds processor time for each event.
func (p *scenePart) addCost(name, what string, seconds []float64) {
	micros := make([]float64, len(seconds))
	for i, x := range seconds {
		micros[i] = 1e6 * x
	}
	p.add(name, what, "µs of processor time for an event", micros...)
}

// ratiosOf compares what was measured in the same rounds.
func ratiosOf(a, b []float64, ratio func(a, b float64) float64) []float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = ratio(a[i], b[i])
	}
	return all
}

// same returns an error unless a relation shows exactly a view's expected rows.
func (v viewSpec) same(ctx context.Context, conn *pgx.Conn, relation string) error {
	if err := compareTables(ctx, conn, "SELECT * FROM "+relation, "SELECT * FROM "+v.table); err != nil {
		return errors.Join(err, fmt.Errorf("the view is %s", v.over("events")))
	}
	return nil
}
