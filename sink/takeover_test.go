package sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// gate is a point at which an owner stops until it is let go.
type gate struct {
	reached, open chan struct{}
	once          sync.Once
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

// at is a Config.Inject that stops the first who comes to the point.
func (g *gate) at(point string) func(*sink.Config) {
	return func(c *sink.Config) {
		c.Inject = func(p string) bool {
			if p == point {
				g.once.Do(func() { close(g.reached); <-g.open })
			}
			return false
		}
	}
}

// outcome is what a call that ran beside the test returned.
func outcome(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}

// TestTakeoverOfPausedOwner stops an owner at each point of a fold, and between
// its claim and its first fold. Its successor goes on, and when it wakes it
// changes nothing.
func TestTakeoverOfPausedOwner(t *testing.T) {
	for _, point := range []string{"claim.made", "fold.rows", "fold.commit"} {
		t.Run(point, func(t *testing.T) {
			url := newDatabase(t, "")
			stop := newGate()
			old, young := openStore(t, url, stop.at(point)), openStore(t, url, func(c *sink.Config) { c.Node = "young" })
			spec := makeView(t, young, "v", countAndSum())
			done := outcome(func() error {
				c, err := old.Claim(context.Background(), topic, 0)
				if err != nil {
					return err
				}
				_, err = old.Fold(context.Background(), c, &aggregator.Fold{Topic: topic, To: 1, Views: []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})}})
				return err
			})
			<-stop.reached
			c := claim(t, young)
			if c.Position != 0 || c.Term != 2 {
				t.Fatalf("claim: %+v", c)
			}
			foldNext(t, young, c, rowsOf(spec, group{key: "a", n: 1, total: 10}))
			close(stop.open)
			if err := <-done; err == nil || point == "claim.made" && !errors.Is(err, aggregator.ErrClaimLost) {
				t.Fatalf("the paused owner's fold: %v", err)
			}
			conn := connect(t, url)
			equal(t, text(t, conn, "SELECT * FROM v"), "a|1|10")
			equal(t, text(t, conn, "SELECT node, position FROM millrace.partitions"), "young|1")
		})
	}
}

