package sink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

const maxBigint = 1<<63 - 1

func TestFoldSeveralViews(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	v, w := makeView(t, s, "v", countAndSum()), makeView(t, s, `W "x"`, countAndSum())
	c := claim(t, s)
	result := foldNext(t, s, c,
		rowsOf(v, group{key: "a", n: 1, total: 10}, group{key: "", n: 2, total: 20}),
		rowsOf(w, group{key: "a", n: 3, total: 30}), rowsOf(w))
	if result != (aggregator.FoldResult{Rows: 3}) {
		t.Fatalf("result %+v", result)
	}
	foldNext(t, s, c, rowsOf(v, group{key: "a", n: 1, total: -3}), rowsOf(w, group{key: "b", n: 1, total: 1}))
	conn := connect(t, url)
	equal(t, text(t, conn, "SELECT * FROM v ORDER BY k0"), "|2|20", "a|2|7")
	equal(t, text(t, conn, `SELECT * FROM "W ""x""" ORDER BY k0`), "a|3|30", "b|1|1")
	equal(t, text(t, conn, "SELECT position FROM millrace.partitions"), "2")
}

// TestFoldChunks sends more rows than one statement takes.
func TestFoldChunks(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	var groups []group
	for i := range 40000 {
		groups = append(groups, group{key: fmt.Sprint("key ", i), n: 1, total: int64(i)})
	}
	groups[39999].total = maxBigint
	c := claim(t, s)
	if result := foldNext(t, s, c, rowsOf(spec, groups...)); result.Rows != 40000 {
		t.Fatalf("result %+v", result)
	}
	if result := foldNext(t, s, c, rowsOf(spec, groups...)); result != (aggregator.FoldResult{Rows: 40000, Failed: 1}) {
		t.Fatalf("result %+v", result)
	}
	equal(t, text(t, connect(t, url), "SELECT count(*), sum(total) FROM v WHERE k0 <> 'key 39999'"), "39999|1599880002")
}

// TestFoldSetsFailingGroupApart is the life of a group that overflows.
func TestFoldSetsFailingGroupApart(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	plan := countAndSum()
	plan.Having = "n > 0"
	spec := makeView(t, s, "v", plan)
	conn := connect(t, url)
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "bad", n: 1, total: maxBigint}, group{key: "good", n: 1, total: 1}, group{key: "other", n: 1, total: 1}))
	result := foldNext(t, s, c, rowsOf(spec, group{key: "bad", n: 1, total: 1}, group{key: "good", n: 1, total: 1}, group{key: "new", n: 1, total: 9}))
	if result != (aggregator.FoldResult{Rows: 3, Failed: 1}) {
		t.Fatalf("result %+v", result)
	}
	// Later folds do not stumble over it, and count it no more.
	result = foldNext(t, s, c, rowsOf(spec, group{key: "bad", n: 1, total: maxBigint}, group{key: "good", n: 1, total: 1}))
	if result != (aggregator.FoldResult{Rows: 2}) {
		t.Fatalf("result %+v", result)
	}
	// The view of a plan with HAVING raises even for a reader of the key alone;
	// one who leaves the group out reads on.
	for _, sql := range []string{"SELECT * FROM v", "SELECT k0 FROM v", "SELECT total FROM v WHERE k0 = 'bad'"} {
		var pg *pgconn.PgError
		if err := queryError(conn, sql); !errors.As(err, &pg) || pg.Code != "22003" || pg.Message != "bigint out of range" || pg.Hint == "" {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	equal(t, text(t, conn, "SELECT * FROM v WHERE k0 <> 'bad' ORDER BY k0"), "good|3|3", "new|1|9", "other|1|1")
	equal(t, text(t, conn, "SELECT k0, n, total, _error FROM v_mrel WHERE k0 = 'bad'"), "bad|1|9223372036854775807|22003 bigint out of range")
}

// TestFoldTakesGroupsInError folds groups that the workers found in error.
func TestFoldTakesGroupsInError(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	conn := connect(t, url)
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	failure := datum.Errorf("22012", "division by zero")
	strange := datum.Errorf("?", "a\x00b\xff")
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 7, total: maxBigint, err: failure},
		group{key: "b", n: 9, total: 9, err: strange}, group{key: "c", n: 1, total: 2}))
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1, err: datum.Errorf("22003", "later")}, group{key: "b", n: 1, total: 1}))
	equal(t, text(t, conn, "SELECT k0, n, total, _error FROM v_mrel ORDER BY k0"),
		"a|1|1|22012 division by zero", "b|NULL|NULL|XX000 ab?", "c|1|2|NULL")
	for key, code := range map[string]string{"a": "22012", "b": "XX000"} {
		var pg *pgconn.PgError
		if err := queryError(conn, "SELECT * FROM v WHERE k0 = '"+key+"'"); !errors.As(err, &pg) || pg.Code != code {
			t.Fatalf("%s: %v", key, err)
		}
	}
}

