package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace/millrace/integration/system"
)

// flowQueries are the views of the tests below, over %s.
var flowQueries = []string{
	"SELECT k, count(*), sum(i), avg(n) AS mean, min(s) FROM %s GROUP BY k",
	"SELECT count(*), sum(n), max(s), min(i) FROM %s",
	"SELECT i %% 13 AS rest, count(*) FILTER (WHERE n > 1) AS many, max(k) FROM %s WHERE i > 0 GROUP BY 1",
}

// TestViewsWhileEventsFlow creates ten views at random moments of a flow, with
// every kind of start, two processes at a time: each misses none and doubles
// none from its start on.
func TestViewsWhileEventsFlow(t *testing.T) {
	f := newFlow(t, 3)
	node := f.c.Start().Ready()
	begun := time.Now()
	f.begin(300_000)
	seed := uint64(begun.UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	starts := make([]string, 10)
	before, after := make([]map[int32]int64, 10), make([]map[int32]int64, 10)
	for i := range starts {
		f.await(int(f.produced.Load()) + rng.IntN(30_000))
		starts[i] = []string{"latest", "earliest", "timestamp"}[i%3]
		value := starts[i]
		if value == "timestamp" {
			value = begun.Add(time.Duration(rng.Int64N(int64(time.Since(begun))))).UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
			starts[i] = value
		}
		before[i] = f.look.ends()
		f.c.SQL(fmt.Sprintf("CREATE CONTINUOUS VIEW v%d WITH (start = '%s', num_shards = %d) AS %s;",
			i, value, 1+i%4, fmt.Sprintf(flowQueries[i%len(flowQueries)], "events")))
		after[i] = f.look.ends()
	}
	f.await(int(f.produced.Load()) + 40_000)
	f.finish()
	f.load()
	for i, start := range starts {
		view := fmt.Sprintf("v%d", i)
		f.compare(view, flowQueries[i%len(flowQueries)])
		f.checkStarts(view, start, before[i], after[i])
	}
	f.checkLag(10)
	healthy(t, node)
	if status := node.Stop(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// checkStarts holds where a view began against what its start says.
func (f *flow) checkStarts(view, start string, before, after map[int32]int64) {
	f.t.Helper()
	for p, at := range f.starts(view) {
		switch start {
		case "earliest":
			if at != 0 {
				f.t.Errorf("view %s: earliest is %d in partition %d", view, at, p)
			}
		case "latest":
			if at < before[p] || at > after[p] {
				f.t.Errorf("view %s: latest is %d in partition %d, which ended at %d before and %d after", view, at, p, before[p], after[p])
			}
		default:
			wall, err := time.Parse(time.RFC3339Nano, start)
			if err != nil {
				f.t.Fatal(err)
			}
			wrong := fmt.Sprintf("SELECT count(*) FROM plain WHERE p = %d AND (o >= %d) <> (ts >= %d)", p, at, wall.UnixMilli())
			f.want(wrong, "0")
		}
	}
}

// checkLag looks at `millrace lag` and `millrace views`, which must say what the
// ledger says.
func (f *flow) checkLag(views int) {
	f.t.Helper()
	all := f.list("lag")
	if want := views * f.partitions; len(all) != want {
		f.t.Errorf("lag has %d entries, not %d", len(all), want)
	}
	ends := f.look.ends()
	for _, l := range all {
		p := int32(l["partition"].(float64))
		start := f.starts(l["view"].(string))[p]
		if l["start"] != float64(start) || l["end"] != float64(ends[p]) || l["lag_records"] != 0.0 || l["lag_seconds"] != 0.0 || l["folded"].(float64) < l["end"].(float64) {
			f.t.Errorf("lag: %v; start %d, end %d", l, start, ends[p])
		}
	}
	if got := len(f.list("views")); got != views {
		f.t.Errorf("%d views listed, not %d", got, views)
	}
}

// TestBackfillBesideLiveFlow catches a view up from the beginning: while it
// runs, the view that is live goes on, and in the end the two have joined.
func TestBackfillBesideLiveFlow(t *testing.T) {
	f := newFlow(t, 2, "MILLRACE_LANES=1")
	f.begin(400_000)
	f.await(400_000)
	f.c.SQL("CREATE CONTINUOUS VIEW live AS SELECT count(*), sum(i) FROM events;")
	node := f.c.Start().Ready()
	system.Wait(t, 30*time.Second, "the live view counts", func() bool { return f.number("SELECT count FROM live") > 0 })
	f.c.SQL("CREATE CONTINUOUS VIEW back WITH (start = 'earliest') AS " + fmt.Sprintf(flowQueries[0], "events") + ";")
	var liveThen int64 = -1
	advanced := false
	var samples []string
	system.Wait(t, 60*time.Second, "the backfill is through", func() bool {
		rows := strings.Fields(f.query("SELECT (SELECT count FROM live), (SELECT coalesce(sum(count), 0) FROM back)"))
		live, errLive := strconv.ParseInt(rows[0], 10, 64)
		back, errBack := strconv.ParseInt(rows[1], 10, 64)
		if errLive != nil || errBack != nil {
			t.Fatal(rows)
		}
		samples = append(samples, rows[0]+"/"+rows[1])
		running := back > 0 && back < 300_000
		if running && liveThen < 0 {
			liveThen = live
		}
		advanced = advanced || running && live > liveThen
		return back >= 400_000*8/10
	})
	if !advanced {
		t.Errorf("the live view was not seen to advance while the backfill ran: live/back %v", samples)
	}
	f.finish()
	f.load()
	f.compare("live", "SELECT count(*), sum(i) FROM %s")
	f.compare("back", flowQueries[0])
	logged(t, node, 10*time.Second, "caught up", "back")
	healthy(t, node)
}

// number runs a query for one whole number.
func (s *scene) number(sql string) int64 {
	s.t.Helper()
	n, err := strconv.ParseInt(s.query(sql), 10, 64)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// TestPartitionAddedLater adds a partition to the input topic: the views read it
// from its beginning.
func TestPartitionAddedLater(t *testing.T) {
	s := newScene(t)
	s.stream("events", "a int", 1)
	s.produce("events", 0, `{"a": 1000}`)
	s.c.SQL("CREATE CONTINUOUS VIEW v AS SELECT count(*), sum(a) FROM events;")
	node := s.c.Start().Ready()
	s.produce("events", 0, `{"a": 1}`)
	s.eventually(30*time.Second, "SELECT * FROM v", "1 1")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	created, err := s.admin.CreatePartitions(ctx, 1, s.topic("events"))
	if err != nil || created.Error() != nil {
		t.Fatal(err, created.Error())
	}
	system.Wait(t, 30*time.Second, "the partition exists", func() bool {
		listed, err := s.admin.ListEndOffsets(ctx, s.topic("events"))
		if err != nil {
			return false
		}
		n := 0
		listed.Each(func(o kadm.ListedOffset) {
			if o.Err == nil {
				n++
			}
		})
		return n == 2
	})
	late := sceneOn(t, s.c.Name, s.c.Brokers, s.c.URL) // with a client that has not seen the topic before
	late.produce("events", 1, `{"a": 10}`, `{"a": 20}`)
	s.produce("events", 0, `{"a": 2}`)
	s.eventually(30*time.Second, "SELECT * FROM v", "4 33")
	s.want("SELECT input_partition, min(from_offset) FROM millrace.ledger WHERE cluster = '"+s.c.Name+"' GROUP BY 1 ORDER BY 1", "0 1|1 0")
	healthy(t, node)
}
