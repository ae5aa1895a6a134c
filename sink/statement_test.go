package sink_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// sharded are folds of several partitions, each with one shard of every view, with as
// many groups as it is told. The shards' order is not the partitions'.
func sharded(t testing.TB, s *sink.Store, specs []schema.ViewSpec, shards, groups int) []aggregator.Share {
	t.Helper()
	shares := make([]aggregator.Share, shards)
	for p := range shares {
		c, err := s.Claim(t.Context(), topic, topology.Partition(p))
		if err != nil {
			t.Fatal(err)
		}
		shard := (p + 3) % shards
		f := &aggregator.Fold{Topic: topic, Partition: topology.Partition(p)}
		for _, spec := range specs {
			var of []group
			for g := range groups {
				of = append(of, group{key: fmt.Sprintf("%d of shard %d", g, shard), n: 1, total: int64(shard)})
			}
			rows := rowsOf(spec, of...)
			for g := range rows.Hashes {
				rows.Hashes[g] = [16]byte{byte(shard), byte(g >> 8), byte(g)}
			}
			rows.Shard = topology.ShardID(shard)
			f.Views = append(f.Views, rows)
			f.Applied = append(f.Applied, aggregator.Applied{View: spec.ID, Shard: rows.Shard, Range: partial.Range{To: 1}})
		}
		shares[p] = aggregator.Share{Claim: c, Fold: f}
	}
	return shares
}

// next makes shares the folds that follow them.
func next(shares []aggregator.Share) {
	for _, share := range shares {
		share.Fold.From, share.Fold.To = share.Fold.To, share.Fold.To+1
		for i := range share.Fold.Applied {
			a := &share.Fold.Applied[i]
			a.Continues, a.Range.To = a.Range.To, a.Range.To+1
		}
	}
}

// TestShardsOfAViewShareAStatement: the shards of a view that fold together are merged by one
// statement, with the rows and the row changes of one each.
func TestShardsOfAViewShareAStatement(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	const shards, groups = 8, 20
	specs := []schema.ViewSpec{makeView(t, s, "v", countAndSum()), makeView(t, s, "w", countAndSum())}
	shares := sharded(t, s, specs, shards, groups)
	if statements, rows := s.Statements(t, shares); statements != len(specs) || rows != len(specs)*shards*groups {
		t.Errorf("%d statements for %d rows", statements, rows)
	}
	for range 3 {
		result, err := s.FoldTogether(t.Context(), shares)
		if err != nil || result.Rows != len(specs)*shards*groups {
			t.Fatalf("%+v, %v", result, err)
		}
		next(shares)
	}
	conn := connect(t, url)
	for _, name := range []string{"v", "w"} {
		equal(t, text(t, conn, "SELECT count(*), sum(n), sum(total), min(n), max(n) FROM "+name), fmt.Sprintf("%d|%d|%d|3|3", shards*groups, 3*shards*groups, 3*groups*28))
		equal(t, text(t, conn, "SELECT count(*) FROM "+name+" WHERE k0 LIKE '% of shard '||total/3 AND total/3 = get_byte(decode(replace((SELECT _hash FROM "+name+"_mrel m WHERE m.k0 = "+name+".k0)::text, '-', ''), 'hex'), 0)"), fmt.Sprint(shards*groups))
	}
	s.Close() // whose connections report what they did as they end
	waitFor(t, conn, "SELECT 1 FROM pg_stat_user_tables WHERE relname = 'v_mrel' AND n_tup_ins + n_tup_upd >= $1", 3*shards*groups)
	equal(t, text(t, conn, "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE relname = 'v_mrel'"), fmt.Sprintf("%d|%d|0", shards*groups, 2*shards*groups))
}

// TestStatementsOfTheirOwn: shards whose rows go in by different statements are not
// joined, and what is wrong in one of the joined is found.
func TestStatementsOfTheirOwn(t *testing.T) {
	s := openStore(t, newDatabase(t, ""))
	spec := makeView(t, s, "v", countAndSum())
	shares := sharded(t, s, []schema.ViewSpec{spec}, 4, 5)
	count := func(want int, why string) {
		t.Helper()
		if statements, rows := s.Statements(t, shares); statements != want || rows != 20 {
			t.Errorf("%s: %d statements for %d rows", why, statements, rows)
		}
	}
	views := func(i int) *aggregator.ViewRows { return &shares[i].Fold.Views[0] }
	views(0).Errors = []partial.GroupError{{Group: 1, Err: &datum.Error{Code: "22003", Message: "too large"}}}
	count(2, "the last shard has a group in error")
	views(0).Errors, views(3).Errors = nil, views(0).Errors
	count(3, "one in the middle has")
	views(3).Errors = nil
	for i := range shares {
		views(i).Policy = topology.WriteOptimized
	}
	count(4, "each shard has rows of its own")
	for i := range shares {
		views(i).Policy = ""
	}
	count(1, "all alike")

	// One hash in two shards: no two groups of one table have it.
	twice := views(1)
	was := slices.Clone(twice.Hashes)
	twice.Hashes[2] = views(2).Hashes[2]
	var faulty *sink.ViewError
	if _, err := s.FoldTogether(t.Context(), shares); !errors.As(err, &faulty) || faulty.View != spec.ID {
		t.Errorf("one hash twice: %v", err)
	}
	copy(twice.Hashes, was)
	if _, err := s.FoldTogether(t.Context(), shares); err != nil {
		t.Error(err)
	}
}
