package sink_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// TestFoldTogether folds partitions in one transaction: each under its own claim
// and with its own ledger, all or none.
func TestFoldTogether(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	conn := connect(t, url)
	shares := make([]aggregator.Share, 3)
	for p := range shares {
		c, err := s.Claim(t.Context(), topic, topology.Partition(p))
		if err != nil {
			t.Fatal(err)
		}
		id := topology.Partition(p)
		shares[p] = aggregator.Share{Claim: c, Fold: &aggregator.Fold{
			Topic: topic, Partition: id, To: 5,
			Views:   []aggregator.ViewRows{rowsOf(spec, group{key: fmt.Sprint(p), n: 1, total: 1})},
			Applied: []aggregator.Applied{{View: spec.ID, Shard: topology.ShardID(p), Range: partial.Range{Partition: id, To: 10}}},
		}}
	}
	result, err := s.FoldTogether(t.Context(), shares)
	if err != nil || result != (aggregator.FoldResult{Rows: 3}) {
		t.Fatalf("%+v, %v", result, err)
	}
	equal(t, text(t, conn, "SELECT count(DISTINCT xmin::text) FROM v_mrel"), "1")
	equal(t, text(t, conn, "SELECT partition, position FROM millrace.partitions ORDER BY 1"), "0|5", "1|5", "2|5")
	equal(t, text(t, conn, "SELECT partition, shard, to_offset FROM millrace.ledger ORDER BY 1"), "0|0|10", "1|1|10", "2|2|10")

	for p := range shares {
		f := shares[p].Fold
		f.From, f.To, f.Applied[0].Range.To, f.Applied[0].Continues = 5, 9, 20, 10
	}
	var faulty *sink.ViewError
	for name, harm := range map[string]struct {
		do, undo func()
		is       func(err error) bool
	}{
		"claim": {
			func() { shares[1].Claim.Owner[0] ^= 1 }, func() { shares[1].Claim.Owner[0] ^= 1 },
			func(err error) bool { return errors.Is(err, aggregator.ErrClaimLost) },
		},
		"position": {
			func() { shares[2].Fold.From = 4 }, func() { shares[2].Fold.From = 5 },
			func(err error) bool { return errors.Is(err, aggregator.ErrClaimLost) },
		},
		"ledger": {
			func() { shares[0].Fold.Applied[0].Continues = 11 }, func() { shares[0].Fold.Applied[0].Continues = 10 },
			func(err error) bool { return errors.Is(err, aggregator.ErrLedger) },
		},
		"view": {
			func() { shares[1].Fold.Views[0].View[0] ^= 1 }, func() { shares[1].Fold.Views[0].View[0] ^= 1 },
			func(err error) bool { return errors.As(err, &faulty) },
		},
	} {
		harm.do()
		if _, err := s.FoldTogether(t.Context(), shares); !harm.is(err) {
			t.Errorf("%s: %v", name, err)
		}
		harm.undo()
		equal(t, text(t, conn, "SELECT * FROM v ORDER BY 1"), "0|1|1", "1|1|1", "2|1|1")
	}
	if _, err = s.FoldTogether(t.Context(), shares); err != nil {
		t.Fatal(err)
	}
	equal(t, text(t, conn, "SELECT * FROM v ORDER BY 1"), "0|2|2", "1|2|2", "2|2|2")
	equal(t, text(t, conn, "SELECT partition, position FROM millrace.partitions ORDER BY 1"), "0|9", "1|9", "2|9")
}

// TestOneRowChangeAGroup: a fold changes the row of each of its groups exactly once,
// by PostgreSQL's own count.
func TestOneRowChangeAGroup(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	conn := connect(t, url)
	var groups []group
	for i := range 20_000 {
		groups = append(groups, group{key: fmt.Sprint("key ", i), n: 1, total: 1})
	}
	rows := rowsOf(spec, groups...)
	sorted := rows // in order of the hashes, as a merger's
	slices.SortFunc(sorted.Hashes, func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
	const folds = 4
	for range folds {
		if result := foldNext(t, s, c, sorted); result.Rows != len(groups) {
			t.Fatalf("result %+v", result)
		}
	}
	s.Close() // whose connections report what they did as they end
	waitFor(t, conn, "SELECT 1 FROM pg_stat_user_tables WHERE relname = 'v_mrel' AND n_tup_ins + n_tup_upd > 0 AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace')")
	equal(t, text(t, conn, "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE relname = 'v_mrel'"), fmt.Sprintf("%d|%d|0", len(groups), (folds-1)*len(groups)))
	equal(t, text(t, conn, "SELECT sum(n) FROM v"), fmt.Sprint(folds*len(groups)))
	hot := text(t, conn, "SELECT 100 * n_tup_hot_upd / n_tup_upd AS hot FROM pg_stat_user_tables WHERE relname = 'v_mrel'")
	t.Logf("%s %% of the updates are HOT", hot[0])
}

// TestFoldMeetsAnothersRow: a row that somebody else inserts while the fold merges
// makes MERGE fail, and the fold is carried out by ON CONFLICT.
func TestFoldMeetsAnothersRow(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	person, observer := connect(t, url), connect(t, url)
	rows := rowsOf(spec, group{key: "b", n: 1, total: 1})
	execute(t, person, "BEGIN")
	execute(t, person, "INSERT INTO v_mrel (_hash, k0, n, total) VALUES ($1, 'b', 5, 5)", rows.Hashes[0])
	done := outcome(func() error {
		_, err := tryFold(t, s, c, rows)
		return err
	})
	waitFor(t, observer, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'MERGE%'")
	execute(t, person, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	equal(t, text(t, observer, "SELECT * FROM v ORDER BY 1"), "a|1|1", "b|6|6")
}

// TestFoldWholeNumbers sends numerics of every number of digits.
func TestFoldWholeNumbers(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", planOf([]datum.Type{datum.Numeric}))
	numbers := []string{"0", "-9223372036854775808", "9223372036854775807", "10000", "100000000", "-10001", "1.50", "99999999999999999999", "NaN", "0.0001", "-1.00"}
	for digits := "1"; len(digits) < 19; digits += "0" {
		numbers = append(numbers, digits, "-"+digits+"7", strings.Repeat("9", len(digits)))
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	rows := aggregator.ViewRows{View: spec.ID, Name: spec.Name, Plan: spec.Plan}
	for i := range numbers {
		rows.Hashes = append(rows.Hashes, [16]byte{byte(i + 1)})
	}
	rows.Keys = append(rows.Keys, vectorOf(t, datum.Numeric, numbers...))
	foldNext(t, s, claim(t, s), rows)
	equal(t, text(t, connect(t, url), "SELECT k0::text FROM v_mrel ORDER BY _hash"), numbers...)
}
