package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink/schema"
)

// merge judges the answer to one statement.
func merge(t task, tag pgconn.CommandTag, err error, rows int) error {
	if err != nil {
		return viewFault(t, err)
	}
	if tag.RowsAffected() != int64(rows) {
		return errCollision(t)
	}
	return nil
}

// mergeCarefully sends each statement under a savepoint and halves one that is
// refused, until the group at fault is alone and can be marked.
func mergeCarefully(ctx context.Context, tx pgx.Tx, tasks []task) (result aggregator.FoldResult, err error) {
	for _, t := range tasks {
		for from := 0; from < t.rows.Len(); {
			n, _ := t.data.take(from, min(chunkRows, t.rows.Len()-from))
			to := from + n
			failed, err := bisect(ctx, tx, t, from, to)
			if err != nil {
				return result, err
			}
			result.Rows += to - from
			result.Failed += failed
			from = to
		}
	}
	return result, nil
}

// bisect merges rows [from, to) and returns how many had to be marked.
func bisect(ctx context.Context, tx pgx.Tx, t task, from, to int) (failed int, err error) {
	t.data.take(from, to-from)
	refusal, err := attempt(ctx, tx, t, to-from, t.data.careful(t.sql), t.data.args())
	if err != nil || refusal == nil {
		return 0, err
	}
	if to-from == 1 {
		return 1, mark(ctx, tx, t, refusal)
	}
	middle := from + (to-from)/2
	for _, half := range [2][2]int{{from, middle}, {middle, to}} {
		n, err := bisect(ctx, tx, t, half[0], half[1])
		if err != nil {
			return failed, err
		}
		failed += n
	}
	return failed, nil
}

// mark puts the one group that was taken in error. A group whose keys are what the database cannot
// take (bytes that its encoding lacks) is kept under its hash, with NULL keys.
func mark(ctx context.Context, tx pgx.Tx, t task, e *datum.Error) error {
	for _, keys := range []bool{true, false} {
		refusal, err := attempt(ctx, tx, t, 1, t.sql.errors, t.data.marked(e, keys))
		if err != nil || refusal == nil {
			return err
		}
	}
	return &ViewError{View: t.rows.View, Name: t.rows.Name, Err: e}
}

// attempt runs one statement under a savepoint. A refusal of a value leaves the
// transaction as it was.
func attempt(ctx context.Context, tx pgx.Tx, t task, rows int, sql string, args []any) (refusal *datum.Error, err error) {
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	tag, err := savepoint.Exec(ctx, sql, args...)
	judged := merge(t, tag, err, rows)
	switch {
	case judged == nil:
		return nil, savepoint.Commit(ctx)
	case !errors.Is(judged, errRefused):
		return nil, judged
	}
	if rollback := savepoint.Rollback(ctx); rollback != nil {
		return nil, fmt.Errorf("rollback to savepoint: %w", rollback)
	}
	errors.As(schema.SQLError(err), &refusal)
	return refusal, nil
}
