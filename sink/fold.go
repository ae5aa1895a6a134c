package sink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// beginFold and foldSettings start a fold's transaction. Nothing that a role or
// database sets may change what its statements mean: not the isolation level (a
// serializable one would only fail more often: the claim's row already orders the
// writers), not the search_path by which PostgreSQL looks up the = of IS NOT DISTINCT
// FROM. The generic plan looks each row up in the index; a plan made for the arrays at
// hand would rather read the whole table, up to three times as slow for 1,000
// groups of 100,000, and slower with every row that the table gets.
const (
	beginFold    = "BEGIN ISOLATION LEVEL READ COMMITTED"
	foldSettings = `SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)`
)

// movePosition is a fold's first statement. It holds the partition's row to the
// end, so that of two owners only one folds.
const movePosition = `UPDATE millrace.partitions SET position = $6, folded_at = pg_catalog.now()
	WHERE cluster = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND position = $5`

// errRefused says that PostgreSQL refused a value in the fold that was tried as a whole.
var errRefused = errors.New("a value was refused")

// Fold carries out a fold in one transaction. It fits consumer.Store, whose
// comment says what the errors mean; a [ViewError] names the view at fault.
func (s *Store) Fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error) {
	result, err := s.FoldTogether(ctx, []aggregator.Share{{Claim: c, Fold: f}})
	if err != nil {
		err = fmt.Errorf("fold partition %d of %q from %d to %d: %w", f.Partition, f.Topic, f.From, f.To, err)
	}
	return result, err
}

// FoldTogether carries out the folds of several partitions in one transaction,
// each under its own claim: all or none. An error does not say whose it is.
func (s *Store) FoldTogether(ctx context.Context, shares []aggregator.Share) (aggregator.FoldResult, error) {
	start := time.Now()
	result, err := s.foldWhole(ctx, shares)
	if err != nil {
		s.metrics.foldErrors.Inc()
		return aggregator.FoldResult{}, Explain(err)
	}
	s.metrics.foldSeconds.Observe(time.Since(start).Seconds())
	s.metrics.foldRows.Add(float64(result.Rows))
	s.metrics.failedGroups.Add(float64(result.Failed))
	return result, nil
}

// foldWhole tries the fast way first: no savepoints, one message for all views.
// Where a value was refused it goes through the fold again, with care. Where
// a table has another name than it had, it looks again, once for each view.
func (s *Store) foldWhole(ctx context.Context, shares []aggregator.Share) (aggregator.FoldResult, error) {
	carryOut := s.foldFast
	forgotten := map[topology.ViewID]bool{}
	for {
		result, err := carryOut(ctx, shares)
		var faulty *ViewError
		switch {
		case errors.Is(err, errRefused) && !s.config.inject(guardBisect):
			carryOut = s.foldCarefully
		case errors.As(err, &faulty) && isUndefined(faulty.Err) && !forgotten[faulty.View]:
			s.forget(faulty.View)
			forgotten[faulty.View] = true
		default:
			return result, err
		}
	}
}

func isUndefined(err error) bool {
	var e *datum.Error
	return errors.As(err, &e) && (e.Code == datum.CodeUndefinedTable || e.Code == "3F000")
}

// task is one shard of one view's part of a fold.
type task struct {
	rows *aggregator.ViewRows
	sql  *statements
	data *parameters
}

// foldCarefully carries a fold out statement by statement, so that a group that
// PostgreSQL refuses is found and set apart.
func (s *Store) foldCarefully(ctx context.Context, shares []aggregator.Share) (result aggregator.FoldResult, err error) {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginFold + "; " + foldSettings})
	if err != nil {
		return result, err
	}
	defer func() {
		if err != nil {
			// A rollback that fails closes the connection, which rolls back too.
			_ = tx.Rollback(ctx)
		}
	}()
	for _, share := range shares {
		moved, err := tx.Exec(ctx, movePosition, s.positionArgs(share)...)
		if err != nil {
			return result, err
		}
		if moved.RowsAffected() != 1 && !s.config.unguarded(guardOwner) {
			return result, aggregator.ErrClaimLost
		}
	}
	tasks, err := s.tasks(ctx, tx, shares)
	if err != nil {
		return result, err
	}
	if result, err = mergeCarefully(ctx, tx, tasks); err != nil {
		return result, err
	}
	x := &exchange{tx: tx, send: tx.SendBatch}
	s.account(x, shares, tasks)
	if err = x.flush(ctx); err != nil {
		return result, err
	}
	return result, s.commit(ctx, tx)
}

// commit ends a fold's transaction.
func (s *Store) commit(ctx context.Context, tx pgx.Tx) error {
	s.config.inject(pointCommit)
	// From here on the outcome must be learned, even by a process that stops.
	commit, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), s.config.CommitTimeout,
		fmt.Errorf("no answer to COMMIT within MILLRACE_DATABASE_COMMIT_TIMEOUT (%v)", s.config.CommitTimeout))
	defer cancel()
	return commitError(tx.Commit(commit))
}

