package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// TestDDL prints the statements of views: those of read_optimized views that
// exist stay as they are.
func TestDDL(t *testing.T) {
	datadriven.RunTest(t, "testdata/ddl", func(t *testing.T, d *datadriven.TestData) string {
		spec := &ViewSpec{Cluster: "c", Name: "v", Select: "SELECT 1", Plan: scriptedPlan(t, d), Policy: topology.ShardingPolicy(d.Cmd)}
		return strings.Join(newDDL(spec, "public").statements(), ";\n") + ";\n"
	})
}

// scriptedPlan reads a plan: lines of
//
//	key COLUMN TYPE
//	add|min|max COLUMN TYPE ZERO
//	output NAME TYPE = SQL
//	having SQL
//
// with "_" for a blank in a TYPE.
func scriptedPlan(t *testing.T, d *datadriven.TestData) *query.Plan {
	t.Helper()
	plan := &query.Plan{}
	rules := map[string]agg.MergeRule{"add": agg.MergeAdd, "min": agg.MergeMin, "max": agg.MergeMax}
	for line := range strings.Lines(d.Input) {
		what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields := strings.Fields(rest)
		switch what {
		case "key":
			plan.Keys = append(plan.Keys, query.Key{Column: fields[0], Expr: &expr.Column{Of: scriptedType(d, fields[1])}})
		case "add", "min", "max":
			state := agg.State{Type: scriptedType(d, fields[1]), Merge: rules[what], Zero: fields[2]}
			plan.Aggregates = append(plan.Aggregates, query.Aggregate{Function: &agg.Function{States: []agg.State{state}}, Columns: fields[:1]})
		case "output":
			_, sql, _ := strings.Cut(rest, " = ")
			plan.Output = append(plan.Output, query.Output{Name: fields[0], Type: strings.ReplaceAll(fields[1], "_", " "), SQL: sql})
		case "having":
			plan.Having = rest
		default:
			d.Fatalf(t, "unknown line %q", line)
		}
	}
	return plan
}

func scriptedType(d *datadriven.TestData, name string) datum.Type {
	for _, typ := range datum.Types() {
		if typ.String() == strings.ReplaceAll(name, "_", " ") {
			return typ
		}
	}
	panic(fmt.Sprintf("%s: no type %s", d.Pos, name))
}
