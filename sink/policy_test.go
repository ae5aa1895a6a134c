package sink_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// keyValues are values of keys, equal ones of different looks among them.
var keyValues = map[datum.Type][]string{
	datum.Int4:     {"NULL", "0", "1", "-2147483648"},
	datum.Text:     {"NULL", "", "a", "A", "é"},
	datum.Numeric:  {"NULL", "1", "1.00", "NaN", "-0.0", "0"},
	datum.Interval: {"NULL", "1 mon", "30 days", "720:00:00", "0"},
	datum.Float8:   {"NULL", "0", "-0", "NaN", "Infinity"},
	datum.Bool:     {"NULL", "true", "false"},
}

// argumentValues are values whose sums do not depend on the order: quarters, and
// one so large that three of them leave the range in any.
var argumentValues = []string{"NULL", "0.25", "-7.5", "1024", "3", "8e307"}

// TestPoliciesReadTheSame: the same rows through the workers' side, with any
// number of shards and any cut of flushes and folds, read the same from a
// write_optimized view as from a read_optimized one, group by group, errors too.
func TestPoliciesReadTheSame(t *testing.T) {
	url := newDatabase(t, "")
	s := openStore(t, url)
	conn := connect(t, url)
	failed, several := 0, 0
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 7))
		plan := policyPlan(t, rng)
		batch := policyBatch(t, rng, plan)
		read, write := makeView(t, s, fmt.Sprint("r", seed), plan), makeWriteOptimized(t, s, fmt.Sprint("w", seed), plan)
		shards := 2 + rng.IntN(4)
		newJourney(t, rng, s, read, shards).run(t, batch)
		newJourney(t, rng, s, write, shards).run(t, batch)
		failed += compareGroups(t, conn, plan, read.Name, write.Name)
		several += len(text(t, conn, fmt.Sprintf("SELECT _hash FROM %s_mrel GROUP BY 1 HAVING count(*) > 1", write.Name)))
	}
	if failed == 0 || several == 0 {
		t.Errorf("%d groups in error, %d on several shards: nothing was tried", failed, several)
	}
}

// policyPlan has up to three keys, count, sum, min and max of a float8, and sum,
// min and max of a numeric; perhaps HAVING.
func policyPlan(t *testing.T, rng *rand.Rand) *query.Plan {
	p := &query.Plan{TimeZone: "UTC"}
	types := []datum.Type{datum.Int4, datum.Text, datum.Numeric, datum.Interval, datum.Float8, datum.Bool}
	for i := range rng.IntN(4) {
		typ, name := types[rng.IntN(len(types))], fmt.Sprint("k", i)
		p.Keys = append(p.Keys, query.Key{Column: name, Expr: &expr.Column{Index: i, Name: name, Of: typ}})
		p.Output = append(p.Output, query.Output{Name: name, Type: typ.String(), SQL: quoted(name)})
	}
	x, y := &expr.Column{Index: len(p.Keys), Name: "x", Of: datum.Float8}, &expr.Column{Index: len(p.Keys) + 1, Name: "y", Of: datum.Numeric}
	for i, a := range []struct {
		kind string
		arg  expr.Node
	}{{"count", nil}, {"sum", x}, {"min", x}, {"max", x}, {"count", y}, {"sum", y}, {"min", y}, {"max", y}} {
		of := datum.Invalid
		if a.arg != nil {
			of = a.arg.Type()
		}
		f, ok := agg.Lookup(a.kind, of)
		if !ok {
			t.Fatalf("no %s(%v)", a.kind, of)
		}
		name := fmt.Sprint("s", i)
		p.Aggregates = append(p.Aggregates, query.Aggregate{Function: f, Arg: a.arg, Columns: []string{name}})
		p.Output = append(p.Output, query.Output{Name: name, Type: f.States[0].Type.String(), SQL: quoted(name)})
	}
	p.Output = append(p.Output, query.Output{Name: "mean", Type: "numeric(20,3)", SQL: "(s5 / NULLIF(s4, 0)::numeric)::numeric(20,3)"})
	if rng.IntN(3) == 0 {
		p.Having = "(s0 > 5)"
	}
	for i := range len(p.Keys) + 2 {
		p.Columns = append(p.Columns, i)
	}
	return p
}

// policyBatch are rows for a plan of policyPlan.
func policyBatch(t *testing.T, rng *rand.Rand, plan *query.Plan) *column.Batch {
	t.Helper()
	batch := &column.Batch{Rows: 200 + rng.IntN(400)}
	arguments := argumentValues[:len(argumentValues)-rng.IntN(2)]
	for i := range plan.Columns {
		typ, values := datum.Numeric, mergeValues[datum.Numeric]
		switch {
		case i < len(plan.Keys):
			typ = plan.Keys[i].Expr.Type()
			values = keyValues[typ]
		case i == len(plan.Keys):
			typ, values = datum.Float8, arguments
		}
		picked := make([]string, batch.Rows)
		for r := range picked {
			picked[r] = values[rng.IntN(len(values))]
			if picked[r] == "8e307" && rng.IntN(10) > 0 {
				picked[r] = "0.5"
			}
		}
		batch.Columns = append(batch.Columns, vectorOf(t, typ, picked...))
	}
	return batch
}

