package schema

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
)

// SQLError turns an error that PostgreSQL raised into the pure error that the
// rest of the program knows; any other error is returned as it is.
func SQLError(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	return &datum.Error{
		Code: pg.Code, Message: pg.Message, Detail: pg.Detail, Hint: pg.Hint, Position: int(pg.Position),
	}
}
