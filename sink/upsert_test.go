package sink

import (
	"testing"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// TestUpsert: the statement of each policy. What a read_optimized view's is has
// been measured (BenchmarkFold); it does not change by the way.
func TestUpsert(t *testing.T) {
	state := func(column string, typ datum.Type, rule agg.MergeRule) query.Aggregate {
		return query.Aggregate{Function: &agg.Function{States: []agg.State{{Type: typ, Merge: rule}}}, Columns: []string{column}}
	}
	plan := &query.Plan{
		Keys:       []query.Key{{Column: "k", Expr: &expr.Column{Of: datum.Text}}},
		Aggregates: []query.Aggregate{state("n", datum.Int8, agg.MergeAdd), state("lo", datum.Float8, agg.MergeMin), state("hi", datum.Date, agg.MergeMax)},
	}
	const (
		set = `SET "n" = CASE WHEN m._error IS NULL THEN COALESCE(m."n" + excluded."n", m."n", excluded."n") ELSE m."n" END, ` +
			`"lo" = CASE WHEN m._error IS NULL THEN LEAST(m."lo", excluded."lo") ELSE m."lo" END, ` +
			`"hi" = CASE WHEN m._error IS NULL THEN GREATEST(m."hi", excluded."hi") ELSE m."hi" END`
		mark  = `, _error = COALESCE(m._error, excluded._error)`
		where = ` WHERE m."k" IS NOT DISTINCT FROM excluded."k"`
		types = `$1::uuid[], $2::text[], $3::bigint[], $4::double precision[], $5::date[]`
	)
	for _, c := range []struct {
		policy topology.ShardingPolicy
		errors bool
		want   string
	}{
		{"", false, `INSERT INTO t AS m (_hash, "k", "n", "lo", "hi") SELECT * FROM unnest(` + types + `) ON CONFLICT (_hash) DO UPDATE ` + set + where},
		{topology.ReadOptimized, true, `INSERT INTO t AS m (_hash, "k", "n", "lo", "hi", _error) SELECT * FROM unnest(` + types + `, $6::text[]) ON CONFLICT (_hash) DO UPDATE ` + set + mark + where},
		{topology.WriteOptimized, false, `INSERT INTO t AS m (_hash, "k", "n", "lo", "hi", _shard) SELECT *, $6::integer FROM unnest(` + types + `) ON CONFLICT (_hash, _shard) DO UPDATE ` + set + where},
		{topology.WriteOptimized, true, `INSERT INTO t AS m (_hash, "k", "n", "lo", "hi", _error, _shard) SELECT *, $7::integer FROM unnest(` + types + `, $6::text[]) ON CONFLICT (_hash, _shard) DO UPDATE ` + set + mark + where},
	} {
		if got := upsert("t", plan, c.policy, c.errors); got != c.want {
			t.Errorf("%q, errors %v:\ngot  %s\nwant %s", c.policy, c.errors, got, c.want)
		}
	}
}
