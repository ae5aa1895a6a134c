package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/integration/system"
)

// testWhole runs the corpus through the built binary, a real Kafka and a real
// PostgreSQL: under the base options and one other, or under all of them.
func testWhole(t *testing.T, r *reference) {
	all := matrix(r.seed)
	if !r.full {
		all = all[:quickWhole]
	}
	for i, options := range all {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Log(options)
			w := newWhole(t, r, options)
			w.run()
			if i == 0 {
				w.refusals()
			}
		})
	}
}

// whole is one run of the whole system.
type whole struct {
	t       *testing.T
	r       *reference
	o       wholeOptions
	rng     *rand.Rand
	cluster *system.Cluster
	nodes   []*system.Node
	url     string
	kafka   *kgo.Client
	admin   *kadm.Client
}

func newWhole(t *testing.T, r *reference, o wholeOptions) *whole {
	servers := harness.Get(t)
	w := &whole{t: t, r: r, o: o, rng: rand.New(rand.NewPCG(o.seed, 4)), url: r.fresh(t)}
	setZone(t, w.url)
	w.objects()
	w.cluster = system.NewCluster(t, servers.Cluster(t), servers.Brokers, w.url, o.env()...)
	var err error
	w.kafka, err = kgo.NewClient(kgo.SeedBrokers(servers.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.kafka.Close)
	w.admin = kadm.NewClient(w.kafka)
	return w
}

// objects makes what views use besides streams.
func (w *whole) objects() {
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	if err := MakeObjects(w.t.Context(), conn, w.r.Corpus); err != nil {
		w.t.Fatal(err)
	}
}

// run makes everything, produces everything and compares everything.
func (w *whole) run() {
	began := time.Now()
	step := func(what string, do func()) {
		do()
		w.t.Logf("%s: %v since the start", what, time.Since(began).Round(100*time.Millisecond))
	}
	step("streams", w.streams)
	step("ready", w.start)
	w.produceEarly()
	step("views", w.views)
	step("joined", w.join)
	step("produced", w.produceLate)
	step("flushed", w.cluster.Flush)
	step("compared", w.compare)
	compareDead(w.t, w.deadWanted(), w.deadLetters())
	w.stopNodes()
}

// topic returns the name of a stream's topic.
func (w *whole) topic(s *CompiledStream) string { return w.cluster.Name + "-" + s.Name }

func (w *whole) streams() {
	var script strings.Builder
	for _, s := range w.r.Streams {
		if s.Inferred {
			if _, err := w.admin.CreateTopic(w.t.Context(), int32(w.o.partitions), -1, nil, w.topic(s)); err != nil {
				w.t.Fatal(err)
			}
			continue
		}
		fmt.Fprintf(&script, "CREATE STREAM %s (%s) WITH (topic = '%s', partitions = %d%s);\n", s.Name, s.Columns, w.topic(s), w.o.partitions, s.Options)
	}
	w.cluster.SQL(script.String())
}

// views creates every view that is not refused.
func (w *whole) views() {
	var script strings.Builder
	for _, s := range w.r.Streams {
		for _, v := range s.Views {
			script.WriteString(w.statement(s.Stream, v.Case, w.topic(s)) + ";\n")
		}
	}
	w.cluster.SQL(script.String())
}

func (w *whole) statement(s *Stream, c *Case, topic string) string {
	query, start := c.Select, "earliest"
	if s != nil && s.Inferred {
		query = strings.ReplaceAll(query, "FROM "+s.Name, "FROM "+pgx.Identifier{topic}.Sanitize())
	}
	if c.Latest {
		start = "latest"
	}
	return fmt.Sprintf("CREATE CONTINUOUS VIEW %s WITH (start = '%s', sharding_policy = '%s') AS %s", c.Name, start, w.o.policy, query)
}

func (w *whole) compare() {
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	database := &Database{conn: conn}
	for _, s := range w.r.Streams {
		for _, v := range s.Views {
			if difference := w.r.difference(database, "public", v.Case); difference != "" {
				w.t.Errorf("%s: view %s: %s", v.Place, v.Name, difference)
			}
		}
	}
}

// deadWanted are the dead letters of the streams that keep them.
func (w *whole) deadWanted() map[string]int {
	want := map[string]int{}
	for _, s := range w.r.Streams {
		if s.Skips {
			continue
		}
		for key, n := range w.r.dead {
			name, _, _ := strings.Cut(key, " ")
			if name == s.Name {
				want[key] = n
			}
			for _, v := range s.Views {
				if name == v.Name {
					want[key] = n
				}
			}
		}
	}
	return want
}

// deadLetters reads every dead letter and counts them as Run.Dead does. A record that
// cannot be decoded has one for the views that read together and one for each view that
// PostgreSQL evaluates: none may name a view twice.
func (w *whole) deadLetters() map[string]int {
	undecoded := map[string]map[string]bool{} // views by record
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	got := map[string]int{}
	topics := map[string]string{} // of dead letters, to the stream
	for _, s := range w.r.Streams {
		if !s.Inferred {
			topics[w.cluster.Name+".dead."+s.Name] = s.Name
		}
	}
	var names []string
	for name := range topics {
		names = append(names, name)
	}
	ends, err := w.admin.ListEndOffsets(ctx, names...)
	if err != nil {
		w.t.Fatal(err)
	}
	starts := map[string]map[int32]kgo.Offset{}
	left := map[string]map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			if starts[o.Topic] == nil {
				starts[o.Topic], left[o.Topic] = map[int32]kgo.Offset{}, map[int32]int64{}
			}
			starts[o.Topic][o.Partition] = kgo.NewOffset().AtStart()
			left[o.Topic][o.Partition] = o.Offset
		}
	})
	reader, err := kgo.NewClient(kgo.SeedBrokers(w.cluster.Brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), kgo.ConsumePartitions(starts))
	if err != nil {
		w.t.Fatal(err)
	}
	defer reader.Close()
	for len(left) > 0 {
		fetches := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			w.t.Fatalf("dead letters: %v, left %v", ctx.Err(), left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() && !w.repeated(undecoded, r) {
				got[deadKey(topics[r.Topic], r)]++
			}
			if r.Offset+1 >= left[r.Topic][r.Partition] {
				delete(left[r.Topic], r.Partition)
			}
			if len(left[r.Topic]) == 0 {
				delete(left, r.Topic)
			}
		})
	}
	return got
}