// TestTakeoverDuringCommit ends an owner whose COMMIT is under way: held up by a
// deferred trigger, it has not happened yet. The owner cannot know.
func TestTakeoverDuringCommit(t *testing.T) {
	url := newDatabase(t, "")
	old, young := openStore(t, url), openStore(t, url)
	spec := makeView(t, old, "v", countAndSum())
	conn := connect(t, url)
	execute(t, conn, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON v_mrel DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold();
		SELECT pg_advisory_lock(7)`)
	first := claim(t, old)
	done := outcome(func() error {
		_, err := old.Fold(context.Background(), first, &aggregator.Fold{Topic: topic, To: 1, Views: []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})}})
		return err
	})
	waitFor(t, conn, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
	c := claim(t, young)
	if c.Position != 0 {
		t.Fatalf("claim: %+v", c)
	}
	if err := <-done; !errors.Is(err, aggregator.ErrOutcomeUnknown) {
		t.Fatalf("got %v", err)
	}
	execute(t, conn, "DROP TRIGGER hold ON v_mrel")
	foldNext(t, young, c, rowsOf(spec, group{key: "a", n: 1, total: 10}))
	equal(t, text(t, conn, "SELECT * FROM v"), "a|1|10")
}

// TestTakeoverBehindLockedTable: the owner's fold holds the partition and waits
// itself, for a person's lock on a result table. (Its first fold would wait for it
// while it prepares its statements, and hold nothing yet.)
func TestTakeoverBehindLockedTable(t *testing.T) {
	url := newDatabase(t, "")
	old, young := openStore(t, url), openStore(t, url)
	spec := makeView(t, old, "v", countAndSum())
	one := []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})}
	first := claim(t, old)
	foldNext(t, old, first, one...)
	person, observer := connect(t, url), connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "LOCK TABLE v_mrel")
	done := outcome(func() error {
		_, err := old.Fold(context.Background(), first, &aggregator.Fold{Topic: topic, From: first.Position, To: first.Position + 1, Views: one})
		return err
	})
	waitFor(t, observer, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'v_mrel'::regclass")
	c := claim(t, young)
	if err := <-done; err == nil || errors.Is(err, aggregator.ErrOutcomeUnknown) {
		t.Fatalf("the former owner's fold: %v", err)
	}
	execute(t, person, "COMMIT") // whose session was left alone
	if _, err := tryFold(t, old, first, one...); !errors.Is(err, aggregator.ErrClaimLost) {
		t.Fatalf("the former owner tries again: %v", err)
	}
	foldNext(t, young, c, one...)
	equal(t, text(t, observer, "SELECT * FROM v"), "a|2|2")
}

// TestClaimBehindLockedTable says so where a person locked the claims themselves.
func TestClaimBehindLockedTable(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url, func(c *sink.Config) { c.PoolSize = 1 }) // which has prepared the claim's statements
	claim(t, s)
	person := connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "LOCK TABLE millrace.partitions")
	var explained *sink.Explained
	if _, err := s.Claim(t.Context(), topic, 0); !errors.As(err, &explained) || explained.Code != "55P03" || !sink.Retryable(err) {
		t.Fatalf("got %v", err)
	}
	execute(t, person, "COMMIT")
	claim(t, s)
}

// TestTakeoverOfPausedClaim stops a process while it is told a ledger that fills
// the buffers of its connection: its claim is not committed, and holds the row.
func TestTakeoverOfPausedClaim(t *testing.T) {
	url := newDatabase(t, "")
	young := openStore(t, url)
	through, pause := pausable(t, url)
	old := openStore(t, through, func(c *sink.Config) { c.PoolSize = 1 })
	long := strings.Repeat("t", 1000) // is in each entry of the answer
	claimLong := func(s *sink.Store) (*aggregator.Claim, error) { return s.Claim(context.Background(), long, 0) }
	if _, err := claimLong(old); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	execute(t, conn, `INSERT INTO millrace.ledger SELECT 'millrace', $1, 0, gen_random_uuid(), 0, gen_random_uuid(), 0, 0, 1, 0 FROM generate_series(1, 15000)`, long)
	resume := pause()
	defer resume()
	done := outcome(func() error {
		_, err := claimLong(old)
		return err
	})
	waitFor(t, conn, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientWrite'")
	if c, err := claimLong(young); err != nil || c.Term != 2 || len(c.Ledger) != 15000 {
		t.Fatalf("claim: %v", err)
	}
	resume()
	if err := <-done; err == nil {
		t.Fatal("the paused claim stands")
	}
}

// pass waits while somebody holds the lock.
func pass(l sync.Locker) {
	l.Lock()
	defer l.Unlock()
}

// pausable returns the URL of a proxy, and a function that makes it stop taking
// what the server sends until the function that it returns is called.
func pausable(t *testing.T, direct string) (through string, pause func() (resume func())) {
	t.Helper()
	var flow sync.Mutex // held while the proxy is paused
	through = proxied(t, direct, func(client net.Conn, address string) {
		var answers sync.WaitGroup
		defer answers.Wait()
		defer client.Close()
		server, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer server.Close()
		answers.Go(func() {
			defer client.Close()
			buf := make([]byte, 1<<14)
			for {
				pass(&flow)
				n, err := server.Read(buf)
				if _, broken := client.Write(buf[:n]); err != nil || broken != nil {
					return
				}
			}
		})
		_, _ = io.Copy(server, client)
	})
	return through, func() func() {
		flow.Lock()
		return sync.OnceFunc(flow.Unlock)
	}
}

// TestManyOwners has twenty owners claim and fold the same four partitions
// against each other, each as often as it can, and counts once what each partition's
// log holds. A serializable default of the database changes nothing.
func TestManyOwners(t *testing.T) {
	const owners, partitions, length = 20, 4, 60
	url := newDatabase(t, "")
	conn := connect(t, url)
	execute(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$")
	s := openStore(t, url, func(c *sink.Config) { c.PoolSize = owners })
	spec := makeView(t, s, "v", countAndSum())
	input := topology.TopicID{1}
	var all sync.WaitGroup
	var folds, lost atomic.Int64
	for range owners {
		all.Go(func() {
			for t.Context().Err() == nil {
				partition := topology.Partition(rand.IntN(partitions))
				c, err := s.Claim(t.Context(), topic, partition)
				if sink.Retryable(err) {
					lost.Add(1) // a faster one took it for stuck
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				for n := rand.IntN(5); n >= 0 && c.Position < length; n-- {
					// The log's entry at an offset is a flush that reads the input from there on.
					to := min(length, c.Position+1+rand.Int64N(3))
					ranged := partial.Range{Topic: input, Partition: partition, To: to}
					_, err := s.Fold(t.Context(), c, &aggregator.Fold{
						Topic: topic, Partition: partition, From: c.Position, To: to,
						Views:   []aggregator.ViewRows{rowsOf(spec, group{key: fmt.Sprint(partition), n: to - c.Position, total: 1000 * (to - c.Position)})},
						Applied: []aggregator.Applied{{View: spec.ID, Shard: topology.ShardID(partition), Range: ranged, Continues: c.Position}},
					})
					if errors.Is(err, aggregator.ErrClaimLost) || errors.Is(err, aggregator.ErrOutcomeUnknown) || sink.Retryable(err) {
						lost.Add(1)
						break
					}
					if err != nil {
						t.Error(err)
						return
					}
					folds.Add(1)
					c.Position = to
				}
				done, err := s.Partitions(t.Context())
				if err != nil && !sink.Retryable(err) {
					t.Error(err)
					return
				}
				sum := int64(0)
				for _, p := range done {
					sum += p.Position
				}
				if sum == partitions*length {
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d folds, %d claims lost to another owner", folds.Load(), lost.Load())
	for p := range partitions {
		equal(t, text(t, conn, "SELECT * FROM v WHERE k0 = $1", fmt.Sprint(p)), fmt.Sprintf("%d|%d|%d", p, length, 1000*length))
	}
	equal(t, text(t, conn, "SELECT count(*), sum(to_offset) FROM millrace.ledger"), fmt.Sprintf("%d|%d", partitions, partitions*length))
}

// TestSlowerClaimantSparesFaster: of two claimants that waited for one stuck
// fold, the slower does not end the faster one's.
func TestSlowerClaimantSparesFaster(t *testing.T) {
	url := newDatabase(t, "")
	stop := newGate()
	s := openStore(t, url, stop.at("fold.commit"), func(c *sink.Config) { c.TakeoverWait = time.Second })
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	done := outcome(func() error {
		_, err := s.Fold(context.Background(), c, &aggregator.Fold{Topic: topic, To: 1, Views: []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})}})
		return err
	})
	<-stop.reached
	must(t, s.EndHolder(t.Context(), topic, 0)) // its transaction is younger than TakeoverWait
	close(stop.open)
	must(t, <-done)
}

// TestGuardsOfFold leaves out one guard of a fold at a time: the other one still
// keeps a zombie's fold out, and without both it is counted twice.
func TestGuardsOfFold(t *testing.T) {
	for guard, want := range map[string]error{
		"fold.owner": aggregator.ErrLedger, "fold.applied": aggregator.ErrClaimLost, "fold.position": nil,
	} {
		t.Run(guard, func(t *testing.T) {
			url := newDatabase(t, "")
			old := openStore(t, url, func(c *sink.Config) { c.Inject = func(p string) bool { return p == guard } })
			young := openStore(t, url)
			spec := makeView(t, old, "v", countAndSum())
			fold := &aggregator.Fold{
				Topic: topic, To: 1, Views: []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})},
				Applied: []aggregator.Applied{{View: spec.ID, Range: partial.Range{To: 10}}},
			}
			zombie := claim(t, old)
			if _, err := young.Fold(t.Context(), claim(t, young), fold); err != nil {
				t.Fatal(err)
			}
			if _, err := old.Fold(t.Context(), zombie, fold); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Fatalf("got %v, want %v", err, want)
			}
			counted := "a|1|1"
			if want == nil {
				counted = "a|2|2"
			}
			equal(t, text(t, connect(t, url), "SELECT * FROM v"), counted)
		})
	}
}
