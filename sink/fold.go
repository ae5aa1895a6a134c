package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// beginFold starts a fold's transaction. Nothing that a role or database sets
// may change what its statements mean: not the isolation level (a serializable one would
// only fail more often: the claim's row already orders the writers), not the
// search_path by which PostgreSQL looks up the = of IS NOT DISTINCT FROM.
const beginFold = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = pg_catalog"

// movePosition is a fold's first statement. It holds the partition's row to the
// end, so that of two owners only one folds, and it fails before any
// result row is touched.
const movePosition = `UPDATE millrace.partitions SET position = $6, folded_at = pg_catalog.now()
	WHERE cluster = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND position = $5`

// errRefused says that PostgreSQL refused a value in the fold that was tried as a whole.
var errRefused = errors.New("a value was refused")

// Fold carries out a fold in one transaction. It fits consumer.Store, whose
// comment says what the errors mean; a [ViewError] names the view at fault.
func (s *Store) Fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error) {
	start := time.Now()
	result, err := s.foldWhole(ctx, c, f)
	if err != nil {
		s.metrics.foldErrors.Inc()
		return aggregator.FoldResult{}, fmt.Errorf("fold partition %d of %q from %d to %d: %w", f.Partition, f.Topic, f.From, f.To, Explain(err))
	}
	s.metrics.foldSeconds.Observe(time.Since(start).Seconds())
	s.metrics.foldRows.Add(float64(result.Rows))
	s.metrics.failedGroups.Add(float64(result.Failed))
	return result, nil
}

// foldWhole tries the fast way first: no savepoints, one message for all views.
// Where a value was refused it goes through the fold again, with care. Where
// a table has another name than it had, it looks again once.
func (s *Store) foldWhole(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error) {
	merge := mergeFast
	for renamed := false; ; {
		result, err := s.fold(ctx, c, f, merge)
		var faulty *ViewError
		switch {
		case errors.Is(err, errRefused) && !s.config.inject(guardBisect):
			merge = mergeCarefully
		case errors.As(err, &faulty) && isUndefined(faulty.Err) && !renamed:
			s.forget(faulty.View)
			renamed = true
		default:
			return result, err
		}
	}
}

func isUndefined(err error) bool {
	var e *datum.Error
	return errors.As(err, &e) && (e.Code == datum.CodeUndefinedTable || e.Code == "3F000")
}

// task is one view's part of a fold.
type task struct {
	rows *aggregator.ViewRows
	sql  *statements
	data *parameters
}

// merger merges the rows of all views within a fold's transaction and returns
// what it did.
type merger func(ctx context.Context, tx pgx.Tx, tasks []task) (aggregator.FoldResult, error)

func (s *Store) fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold, merge merger) (result aggregator.FoldResult, err error) {
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginFold})
	if err != nil {
		return result, err
	}
	defer func() {
		if err != nil {
			// A rollback that fails closes the connection, which rolls back too.
			_ = tx.Rollback(ctx)
		}
	}()
	moved, err := tx.Exec(ctx, movePosition, s.config.Cluster, f.Topic, f.Partition, [16]byte(c.Owner), f.From, f.To)
	if err != nil {
		return result, err
	}
	if moved.RowsAffected() != 1 && !s.config.unguarded(guardOwner) {
		return result, aggregator.ErrClaimLost
	}
	tasks, err := s.tasks(ctx, tx, f)
	if err != nil {
		return result, err
	}
	if result, err = merge(ctx, tx, tasks); err != nil {
		return result, err
	}
	s.config.inject(pointRows)
	if err = s.account(ctx, tx, f, tasks); err != nil {
		return result, err
	}
	s.config.inject(pointCommit)
	// From here on the outcome must be learned, even by a process that stops.
	commit, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), s.config.CommitTimeout,
		fmt.Errorf("no answer to COMMIT within MILLRACE_DATABASE_COMMIT_TIMEOUT (%v)", s.config.CommitTimeout))
	defer cancel()
	err = commitError(tx.Commit(commit))
	return result, err
}

// tasks prepares the views that have rows.
func (s *Store) tasks(ctx context.Context, tx pgx.Tx, f *aggregator.Fold) ([]task, error) {
	var all []task
	for i := range f.Views {
		rows := &f.Views[i]
		if len(rows.Hashes) == 0 {
			continue
		}
		sql, err := s.statementsOf(ctx, tx, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, task{rows, sql, newParameters(rows)})
	}
	return all, nil
}

// checkViews finds the first view that is not, or no longer, in the table that the
// fold merged into: dropped and created again under its name. The
// merge holds a lock on each table, so what this finds true stays true.
const checkViews = `SELECT q.i FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS q(id, mrel, i)
	LEFT JOIN millrace.views r ON r.cluster = $1 AND r.id = q.id
	WHERE r.id IS NULL OR q.mrel IS NOT NULL AND r.mrel::oid IS DISTINCT FROM to_regclass(q.mrel)::oid
	ORDER BY q.i LIMIT 1`

// account checks which views were folded and moves their ledger.
func (s *Store) account(ctx context.Context, tx pgx.Tx, f *aggregator.Fold, tasks []task) error {
	var ids hashParam
	var tables []*string
	var names []string
	for _, t := range tasks {
		ids, tables, names = append(ids, t.rows.View), append(tables, &t.sql.table), append(names, t.rows.Name)
	}
	// A view whose shards got ranges without groups has no table here.
	seen := map[topology.ViewID]bool{}
	for _, a := range f.Applied {
		if !seen[a.View] {
			seen[a.View] = true
			ids, tables, names = append(ids, a.View), append(tables, nil), append(names, a.View.String())
		}
	}
	if len(ids) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	b.Queue(checkViews, s.config.Cluster, ids, tables)
	b.Queue(moveLedger, s.ledgerArgs(f)...)
	answers := tx.SendBatch(ctx, b)
	var wrong int
	err := answers.QueryRow().Scan(&wrong)
	if err == nil {
		err = errGone(topology.ViewID(ids[wrong-1]), names[wrong-1])
	} else if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	var moved int
	err = errors.Join(err, answers.QueryRow().Scan(&moved))
	if closed := answers.Close(); err == nil {
		err = closed
	}
	if err == nil && moved != len(f.Applied) && !s.config.unguarded(guardApplied) {
		err = aggregator.ErrLedger
	}
	return err
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
