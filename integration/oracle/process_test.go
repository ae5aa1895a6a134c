package oracle

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/evaluate"
)

// zone is the database's TimeZone: one with a summer time, not the machine's.
const zone = "America/New_York"

// seedOf returns the seed to run with: MILLRACE_ORACLE_SEED, or a fresh one.
func seedOf(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("MILLRACE_ORACLE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MILLRACE_ORACLE_SEED: %v", err)
		}
	}
	t.Logf("seed %d: run it again with MILLRACE_ORACLE_SEED=%d", seed, seed)
	return seed
}

// full reports whether the whole matrix is to be run.
func full() bool {
	return os.Getenv("MILLRACE_ORACLE_FULL") == "1" || os.Getenv("MILLRACE_TEST_FULL") == "1"
}

// some are the scripts that are to be run, none for all.
func some() []string { return strings.Fields(os.Getenv("MILLRACE_ORACLE_SCRIPTS")) }

// reference is the corpus with its plans and PostgreSQL's answers.
type reference struct {
	t        *testing.T
	full     bool                    // the whole matrix is to be run
	fresh    func(testing.TB) string // makes a database of its own on the server
	url      string
	seed     uint64
	database *Database
	*Compiled
	expected map[string]*Answer
	dead     map[string]int // as Run.Dead counts them
}

// newReference fills a database of its own and asks PostgreSQL. fresh makes
// databases on the server that is to be asked.
func newReference(t *testing.T, fresh func(testing.TB) string) *reference {
	t.Helper()
	corpus, err := Load("testdata", some()...)
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{t: t, seed: seedOf(t), fresh: fresh, url: fresh(t), expected: map[string]*Answer{}, dead: map[string]int{}}
	setZone(t, r.url)
	conn := r.connect()
	if r.database, err = Fill(t.Context(), conn, corpus); err != nil {
		t.Fatal(err)
	}
	if r.Compiled, err = Compile(t.Context(), conn, corpus); err != nil {
		t.Fatal(err)
	}
	r.ask()
	return r
}

// setZone sets the TimeZone of a database.
func setZone(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET TimeZone = %%L', current_database(), '%s'); END $$`, zone)); err != nil {
		t.Fatal(err)
	}
}

func (r *reference) connect() *pgx.Conn {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.url)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close(r.t.Context()) })
	return conn
}

// ask collects PostgreSQL's answers and what must be dead.
func (r *reference) ask() {
	r.t.Helper()
	for _, s := range r.Streams {
		for _, record := range s.Records {
			if record.Dead != "" {
				r.dead[s.Name+" decode "+record.Dead]++
			}
		}
	}
	for _, c := range r.Corpus.Cases {
		if _, refused := c.Refused(); refused {
			continue
		}
		answer, err := r.database.Expected(r.t.Context(), c)
		if err != nil {
			r.t.Errorf("%s: view %s: %v", c.Place, c.Name, err)
			continue
		}
		r.expected[c.Name] = answer
		dead, err := r.database.DeadWanted(r.t.Context(), c)
		if err != nil {
			r.t.Fatal(err)
		}
		for code, n := range dead {
			if n == 0 {
				r.t.Errorf("%s: view %s: no record is dead by %s", c.Place, c.Name, code)
			}
			r.dead[c.Name+" "+code] = n
		}
	}
}

