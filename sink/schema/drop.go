package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// DropView drops the relations of the view with that id and its ledger; a view
// that the database does not have is no error. Where other objects depend on
// them, they are dropped too if cascade is set; else nothing is, and the error
// has SQLSTATE 2BP01 with PostgreSQL's list of them.
func DropView(ctx context.Context, db DB, cluster string, id topology.ViewID, cascade bool) error {
	return inTx(ctx, db, func(tx pgx.Tx) error {
		if err := begin(ctx, tx, cluster); err != nil {
			return SQLError(err)
		}
		return SQLError(drop(ctx, tx, cluster, id, cascade))
	})
}

func drop(ctx context.Context, tx pgx.Tx, cluster string, id topology.ViewID, cascade bool) error {
	rel, err := lookup(ctx, tx, cluster, id)
	if err != nil {
		return err
	}
	behaviour := " RESTRICT"
	if cascade {
		behaviour = " CASCADE"
	}
	if rel.View != "" {
		if _, err := tx.Exec(ctx, "DROP VIEW "+rel.View+behaviour); err != nil {
			return dependents(err, rel.View)
		}
	}
	// The table's lock waits for folds in flight: the ledger that they write is
	// there to be deleted, and later folds find no table. Folds that bring the view
	// no rows hold its row instead, which is why it goes before the ledger.
	if rel.Mrel != "" {
		if _, err := tx.Exec(ctx, "DROP TABLE "+rel.Mrel+behaviour); err != nil {
			return dependents(err, rel.Mrel)
		}
	}
	for _, table := range []string{"millrace.views WHERE id", "millrace.ledger WHERE view"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" = $2 AND cluster = $1", cluster, [16]byte(id)); err != nil {
			return err
		}
	}
	return nil
}

// dependents words PostgreSQL's refusal to drop in our terms.
func dependents(err error, relation string) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != datum.CodeDependentObjects {
		return err
	}
	return &datum.Error{
		Code: pg.Code, Detail: pg.Detail,
		Message: fmt.Sprintf("cannot drop %s because other objects depend on it", relation),
		Hint:    "Use DROP CONTINUOUS VIEW … CASCADE to drop the dependent objects too.",
	}
}
