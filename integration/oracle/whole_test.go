package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
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

// wholeOptions are the options of a run of the whole system.
type wholeOptions struct {
	shards, partitions, lanes int
	tiny                      bool // many small flushes, or few large ones
	seed                      uint64
}

func (o wholeOptions) String() string {
	flushes := "large"
	if o.tiny {
		flushes = "tiny"
	}
	return fmt.Sprintf("%d shards, %d partitions, %d lanes, %s flushes, seed %d", o.shards, o.partitions, o.lanes, flushes, o.seed)
}

// env are the settings that make the options so.
func (o wholeOptions) env() []string {
	interval := "1s"
	if o.tiny {
		interval = "5ms"
	}
	return []string{
		"MILLRACE_FLUSH_INTERVAL=" + interval, "MILLRACE_FOLD_INTERVAL=" + interval,
		"MILLRACE_NUM_SHARDS=" + strconv.Itoa(o.shards), "MILLRACE_LANES=" + strconv.Itoa(o.lanes),
	}
}

// matrix are the options of the whole system: the base first, then the others
// in an order that hangs on the seed.
func matrix(seed uint64) []wholeOptions {
	all := []wholeOptions{{3, 4, 2, true, seed}}
	for _, shards := range []int{1, 3, 8} {
		for _, partitions := range []int{1, 4} {
			for _, lanes := range []int{1, 2} {
				for _, tiny := range []bool{true, false} {
					o := wholeOptions{shards, partitions, lanes, tiny, seed}
					if o != all[0] {
						all = append(all, o)
					}
				}
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, 3))
	rng.Shuffle(len(all)-1, func(i, j int) { all[i+1], all[j+1] = all[j+1], all[i+1] })
	return all
}

// testWhole runs the corpus through the built binary, a real Kafka and a real
// PostgreSQL: under the base options and one other, or under all of them.
func testWhole(t *testing.T, r *reference) {
	all := matrix(r.seed)
	if !full() {
		all = all[:2]
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
	url     string
	kafka   *kgo.Client
	admin   *kadm.Client
}

func newWhole(t *testing.T, r *reference, o wholeOptions) *whole {
	servers := harness.Get(t)
	w := &whole{t: t, r: r, o: o, rng: rand.New(rand.NewPCG(o.seed, 4)), url: servers.DatabaseURL(t)}
	setZone(t, w.url)
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

// run makes everything, produces everything and compares everything.
func (w *whole) run() {
	began := time.Now()
	step := func(what string, do func()) {
		do()
		w.t.Logf("%s: %v since the start", what, time.Since(began).Round(100*time.Millisecond))
	}
	node := w.cluster.Start()
	step("streams", w.streams)
	step("ready", func() { node.Ready() })
	w.produce(true)
	step("views", w.views)
	step("produced", func() { w.produce(false) })
	step("flushed", w.cluster.Flush)
	step("compared", w.compare)
	compareDead(w.t, w.deadWanted(), w.deadLetters())
	if status := node.Stop(); status != 0 {
		w.t.Errorf("the node stopped with status %d", status)
	}
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
	return fmt.Sprintf("CREATE CONTINUOUS VIEW %s WITH (start = '%s') AS %s", c.Name, start, query)
}

// produce writes the records, spread over partitions: small bursts of all
// streams where flushes are to be tiny.
func (w *whole) produce(early bool) {
	var records []*kgo.Record
	for _, s := range w.r.Streams {
		for _, r := range s.Records {
			if r.Early == early {
				records = append(records, &kgo.Record{Topic: w.topic(s), Partition: int32(w.rng.IntN(w.o.partitions)), Value: r.Value})
			}
		}
	}
	w.rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for len(records) > 0 {
		n := len(records)
		if w.o.tiny {
			n = min(n, 1+w.rng.IntN(200))
		}
		if err := w.kafka.ProduceSync(ctx, records[:n]...).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
		records = records[n:]
	}
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

// deadLetters reads every dead letter and counts them as Run.Dead does.
func (w *whole) deadLetters() map[string]int {
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
			if !r.Attrs.IsControl() {
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

func deadKey(stream string, r *kgo.Record) string {
	header := map[string]string{}
	for _, h := range r.Headers {
		header[h.Key] = string(h.Value)
	}
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
		if !want || !full() && w.rng.IntN(6) > 0 {
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
