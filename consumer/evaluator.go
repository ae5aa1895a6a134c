package consumer

import (
	"context"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/query"
)

// Evaluator carries out row programs: what views need from PostgreSQL for each
// batch. The sink/evaluate package fits it.
type Evaluator interface {
	// Evaluate carries a program out for rows 0 to rows-1 of the program's inputs,
	// which it only reads. A row that PostgreSQL refuses is among the failed ones
	// of what it returns, which is the caller's. After an error nothing was
	// evaluated, and the same call is made again: it may succeed later.
	Evaluate(ctx context.Context, program *query.Remote, inputs []*column.Vector, rows int) (*aggregator.Evaluated, error)
}