func TestFoldWithoutGroupBy(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", planOf(nil, state{"n", datum.Int8, agg.MergeAdd, "0"}, state{"top", datum.Text, agg.MergeMax, ""}))
	conn := connect(t, url)
	equal(t, text(t, conn, "SELECT * FROM v"), "0|NULL")
	rows := aggregator.ViewRows{
		View: spec.ID, Name: spec.Name, Plan: spec.Plan, Hashes: [][16]byte{{1, 2, 3}},
		States: []*column.Vector{vectorOf(t, datum.Int8, "5"), vectorOf(t, datum.Text, "z")},
	}
	c := claim(t, s)
	foldNext(t, s, c, rows)
	foldNext(t, s, c, rows)
	equal(t, text(t, conn, "SELECT * FROM v"), "10|z")
	equal(t, text(t, conn, "SELECT count(*) FROM v_mrel"), "1")
}

func TestFoldOfKeysAlone(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", planOf([]datum.Type{datum.Int4, datum.Text, datum.Numeric}))
	rows := aggregator.ViewRows{
		View: spec.ID, Name: spec.Name, Plan: spec.Plan, Hashes: [][16]byte{{1}, {2}},
		Keys: []*column.Vector{vectorOf(t, datum.Int4, "1", "NULL"), vectorOf(t, datum.Text, "x", "NULL"), vectorOf(t, datum.Numeric, "1.50", "NaN")},
	}
	c := claim(t, s)
	foldNext(t, s, c, rows)
	rows.Keys[2] = vectorOf(t, datum.Numeric, "1.5", "NaN") // equal by another look
	foldNext(t, s, c, rows)
	equal(t, text(t, connect(t, url), "SELECT * FROM v ORDER BY k0"), "1|x|1.50", "NULL|NULL|NaN")
}

// TestFoldLongKeys folds keys far beyond what a btree takes, in each index that
// a view may have.
func TestFoldLongKeys(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	conn := connect(t, url)
	var long strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&long, "%x ", i*i*7919)
	}
	digits := strings.Repeat("1234567890", 5000)
	single := makeView(t, s, "single", countAndSum())
	double := makeView(t, s, "double", planOf([]datum.Type{datum.Int4, datum.Text, datum.Numeric}, state{"n", datum.Int8, agg.MergeAdd, "0"}))
	number := makeView(t, s, "number", planOf([]datum.Type{datum.Numeric}, state{"n", datum.Int8, agg.MergeAdd, "0"}))
	c := claim(t, s)
	for range 2 {
		foldNext(t, s, c, rowsOf(single, group{key: long.String(), n: 1, total: 1}, group{key: long.String() + "x", n: 1, total: 1}),
			aggregator.ViewRows{
				View: double.ID, Name: double.Name, Plan: double.Plan, Hashes: [][16]byte{{1}, {2}},
				Keys:   []*column.Vector{vectorOf(t, datum.Int4, "1", "1"), vectorOf(t, datum.Text, long.String(), long.String()+"x"), vectorOf(t, datum.Numeric, digits, "-"+digits)},
				States: []*column.Vector{vectorOf(t, datum.Int8, "1", "1")},
			},
			aggregator.ViewRows{
				View: number.ID, Name: number.Name, Plan: number.Plan, Hashes: [][16]byte{{1}},
				Keys: []*column.Vector{vectorOf(t, datum.Numeric, digits)}, States: []*column.Vector{vectorOf(t, datum.Int8, "1")},
			})
	}
	execute(t, conn, "SET enable_seqscan = off")
	for _, sql := range []string{
		"SELECT n FROM single WHERE k0 = $1", "SELECT n FROM double WHERE k0 = 1 AND k1 = $1", "SELECT n FROM double WHERE k1 = $1",
	} {
		equal(t, text(t, conn, sql, long.String()), "2")
	}
	equal(t, text(t, conn, "SELECT n FROM number WHERE k0 = $1::text::numeric", digits), "2")
}

