package ddl

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/topology"
)

// explainView shows the plan of a view from its topic to its table: of one that is
// there, or of one that a CREATE would make.
func (e *Executor) explainView(ctx context.Context, s *statement.ExplainView) (Result, error) {
	current, err := e.Catalog.Read(ctx)
	if err != nil {
		return Result{}, err
	}
	if s.Create != nil {
		from, err := e.source(ctx, current, s.Create)
		if err != nil {
			return Result{}, err
		}
		view, plan, err := e.define(ctx, s.Create, from)
		if err != nil {
			return Result{}, severalStreams(current, s.Create, from, err)
		}
		if view.Shards, _, err = e.countShards(ctx, s.Create); err != nil {
			return Result{}, err
		}
		return explained(from.stream, from.columns, view, plan)
	}
	view, ok := current.View(s.Name)
	if !ok {
		return Result{}, &datum.Error{
			Code: datum.CodeUndefinedTable, Message: fmt.Sprintf("continuous view %q does not exist", s.Name), Position: s.Pos,
			Hint: "EXPLAIN alone shows PostgreSQL's plan of a SELECT.",
		}
	}
	stream, ok := streamOf(current, view)
	if !ok {
		return Result{}, fmt.Errorf("the stream of continuous view %q is not in the catalog", s.Name)
	}
	plan, err := consumer.BuildPlan(stream, view)
	if err != nil {
		return Result{}, err
	}
	return explained(stream, consumer.ColumnsOf(stream, view), view, plan)
}

func streamOf(c *topology.Catalog, v *topology.View) (*topology.Stream, bool) {
	for _, stream := range c.Streams() {
		if stream.ID == v.Stream {
			return stream, true
		}
	}
	return nil, false
}

func explained(stream *topology.Stream, columns []topology.StreamColumn, view *topology.View, plan *query.Plan) (Result, error) {
	schema, err := consumer.SchemaOf(columns)
	if err != nil {
		return Result{}, err
	}
	partials := stream.Partials
	if partials == "" {
		partials = "not there yet"
	}
	rows := []string{
		fmt.Sprintf("Continuous view %s", view.Name),
		fmt.Sprintf("  Stream: %s, topic %s, format %s", stream.Name, stream.Topic, stream.Format),
	}
	for _, line := range plan.Explain(schema) {
		rows = append(rows, "  "+line)
	}
	rows = append(rows,
		fmt.Sprintf("  Shards: %d, %s, partials topic %s", view.Shards, view.ShardingPolicy(), partials),
		fmt.Sprintf("  Table: %s_mrel, view: %s", view.Name, view.Name))
	return Result{Tag: "EXPLAIN", Rows: rows}, nil
}
