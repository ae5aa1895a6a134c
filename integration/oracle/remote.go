package oracle

import (
	"context"
	"fmt"
	"strings"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/consumer"
)

// remote is what a lane has of a view with a row program.
type remote struct {
	expressions *aggregator.Expressions
	rows        *aggregator.Remote
}

// newRemote returns nil for a view whose plan is wholly native.
func newRemote(v *CompiledView) (*remote, error) {
	if v.Plan.Remote == nil {
		return nil, nil
	}
	places := make([]int, len(v.Columns))
	for i := range places {
		places[i] = i // batches are as the plan numbers them
	}
	r := &remote{expressions: &aggregator.Expressions{}}
	var err error
	r.rows, err = aggregator.NewRemote(v.Plan, r.expressions, places)
	return r, err
}

// evaluate sends the rows of a batch to PostgreSQL and gives the view what comes
// back, as a node does.
func (r *remote) evaluate(ctx context.Context, e consumer.Evaluator, v *CompiledView, table *aggregator.View, batch *column.Batch, rows []int32, failed func(int32, *datum.Error)) error {
	r.expressions.Begin(batch, rows)
	var sent aggregator.Sent
	r.rows.Add(&sent, r.rows.Choose(failed), func(record int32) int32 { return record })
	evaluated, err := e.Evaluate(ctx, v.Plan.Remote, sent.Inputs, sent.Rows)
	if err != nil {
		return fmt.Errorf("%s: view %s: %w", v.Place, v.Name, err)
	}
	table.TakeEvaluated(&sent, evaluated, failed)
	return nil
}

// objects adds SQL that makes what views use besides streams: tables, functions,
// types.
func (p *parser) objects(body []string) {
	p.corpus.Objects = append(p.corpus.Objects, strings.Join(body, "\n"))
}