// TestFoldFindsCollision forges two groups of one hash.
func TestFoldFindsCollision(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	forged := rowsOf(spec, group{key: "b", n: 1, total: 1}, group{key: "c", n: 1, total: 1})
	forged.Hashes[0] = rowsOf(spec, group{key: "a"}).Hashes[0]
	twice := rowsOf(spec, group{key: "b", n: 1, total: 1}, group{key: "c", n: 1, total: 1})
	twice.Hashes[0] = twice.Hashes[1]
	for name, rows := range map[string]aggregator.ViewRows{"in the table": forged, "in the fold": twice} {
		_, err := tryFold(t, s, c, rows)
		var faulty *sink.ViewError
		if !errors.As(err, &faulty) || faulty.View != spec.ID || !strings.Contains(err.Error(), "hash of another group") || sink.Retryable(err) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	equal(t, text(t, connect(t, url), "SELECT * FROM v"), "a|1|1")
}

// TestFoldFollowsTables drops, renames and replaces a result table under a store
// that has its name in mind.
func TestFoldFollowsTables(t *testing.T) {
	url := newDatabase(t, "")
	s, other := openStore(t, url), openStore(t, url)
	conn := connect(t, url)
	spec, fine := makeView(t, s, "v", countAndSum()), makeView(t, s, "fine", countAndSum())
	one := func() aggregator.ViewRows { return rowsOf(spec, group{key: "a", n: 1, total: 1}) }
	c := claim(t, s)
	foldNext(t, s, c, one())

	execute(t, conn, "CREATE SCHEMA elsewhere")
	execute(t, conn, "ALTER TABLE v_mrel SET SCHEMA elsewhere")
	execute(t, conn, "ALTER TABLE elsewhere.v_mrel RENAME TO groups")
	foldNext(t, s, c, one())
	equal(t, text(t, conn, "SELECT * FROM v"), "a|2|2")

	// Dropped by another node: that view is at fault, the others go on.
	if err := other.DropView(t.Context(), spec.ID, false); err != nil {
		t.Fatal(err)
	}
	refused := func(what string) {
		t.Helper()
		_, err := tryFold(t, s, c, one(), rowsOf(fine, group{key: "a", n: 1, total: 1}))
		var faulty *sink.ViewError
		if !errors.As(err, &faulty) || faulty.View != spec.ID || !strings.Contains(err.Error(), `continuous view "v" does not exist`) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	refused("dropped")
	foldNext(t, s, c, rowsOf(fine, group{key: "a", n: 1, total: 1}))

	// Whichever comes first in the fold, and however many statements are new.
	third, last := makeView(t, s, "third", countAndSum()), makeView(t, s, "last", countAndSum())
	foldNext(t, s, c, rowsOf(last, group{key: "a", n: 1, total: 1}))
	if err := other.DropView(t.Context(), last.ID, false); err != nil {
		t.Fatal(err)
	}
	_, err := tryFold(t, s, c, rowsOf(third, group{key: "a", n: 1, total: 1}), rowsOf(last, group{key: "a", n: 1, total: 1}))
	var faulty *sink.ViewError
	if !errors.As(err, &faulty) || faulty.View != last.ID {
		t.Fatalf("the view dropped is last: %v", err)
	}

	// Another view has the name: what is meant for the old one never gets there.
	spec = makeView(t, s, "again", countAndSum())
	foldNext(t, s, c, one())
	if err := other.DropView(t.Context(), spec.ID, false); err != nil {
		t.Fatal(err)
	}
	makeView(t, other, "again", countAndSum())
	spec.Name = "v"
	refused("replaced")
	equal(t, text(t, conn, "SELECT * FROM again"))
}

// TestFoldKeyOutsideEncoding folds text that the database's encoding lacks.
func TestFoldKeyOutsideEncoding(t *testing.T) {
	url := newDatabase(t, "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	for range 2 {
		result := foldNext(t, s, c, rowsOf(spec, group{key: "Zürich", n: 1, total: 1}, group{key: "東京", n: 1, total: 1}, group{key: "x", n: 1, total: 1}))
		if result.Failed != 1 || result.Rows != 3 {
			t.Fatalf("result %+v", result)
		}
	}
	equal(t, text(t, connect(t, url), "SELECT k0, n, left(_error, 5) AS e FROM v_mrel ORDER BY k0"), "Zürich|2|NULL", "x|2|NULL", "NULL|NULL|22P05")
}

// TestFoldUnderUsersConstraint: what a user's own constraint refuses is a group in error.
func TestFoldUnderUsersConstraint(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	conn := connect(t, url)
	execute(t, conn, "ALTER TABLE v_mrel ADD CONSTRAINT few CHECK (n < 3)")
	c := claim(t, s)
	if result := foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 3, total: 1}, group{key: "b", n: 2, total: 1})); result.Failed != 1 {
		t.Fatalf("result %+v", result)
	}
	equal(t, text(t, conn, "SELECT * FROM v WHERE k0 <> 'a'"), "b|2|1")
	// One that refuses even the marked row stops the view, by name.
	execute(t, conn, "ALTER TABLE v_mrel ADD CONSTRAINT none CHECK (k0 IS NOT NULL AND k0 <> 'z')")
	var faulty *sink.ViewError
	if _, err := tryFold(t, s, c, rowsOf(spec, group{key: "z", n: 1, total: 1})); !errors.As(err, &faulty) || faulty.View != spec.ID {
		t.Fatalf("got %v", err)
	}
}

