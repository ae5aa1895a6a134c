package analyse

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/query"
)

// Analyse has PostgreSQL analyse a continuous view's SELECT over a stream whose
// columns are resolved (their TypeText is format_type()'s). offset is how many
// characters of the user's statement stand before selectText; errors, which are
// *datum.Error where the statement is at fault, count positions from the
// statement's start. conn must not be in a transaction.
func Analyse(ctx context.Context, conn *pgx.Conn, stream Stream, selectText string, offset int) (*query.Analysis, error) {
	if err := singleSelect(selectText, offset); err != nil {
		return nil, err
	}
	stream, err := visible(stream, selectText, offset)
	if err != nil {
		return nil, err
	}
	tx, err := begin(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer rollback(tx)
	analysis := &query.Analysis{Select: selectText, Offset: offset, Stream: stream.Name}
	for _, c := range stream.Columns {
		analysis.Columns = append(analysis.Columns, c.Name)
	}
	if err := probe(ctx, tx, stream, analysis); err != nil {
		return nil, err
	}
	if err := resolveNames(ctx, tx, stream, analysis); err != nil {
		return nil, err
	}
	if err := makeProgram(ctx, tx, stream, analysis); err != nil {
		return nil, err
	}
	return analysis, nil
}