// journey is a view on its way from a lane's rows to its table.
type journey struct {
	store   *sink.Store
	lane    *aggregator.View
	mergers []*aggregator.Merger // by shard
	claims  []*aggregator.Claim  // each shard has a partition of its own
	rng     *rand.Rand
}

func newJourney(t *testing.T, rng *rand.Rand, s *sink.Store, spec schema.ViewSpec, shards int) *journey {
	t.Helper()
	lane, err := aggregator.NewView(spec.ID, spec.Plan, shards)
	if err != nil {
		t.Fatal(err)
	}
	lane.SetPolicy(spec.Policy)
	j := &journey{store: s, lane: lane, rng: rng}
	for i := range shards {
		m := aggregator.NewMerger(spec.ID, spec.Name, topology.ShardID(i), spec.Plan)
		m.SetPolicy(spec.Policy)
		j.mergers = append(j.mergers, m)
		c, err := s.Claim(t.Context(), topic, topology.Partition(i))
		if err != nil {
			t.Fatal(err)
		}
		j.claims = append(j.claims, c)
	}
	return j
}

// run sends the rows of a batch all the way, flushed and folded now and then.
func (j *journey) run(t *testing.T, batch *column.Batch) {
	t.Helper()
	rows := column.All(batch.Rows)
	for len(rows) > 0 {
		n := min(len(rows), 1+j.rng.IntN(80))
		j.lane.Add(batch, rows[:n], func(row int32, err *datum.Error) { t.Fatalf("row %d: %v", row, err) })
		if rows = rows[n:]; j.rng.IntN(2) == 0 {
			j.flush(t)
		}
		if j.rng.IntN(2) == 0 {
			j.fold(t, j.rng.IntN(len(j.mergers)))
		}
	}
	j.flush(t)
	for shard := range j.mergers {
		j.fold(t, shard)
	}
}

func (j *journey) flush(t *testing.T) {
	t.Helper()
	ranges := []partial.Range{{Partition: j.rng.Int32N(100), To: 1}}
	err := j.lane.Blocks(partial.FlushID{}, ranges, 900_000, func(_ topology.GroupHash, b *partial.Block) error {
		return j.mergers[b.Shard].Merge(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	j.lane.Reset()
}

func (j *journey) fold(t *testing.T, shard int) {
	t.Helper()
	rows, err := j.mergers[shard].Rows()
	if err != nil {
		t.Fatal(err)
	}
	foldNext(t, j.store, j.claims[shard], *rows)
	j.mergers[shard].Reset()
}

// compareGroups reads each group from both views and returns how many raise an
// error in both.
func compareGroups(t *testing.T, conn *pgx.Conn, plan *query.Plan, read, write string) (failed int) {
	t.Helper()
	condition, keys := []string{"'true'"}, []string{"1"}
	for _, k := range plan.Keys {
		condition = append(condition, fmt.Sprintf("format('%%I IS NOT DISTINCT FROM %%L::%v', '%s', %s)", k.Expr.Type(), k.Column, k.Column))
		keys = append(keys, k.Column)
	}
	groups := text(t, conn, "SELECT concat_ws(' AND ', "+strings.Join(condition, ", ")+") FROM "+read+"_mrel")
	for _, where := range groups {
		if groupFails(t, conn, "SELECT * FROM "+read+" WHERE "+where, "SELECT * FROM "+write+" WHERE "+where) {
			failed++
		}
	}
	if plan.Having != "" {
		return failed // reading the keys raises errors too
	}
	count := func(view string) string {
		return text(t, conn, "SELECT count(*) FROM (SELECT "+strings.Join(keys, ", ")+" FROM "+view+") q")[0]
	}
	if got, want := count(write), count(read); got != want || want != fmt.Sprint(len(groups)) {
		t.Errorf("%s has %s groups, %s %s", write, got, read, want)
	}
	return failed
}

// groupFails compares what two SELECTs show, rows or an error.
func groupFails(t *testing.T, conn *pgx.Conn, read, write string) bool {
	t.Helper()
	var codes []string
	for _, sql := range []string{read, write} {
		var pg *pgconn.PgError
		if err := queryError(conn, sql); errors.As(err, &pg) {
			codes = append(codes, pg.Code+" "+pg.Message)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if len(codes) > 0 {
		if len(codes) < 2 || codes[0] != codes[1] {
			t.Errorf("%s, %s: errors %q", read, write, codes)
		}
		return true
	}
	if differ := text(t, conn, fmt.Sprintf("(%[1]s EXCEPT ALL %[2]s) UNION ALL (%[2]s EXCEPT ALL %[1]s)", read, write)); len(differ) > 0 {
		t.Errorf("%s, %s: %q", read, write, differ)
	}
	return false
}
