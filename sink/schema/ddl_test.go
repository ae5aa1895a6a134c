package schema

import (
	"fmt"
	"strconv"
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
//	carried COLUMN TYPE         of an append-only view
//	number COLUMN               the number of the grouping set
//	set 1 0 …                   which keys a grouping set has
//	distinct
//	on OUTPUT                   of DISTINCT ON
//	order OUTPUT DIRECTION      by a column of v, from 1
//	by TYPE DIRECTION = SQL     by something else
//	limit SQL, ties SQL, offset SQL
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
		case "carried":
			plan.AppendOnly = true
			plan.Keys = append(plan.Keys, query.Key{Column: fields[0], Expr: &expr.Column{Of: scriptedType(d, fields[1])}, Carried: true})
		case "number":
			plan.Keys = append(plan.Keys, query.Key{Column: fields[0], Expr: &expr.Column{Of: datum.Int4}, Origin: query.SetNumber})
		case "set":
			set := []bool{}
			for _, in := range fields {
				set = append(set, in == "1")
			}
			plan.Sets = append(plan.Sets, append(set, true))
		default:
			if !scriptedReading(&plan.Reading, what, rest) {
				d.Fatalf(t, "unknown line %q", line)
			}
		}
	}
	return plan
}

func scriptedReading(r *query.Reading, what, rest string) bool {
	first, direction, _ := strings.Cut(rest, " ")
	output, _ := strconv.Atoi(first)
	switch what {
	case "distinct":
		r.Distinct = true
	case "on":
		r.DistinctOn = append(r.DistinctOn, query.Sort{Output: output})
	case "order":
		r.Order = append(r.Order, query.Sort{Output: output, Direction: direction})
	case "by":
		how, sql, _ := strings.Cut(direction, " = ")
		r.Order = append(r.Order, query.Sort{SQL: sql, Type: strings.ReplaceAll(first, "_", " "), Direction: how})
	case "limit":
		r.Limit = rest
	case "ties":
		r.Limit, r.WithTies = rest, true
	case "offset":
		r.Offset = rest
	default:
		return false
	}
	return true
}

func scriptedType(d *datadriven.TestData, name string) datum.Type {
	for _, typ := range datum.Types() {
		if typ.String() == strings.ReplaceAll(name, "_", " ") {
			return typ
		}
	}
	panic(fmt.Sprintf("%s: no type %s", d.Pos, name))
}
