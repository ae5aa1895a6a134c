package analyse

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
)

// serverError turns an error of PostgreSQL into a pure one without a position.
// Errors of the connection stay what they are, with what was tried before them.
func serverError(tried string, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return &datum.Error{Code: pg.Code, Message: pg.Message, Detail: pg.Detail, Hint: pg.Hint}
	}
	return fmt.Errorf("%s: %w", tried, err)
}

// placedError is serverError for a statement that is the user's text behind a
// prefix: shift is added to the position, which is dropped where it falls
// before the text.
func placedError(tried string, err error, prefix, offset int) error {
	var pg *pgconn.PgError
	placed := serverError(tried, err)
	var pure *datum.Error
	if errors.As(err, &pg) && errors.As(placed, &pure) {
		if at := int(pg.Position) - prefix; at > 0 {
			pure.Position = at + offset
		}
		if pure.Code == "42701" && pure.Hint == "" { // duplicate_column
			pure.Hint = "Name the columns: expression AS name."
		}
	}
	return placed
}
