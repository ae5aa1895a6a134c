package schema

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// CheckDrop reports what DropView without cascade would refuse, and changes
// nothing: the catalog still has the view then.
func CheckDrop(ctx context.Context, db DB, cluster string, id topology.ViewID) error {
	err := inTx(ctx, db, func(tx pgx.Tx) error {
		if err := begin(ctx, tx, cluster); err != nil {
			return err
		}
		if err := drop(ctx, tx, cluster, id, false); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		return SQLError(err)
	}
	return nil
}
