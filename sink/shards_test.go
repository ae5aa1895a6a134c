package sink_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// makeWriteOptimized makes a write_optimized view.
func makeWriteOptimized(t testing.TB, s *sink.Store, name string, plan *query.Plan) schema.ViewSpec {
	t.Helper()
	spec := schema.ViewSpec{ID: newViewID(), Name: name, Revision: 1, Plan: plan, Select: "SELECT 1", Policy: topology.WriteOptimized}
	if err := s.EnsureView(t.Context(), spec, func(topology.ViewID, topology.Revision) schema.State { return schema.Unknown }); err != nil {
		t.Fatal(err)
	}
	return spec
}

// onShard is rowsOf for a shard of a write_optimized view.
func onShard(spec schema.ViewSpec, shard topology.ShardID, groups ...group) aggregator.ViewRows {
	rows := rowsOf(spec, groups...)
	rows.Shard, rows.Policy = shard, spec.Policy
	return rows
}

// raises checks that reading fails with a SQLSTATE.
func raises(t testing.TB, conn *pgx.Conn, sql, code string) {
	t.Helper()
	var pg *pgconn.PgError
	if err := queryError(conn, sql); !errors.As(err, &pg) || pg.Code != code {
		t.Fatalf("%s: %v, want SQLSTATE %s", sql, err, code)
	}
}

// TestFoldShardsOfAGroup: a group has a row per shard, all of them one in v.
func TestFoldShardsOfAGroup(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	plan := countAndSum()
	plan.Having = "n > 1"
	spec := makeWriteOptimized(t, s, "v", plan)
	c := claim(t, s)
	// Two shards may live in one partition.
	result := foldNext(t, s, c, onShard(spec, 0, group{key: "a", n: 1, total: 10}, group{key: "b", n: 1, total: 7}), onShard(spec, 1), onShard(spec, 2, group{key: "a", n: 2, total: -3}))
	if result != (aggregator.FoldResult{Rows: 3}) {
		t.Fatalf("result %+v", result)
	}
	foldNext(t, s, c, onShard(spec, 2, group{key: "a", n: 1, total: 1}, group{key: "c", n: 5, total: 5}))
	conn := connect(t, url)
	equal(t, text(t, conn, "SELECT _shard, k0, n, total FROM v_mrel ORDER BY _shard, k0"), "0|a|1|10", "0|b|1|7", "2|a|3|-2", "2|c|5|5")
	equal(t, text(t, conn, "SELECT * FROM v ORDER BY k0"), "a|4|8", "c|5|5")
}

// TestFoldShardInError: what is refused marks the group on its shard alone, and
// reading raises it for the group as a whole.
func TestFoldShardInError(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeWriteOptimized(t, s, "v", countAndSum())
	conn := connect(t, url)
	c := claim(t, s)
	foldNext(t, s, c, onShard(spec, 0, group{key: "bad", n: 1, total: maxBigint}, group{key: "good", n: 1, total: 1}),
		onShard(spec, 1, group{key: "bad", n: 1, total: 3}, group{key: "good", n: 1, total: 1}))
	equal(t, text(t, conn, "SELECT k0, n FROM v ORDER BY k0"), "bad|2", "good|2")
	raises(t, conn, "SELECT total FROM v WHERE k0 = 'bad'", "22003") // of the combined sum
	result := foldNext(t, s, c, onShard(spec, 0, group{key: "bad", n: 1, total: 1}, group{key: "good", n: 1, total: 1}),
		onShard(spec, 1, group{key: "bad", n: 1, total: 3}, group{key: "worse", n: 1, total: 1, err: datum.Errorf("22012", "division by zero")}))
	if result != (aggregator.FoldResult{Rows: 4, Failed: 1}) {
		t.Fatalf("result %+v", result)
	}
	foldNext(t, s, c, onShard(spec, 1, group{key: "bad", n: 1, total: 1}), onShard(spec, 0, group{key: "bad", n: 1, total: 1}, group{key: "worse", n: 1, total: 1}))
	equal(t, text(t, conn, "SELECT _shard, k0, n, total, _error FROM v_mrel ORDER BY k0, _shard"),
		"0|bad|1|9223372036854775807|22003 bigint out of range", "1|bad|3|7|NULL",
		"0|good|2|2|NULL", "1|good|1|1|NULL", "0|worse|1|1|NULL", "1|worse|NULL|NULL|22012 division by zero")
	raises(t, conn, "SELECT n FROM v WHERE k0 = 'bad'", "22003")
	raises(t, conn, "SELECT n FROM v WHERE k0 = 'worse'", "22012")
	raises(t, conn, "SELECT * FROM v WHERE k0 <> 'worse'", "22003")
	equal(t, text(t, conn, "SELECT k0 FROM v ORDER BY k0"), "bad", "good", "worse")
	equal(t, text(t, conn, "SELECT * FROM v WHERE k0 NOT IN ('bad', 'worse')"), "good|3|3")
}