func TestFoldReadOnly(t *testing.T) {
	url := newDatabase(t, "")
	spec := makeView(t, openStore(t, url), "v", countAndSum())
	s := openStore(t, withParam(t, url, "default_transaction_read_only", "on"))
	_, err := s.Claim(t.Context(), topic, 0)
	if err == nil || !sink.Retryable(err) || !strings.Contains(err.Error(), "point MILLRACE_DATABASE_URL at the primary") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("claim: %v", err)
	}
	_, err = tryFold(t, s, &aggregator.Claim{Topic: topic}, rowsOf(spec, group{key: "a"}))
	if err == nil || !sink.Retryable(err) || !strings.Contains(err.Error(), "25006") {
		t.Fatalf("fold: %v", err)
	}
}

// TestFoldCanceled stops a fold that waits for a lock; nothing is left behind.
func TestFoldCanceled(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	person := connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "LOCK TABLE v_mrel")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Fold(ctx, c, &aggregator.Fold{Topic: topic, To: 1, Views: []aggregator.ViewRows{rowsOf(spec, group{key: "a", n: 1, total: 1})}})
		done <- err
	}()
	observer := connect(t, url)
	for len(text(t, observer, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'v_mrel'::regclass")) == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the fold never waited")
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || errors.Is(err, aggregator.ErrOutcomeUnknown) {
		t.Fatalf("got %v", err)
	}
	execute(t, person, "COMMIT")
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	equal(t, text(t, observer, "SELECT * FROM v"), "a|1|1")
}

// TestFoldInParallel folds many partitions of one view at once.
func TestFoldInParallel(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url, func(c *sink.Config) { c.PoolSize = 4 })
	spec := makeView(t, s, "v", countAndSum())
	var all sync.WaitGroup
	for p := range topology.Partition(8) {
		all.Go(func() {
			c, err := s.Claim(t.Context(), topic, p)
			for i := 0; err == nil && i < 20; i++ {
				_, err = tryFold(t, s, c, rowsOf(spec, group{key: fmt.Sprint(p), n: 1, total: int64(i)}, group{key: fmt.Sprint(p, "b"), n: 1, total: 1}))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	equal(t, text(t, connect(t, url), "SELECT count(*), sum(n), sum(total) FROM v"), "16|320|1680")
}