// repeated reports whether a dead letter is of a record that could not be decoded and
// had one before, for other views.
func (w *whole) repeated(seen map[string]map[string]bool, r *kgo.Record) bool {
	header := headers(r)
	if header["millrace.stage"] != "decode" {
		return false
	}
	record := header["millrace.topic"] + "/" + header["millrace.partition"] + "/" + header["millrace.offset"]
	views, again := seen[record]
	if !again {
		views = map[string]bool{}
		seen[record] = views
	}
	for view := range strings.SplitSeq(header["millrace.views"], ",") {
		if views[view] {
			w.t.Errorf("record %s is twice in the dead letters of view %s", record, view)
		}
		views[view] = true
	}
	return again
}

func headers(r *kgo.Record) map[string]string {
	header := map[string]string{}
	for _, h := range r.Headers {
		header[h.Key] = string(h.Value)
	}
	return header
}

func deadKey(stream string, r *kgo.Record) string {
	header := headers(r)
	if header["millrace.stage"] == "decode" {
		return stream + " decode " + header["millrace.sqlstate"]
	}
	return header["millrace.views"] + " " + header["millrace.sqlstate"]
}

// refusals tries to create some of the views that must be refused (all, where
// the whole matrix is run), two at a time. Their refusal itself is tested in
// process; here it is what a person sees.
func (w *whole) refusals() {
	var trying sync.WaitGroup
	room := make(chan struct{}, 2)
	for _, c := range w.r.Corpus.Cases {
		e, want := c.Refused()
		if !want || !w.r.full && w.rng.IntN(6) > 0 {
			continue
		}
		room <- struct{}{}
		trying.Go(func() {
			defer func() { <-room }()
			_, printed, status := w.cluster.Command("", "sql", "-c", w.statement(c.Stream, c, ""))
			if status != 1 || !strings.Contains(printed, "ERROR:") || !strings.Contains(printed, e.Code) || !strings.Contains(printed, e.Text) {
				w.t.Errorf("%s: view %s: status %d, want an error %s %q:\n%s", c.Place, c.Name, status, e.Code, e.Text, printed)
			}
		})
	}
	trying.Wait()
}