// TestFoldCollisionOnShard: another group's hash is found on the shard.
func TestFoldCollisionOnShard(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	spec := makeWriteOptimized(t, s, "v", countAndSum())
	c := claim(t, s)
	foldNext(t, s, c, onShard(spec, 0, group{key: "a", n: 1, total: 1}))
	other := onShard(spec, 0, group{key: "b", n: 1, total: 1})
	other.Hashes = onShard(spec, 0, group{key: "a"}).Hashes
	var faulty *sink.ViewError
	var pure *datum.Error
	if _, err := tryFold(t, s, c, other); !errors.As(err, &faulty) || !errors.As(err, &pure) || pure.Code != "XX001" {
		t.Fatalf("got %v", err)
	}
	other.Shard = 1 // where nothing is lost: each is a group of its own
	foldNext(t, s, c, other)
	equal(t, text(t, connect(t, url), "SELECT * FROM v ORDER BY k0"), "a|1|1", "b|1|1")
}

// TestFoldShardsWithoutGroupBy: one row, before, between and after the folds.
func TestFoldShardsWithoutGroupBy(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	plan := func() *query.Plan {
		return planOf(nil, state{"n", datum.Int8, agg.MergeAdd, "0"}, state{"top", datum.Text, agg.MergeMax, ""})
	}
	few, many := plan(), plan()
	few.Having, many.Having = "n < 7", "n >= 7"
	specs := []schema.ViewSpec{makeWriteOptimized(t, s, "v", plan()), makeWriteOptimized(t, s, "few", few), makeWriteOptimized(t, s, "many", many)}
	conn := connect(t, url)
	c := claim(t, s)
	for i, want := range []string{"0|NULL", "5|z", "10|z", "12|zz"} {
		equal(t, text(t, conn, "SELECT * FROM v"), want)
		equal(t, text(t, conn, "SELECT n, top FROM few UNION ALL SELECT * FROM many"), want)
		equal(t, text(t, conn, "SELECT (SELECT count(*) FROM few) AS few, (SELECT count(*) FROM many) AS many"), []string{"1|0", "1|0", "0|1", "0|1"}[i])
		if i == 3 {
			break
		}
		var views []aggregator.ViewRows
		for _, spec := range specs {
			views = append(views, aggregator.ViewRows{
				View: spec.ID, Name: spec.Name, Policy: spec.Policy, Shard: topology.ShardID(i % 2), Plan: spec.Plan, Hashes: [][16]byte{{1, 2, 3}},
				States: []*column.Vector{vectorOf(t, datum.Int8, []string{"5", "5", "2"}[i]), vectorOf(t, datum.Text, []string{"z", "a", "zz"}[i])},
			})
		}
		foldNext(t, s, c, views...)
	}
	equal(t, text(t, conn, "SELECT _shard, n FROM v_mrel ORDER BY 1"), "0|7", "1|5")
}

// TestFoldShardsKeyOutsideEncoding: a group whose key the database cannot take
// does not spoil the group that has NULL.
func TestFoldShardsKeyOutsideEncoding(t *testing.T) {
	url := newDatabase(t, "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	s := openStore(t, url)
	spec := makeWriteOptimized(t, s, "v", countAndSum())
	c := claim(t, s)
	for shard := range topology.ShardID(2) {
		rows := onShard(spec, shard, group{key: "東京", n: 1, total: 1}, group{key: "null", n: 1, total: 1})
		rows.Keys[0].SetNull(1)
		if result := foldNext(t, s, c, rows); result.Failed != 1 || result.Rows != 2 {
			t.Fatalf("result %+v", result)
		}
	}
	conn := connect(t, url)
	equal(t, text(t, conn, "SELECT k0 FROM v"), "NULL", "NULL")
	raises(t, conn, "SELECT * FROM v", "22P05")
	equal(t, text(t, conn, "SELECT k0, sum(n) AS n FROM v_mrel WHERE _error IS NULL GROUP BY k0"), "NULL|2")
}