// store opens a store whose relations go to a schema of their own.
func (r *reference) store(schema string) *sink.Store {
	r.t.Helper()
	if err := r.database.exec(r.t.Context(), "CREATE SCHEMA "+schema); err != nil {
		r.t.Fatal(err)
	}
	address, err := url.Parse(r.url)
	if err != nil {
		r.t.Fatal(err)
	}
	query := address.Query()
	query.Set("search_path", schema)
	address.RawQuery = query.Encode()
	config := sink.DefaultConfig(address.String())
	config.Cluster = schema
	store, err := sink.Open(r.t.Context(), config, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(store.Close)
	if err := store.Install(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return store
}

// evaluator carries out row programs in the reference's database, where the plans
// were made.
func (r *reference) evaluator() *evaluate.Evaluator {
	r.t.Helper()
	e, err := evaluate.Open(r.t.Context(), evaluate.DefaultConfig(), sink.DefaultConfig(r.url))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(e.Close)
	return e
}

// difference holds one view, in a schema of a database, against PostgreSQL's answer.
func (r *reference) difference(database *Database, schema string, c *Case) string {
	r.t.Helper()
	want := r.expected[c.Name]
	if want == nil {
		return "" // reported
	}
	got, raised, err := database.Got(r.t.Context(), schema, c)
	if err != nil {
		return err.Error()
	}
	if e, ok := c.expects("group"); ok && raised != e.Code {
		return fmt.Sprintf("reading the groups where %s raises %q, want %s", e.Text, raised, e.Code)
	}
	return Difference(c, want, got)
}

// TestOracle shares PostgreSQL's answers among the runs of the corpus.
func TestOracle(t *testing.T) { runAll(t, full(), harness.Get(t).DatabaseURL) }

// TestOracleOn18 makes the quick runs with the newest PostgreSQL that is
// supported, whatever the shared server is.
func TestOracleOn18(t *testing.T) {
	if !full() {
		t.Skip("MILLRACE_TEST_FULL=1 runs it")
	}
	runAll(t, false, harness.NewPostgres(t, 18).Database)
}

func runAll(t *testing.T, full bool, fresh func(testing.TB) string) {
	r := newReference(t, fresh)
	r.full = full
	for _, test := range []struct {
		name string
		run  func(*testing.T, *reference)
	}{
		{"refused", testRefused}, {"coverage", testCoverage}, {"process", testInProcess}, {"faults", testFaults}, {"whole", testWhole},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, r) })
	}
}

// testRefused: what must be refused is, and nothing else.
func testRefused(t *testing.T, r *reference) {
	for _, c := range r.Corpus.Cases {
		e, want := c.Refused()
		refused, got := r.Refusals[c.Name]
		switch {
		case want && c.Stream == nil:
		case want && !got:
			t.Errorf("%s: view %s is accepted, want %s", c.Place, c.Name, e.Code)
		case want:
			if difference := e.Refused(refused.Code, refused.Message); difference != "" {
				t.Errorf("%s: view %s: %s", c.Place, c.Name, difference)
			}
		case got:
			t.Errorf("%s: view %s is refused: %v", c.Place, c.Name, refused)
		}
	}
	if n := len(r.expected); n < 150 && some() == nil {
		t.Errorf("%d views with an answer, want at least 150", n)
	}
}

// processOptions are the options of in-process runs, and how many are quick.
func processOptions(seed uint64) (all []Options, quick int) {
	all = []Options{{Shards: 3, Lanes: 2, Batch: 100, Flush: 3, Fold: 2, BlockLimit: roomy, Seed: seed}}
	rng := rand.New(rand.NewPCG(seed, 2))
	for _, shards := range []int{1, 3, 8} {
		for _, lanes := range []int{1, 2} {
			for _, batch := range []int{1, 7, 4096} {
				for _, limit := range []int{5_000, roomy} {
					all = append(all, Options{
						Shards: shards, Lanes: lanes, Batch: batch, Flush: 1 + rng.IntN(1+400/batch), Fold: 1 + rng.IntN(4),
						BlockLimit: limit, Seed: rng.Uint64(),
					})
				}
			}
		}
	}
	rng.Shuffle(len(all)-1, func(i, j int) { all[i+1], all[j+1] = all[j+1], all[i+1] })
	first := rng.IntN(2)
	for i := range all {
		all[i].Policy, all[i].Takeover = policyOf(first, i), i%2 == 1
	}
	return all, 2
}

// testInProcess runs the corpus through decoder, group tables, blocks, merger
// and fold.
func testInProcess(t *testing.T, r *reference) {
	all, quick := processOptions(r.seed)
	if !r.full {
		all = all[:quick]
	}
	for i, options := range all {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Log(options)
			schema := fmt.Sprintf("run_%d", i)
			run := NewRun(r.store(schema), options, Seams{})
			run.Evaluator = r.evaluator()
			for _, s := range r.Streams {
				if err := run.Stream(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				for _, v := range s.Views {
					if difference := r.difference(r.database, schema, v.Case); difference != "" {
						t.Errorf("%s: view %s: %s", v.Place, v.Name, difference)
					}
				}
			}
			compareDead(t, r.dead, run.Dead)
			if options.Takeover && run.Takeovers == 0 {
				t.Error("no partition got another owner: the run shows nothing")
			}
		})
	}
}

func compareDead(t *testing.T, want, got map[string]int) {
	t.Helper()
	var keys []string
	for _, m := range []map[string]int{want, got} {
		for key := range m {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if want[key] != got[key] {
			t.Errorf("dead letters %s: want %d, got %d", key, want[key], got[key])
		}
	}
}
