package consumer

import (
	"encoding/json"
	"fmt"

	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/topology"
)

// ColumnsOf returns the columns that a view reads its stream by; see
// [topology.Stream.ColumnsOf].
func ColumnsOf(s *topology.Stream, v *topology.View) []topology.StreamColumn { return s.ColumnsOf(v) }

// BuildPlan makes a view's plan from what the catalog keeps of it. Every node
// gets the same plan, without asking PostgreSQL.
func BuildPlan(s *topology.Stream, v *topology.View) (*query.Plan, error) {
	var analysis query.Analysis
	if err := json.Unmarshal(v.Analysis, &analysis); err != nil {
		return nil, fmt.Errorf("view %q: analysis in the catalog: %w", v.Name, err)
	}
	schema, err := SchemaOf(ColumnsOf(s, v))
	if err != nil {
		return nil, fmt.Errorf("view %q: %w", v.Name, err)
	}
	plan, err := query.Build(&analysis, schema)
	if err != nil {
		return nil, fmt.Errorf("view %q: plan: %w", v.Name, err)
	}
	return plan, nil
}

// SchemaOf returns columns as the planner takes them.
func SchemaOf(columns []topology.StreamColumn) (query.Schema, error) {
	schema := make(query.Schema, len(columns))
	for i, c := range columns {
		t, ok := query.ColumnType(c)
		if !ok {
			return nil, fmt.Errorf("column %q has type %s, which this version cannot read", c.Name, c.Type)
		}
		schema[i] = query.SchemaColumn{Name: c.Name, Type: t, Metadata: c.Metadata != topology.NoMetadata}
	}
	return schema, nil
}