// positionArgs are the parameters of movePosition.
func (s *Store) positionArgs(share aggregator.Share) []any {
	f := share.Fold
	return []any{s.config.Cluster, f.Topic, f.Partition, [16]byte(share.Claim.Owner), f.From, f.To}
}

// tasks prepares the views that have rows. The shards of one view follow one
// another in ascending order, so that several can be one statement.
func (s *Store) tasks(ctx context.Context, db schema.Querier, shares []aggregator.Share) ([]task, error) {
	var all []task
	for _, share := range shares {
		for i := range share.Fold.Views {
			rows := &share.Fold.Views[i]
			if rows.Len() == 0 {
				continue
			}
			sql, err := s.statementsOf(ctx, db, rows)
			if err != nil {
				return nil, err
			}
			all = append(all, task{rows, sql, newParameters(rows)})
		}
	}
	slices.SortStableFunc(all, func(a, b task) int {
		return cmp.Or(bytes.Compare(a.rows.View[:], b.rows.View[:]), cmp.Compare(a.rows.Shard, b.rows.Shard))
	})
	return all, nil
}

// checkViews finds the first view that is not, or no longer, in the table that the
// fold merged into: dropped and created again under its name. The merge holds a
// lock on each table, so what this finds true stays true. Where a view has ranges but
// no rows the lock is that of its row in millrace.views: a drop waits for it with
// the deletion of the ledger, or the fold waits for the drop and finds the view gone.
const checkViews = `WITH held AS MATERIALIZED (SELECT id FROM millrace.views WHERE cluster = $1 AND id = ANY($4::uuid[]) FOR KEY SHARE)
	SELECT q.i FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS q(id, mrel, i)
	LEFT JOIN millrace.views r ON r.cluster = $1 AND r.id = q.id
	WHERE r.id IS NULL OR q.mrel IS NULL AND q.id NOT IN (SELECT id FROM held) OR q.mrel IS NOT NULL AND r.mrel::oid IS DISTINCT FROM to_regclass(q.mrel)::oid
	ORDER BY q.i LIMIT 1`

// account asks which views were folded and moves their ledger.
func (s *Store) account(x *exchange, shares []aggregator.Share, tasks []task) {
	var ids, rowless hashParam
	var tables []*string
	var names []string
	seen := map[topology.ViewID]bool{}
	for i := range tasks {
		if t := &tasks[i]; !seen[t.rows.View] {
			seen[t.rows.View] = true
			ids, tables, names = append(ids, t.rows.View), append(tables, &t.sql.table), append(names, t.rows.Name)
		}
	}
	ranges := 0
	for _, share := range shares {
		ranges += len(share.Fold.Applied)
		for _, a := range share.Fold.Applied {
			if !seen[a.View] {
				seen[a.View] = true
				ids, tables, names = append(ids, a.View), append(tables, nil), append(names, a.View.String())
				rowless = append(rowless, a.View)
			}
		}
	}
	if len(ids) == 0 {
		return
	}
	x.ask(nil, func(answers pgx.BatchResults) error {
		s.config.inject(pointRows)
		var wrong int
		switch err := answers.QueryRow().Scan(&wrong); {
		case err == nil:
			return errGone(topology.ViewID(ids[wrong-1]), names[wrong-1])
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		return nil
	}, checkViews, s.config.Cluster, ids, tables, rowless)
	x.ask(nil, func(answers pgx.BatchResults) error {
		var moved int
		err := answers.QueryRow().Scan(&moved)
		if err == nil && moved != ranges && !s.config.unguarded(guardApplied) {
			return aggregator.ErrLedger
		}
		return err
	}, moveLedger, s.ledgerArgs(shares, ranges)...)
}

// viewFault sorts an error of a view's statement: a refused value, a passing
// trouble of the database, or a fault of the view.
func viewFault(t task, err error) error {
	switch {
	case err == nil:
		return nil
	case dataError(err):
		return errRefused
	case code(err) == "" || Retryable(err):
		return err
	case code(err) == "21000": // cardinality_violation: one hash twice in the fold
		return errCollision(t)
	}
	return &ViewError{View: t.rows.View, Name: t.rows.Name, Err: schema.SQLError(err)}
}

// errCollision says that two groups of a view have one hash.
func errCollision(t task) error {
	return &ViewError{View: t.rows.View, Name: t.rows.Name, Err: &datum.Error{
		Code:    "XX001", // data_corrupted
		Message: fmt.Sprintf("a row of %s has the hash of another group", t.sql.table),
		Hint:    "Someone changed the table's keys or hashes, or this is a bug: 128-bit hashes of two groups do not meet by chance.",
	}}
}
