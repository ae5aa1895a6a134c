package sink_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
)

// danger runs a scenario with its guard and without it. With it nothing may be
// wrong, without it something must be. docs/dangers.md lists them.
func danger(t *testing.T, guard string, scenario func(t *testing.T, change func(*sink.Config)) []string) {
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("%s=%v", guard, guarded), func(t *testing.T) {
			faults := scenario(t, func(c *sink.Config) { c.Inject = func(point string) bool { return point == guard && !guarded } })
			switch {
			case guarded && len(faults) > 0:
				t.Error(faults)
			case !guarded && len(faults) == 0:
				t.Error("nothing is wrong without the guard: the scenario proves nothing")
			case !guarded:
				t.Logf("seen, as it must be: %v", faults)
			}
		})
	}
}

// differs returns what a query shows if it is not what is wanted.
func differs(t *testing.T, url, sql string, want ...string) []string {
	t.Helper()
	if got := text(t, connect(t, url), sql); !slices.Equal(got, want) {
		return []string{fmt.Sprintf("%s: got %q, want %q", sql, got, want)}
	}
	return nil
}

// TestDangerPausedInTransaction stops an owner inside its fold's transaction:
// what it holds must not keep its successor out.
func TestDangerPausedInTransaction(t *testing.T) {
	danger(t, "claim.takeover", func(t *testing.T, change func(*sink.Config)) []string {
		url := newDatabase(t, "")
		young := openStore(t, url, change)
		spec := makeView(t, young, "v", countAndSum())
		stop := newGate()
		old := openStore(t, url, stop.at("fold.rows"))
		done := outcome(func() error {
			_, err := tryFold(t, old, claim(t, old), rowsOf(spec, group{key: "a", n: 1, total: 1}))
			return err
		})
		<-stop.reached
		c, err := young.Claim(t.Context(), topic, 0)
		var faults []string
		if err == nil {
			_, err = tryFold(t, young, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("the successor is stuck: %v", err))
		}
		close(stop.open)
		<-done
		if len(faults) > 0 {
			return faults
		}
		return differs(t, url, "SELECT * FROM v", "a|1|1")
	})
}

// TestDangerZombieFolds wakes an owner whose partition is another's by now, and
// that has folded the same.
func TestDangerZombieFolds(t *testing.T) {
	danger(t, "fold.position", func(t *testing.T, change func(*sink.Config)) []string {
		url := newDatabase(t, "")
		old, young := openStore(t, url, change), openStore(t, url)
		spec := makeView(t, old, "v", countAndSum())
		zombie := claim(t, old)
		foldNext(t, young, claim(t, young), rowsOf(spec, group{key: "a", n: 1, total: 1}))
		if _, err := tryFold(t, old, zombie, rowsOf(spec, group{key: "a", n: 1, total: 1})); err != nil && !errors.Is(err, aggregator.ErrClaimLost) {
			t.Fatal(err)
		}
		return differs(t, url, "SELECT * FROM v", "a|1|1")
	})
}

// TestDangerCommitAnswerLost cuts the connection before the answer to COMMIT
// comes, and folds the same again, as one does who takes no answer for a no.
func TestDangerCommitAnswerLost(t *testing.T) {
	danger(t, "fold.position", func(t *testing.T, change func(*sink.Config)) []string {
		direct := newDatabase(t, "")
		spec := makeView(t, openStore(t, direct), "v", countAndSum())
		cut, again := openStore(t, cutAtCommit(t, direct)), openStore(t, direct, change)
		c := claim(t, cut)
		rows := rowsOf(spec, group{key: "a", n: 1, total: 1})
		if _, err := tryFold(t, cut, c, rows); !errors.Is(err, aggregator.ErrOutcomeUnknown) {
			t.Fatalf("got %v", err)
		}
		if _, err := tryFold(t, again, c, rows); err != nil && !errors.Is(err, aggregator.ErrClaimLost) {
			t.Fatal(err)
		}
		return differs(t, direct, "SELECT * FROM v", "a|1|1")
	})
}

// TestDangerSumOverflows adds to a group beyond its type. The others of the fold
// must not wait for it.
func TestDangerSumOverflows(t *testing.T) {
	danger(t, "fold.bisect", func(t *testing.T, change func(*sink.Config)) []string {
		url := newDatabase(t, "")
		s := openStore(t, url, change)
		spec := makeView(t, s, "v", countAndSum())
		c := claim(t, s)
		foldNext(t, s, c, rowsOf(spec, group{key: "bad", n: 1, total: maxBigint}, group{key: "good", n: 1, total: 1}))
		var faults []string
		if _, err := tryFold(t, s, c, rowsOf(spec, group{key: "bad", n: 1, total: 1}, group{key: "good", n: 1, total: 1})); err != nil {
			faults = append(faults, fmt.Sprintf("the partition is stuck: %v", err))
		}
		faults = append(faults, differs(t, url, "SELECT * FROM v WHERE k0 <> 'bad'", "good|2|2")...)
		return append(faults, differs(t, url, "SELECT _error FROM v_mrel WHERE k0 = 'bad'", "22003 bigint out of range")...)
	})
}

// TestDangerLongKey folds a text key of 100 KB, which no btree takes. The guard
// is that rows are unique by the hash of their key; without it stands an index
// on the key itself, as one would make by hand.
func TestDangerLongKey(t *testing.T) {
	var long strings.Builder
	for i := 0; long.Len() < 100_000; i++ { // nothing that compresses well
		fmt.Fprintf(&long, "%x ", i*i*7919)
	}
	key := long.String()[:100_000]
	fold := func(t *testing.T, unique func(url string, spec schema.ViewSpec)) []string {
		url := newDatabase(t, "")
		s := openStore(t, url)
		spec := makeView(t, s, "v", countAndSum())
		unique(url, spec)
		c := claim(t, s)
		applied := []aggregator.Applied{{View: spec.ID, Range: partial.Range{To: 2}}}
		views := []aggregator.ViewRows{rowsOf(spec, group{key: key, n: 1, total: 1}, group{key: "short", n: 1, total: 1})}
		_, err := s.Fold(t.Context(), c, &aggregator.Fold{Topic: topic, To: 1, Views: views, Applied: applied})
		var faults []string
		if err != nil {
			faults = append(faults, err.Error())
		}
		return append(faults, differs(t, url, "SELECT pg_catalog.length(k0) AS long, n, _error FROM v_mrel ORDER BY 1", "5|1|NULL", "100000|1|NULL")...)
	}
	if faults := fold(t, func(string, schema.ViewSpec) {}); len(faults) > 0 {
		t.Error(faults)
	}
	faults := fold(t, func(url string, _ schema.ViewSpec) { execute(t, connect(t, url), "CREATE UNIQUE INDEX ON v_mrel (k0)") })
	if len(faults) == 0 {
		t.Error("a btree takes the key: the scenario proves nothing")
	}
	t.Logf("seen, as it must be: %v", faults)
}
