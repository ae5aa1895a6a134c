package analyse

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// Defaults has PostgreSQL evaluate the DEFAULT expressions of a stream's columns,
// which are resolved ([ResolveColumns]), and returns each value's text as its type's
// output function prints it; nil for a column without one, and for NULL. An
// expression that is not a constant is refused: a stream's default is the same for
// every record. conn must not be in a transaction.
func Defaults(ctx context.Context, conn *pgx.Conn, columns []statement.ColumnDef) ([]*string, error) {
	values := make([]*string, len(columns))
	for i, c := range columns {
		if c.Default == "" {
			continue
		}
		var err error
		if values[i], err = defaultOf(ctx, conn, c); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// defaultOf evaluates one expression. That it is a constant PostgreSQL says of it as
// an index's condition, which it lets be immutable only.
func defaultOf(ctx context.Context, conn *pgx.Conn, c statement.ColumnDef) (*string, error) {
	tx, err := begin(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer rollback(tx)
	table, name := pgx.Identifier{probeTable}.Sanitize(), pgx.Identifier{c.Name}.Sanitize()
	if !statement.IsTypeName(c.TypeText) {
		return nil, datum.Errorf(datum.CodeSyntaxError, "invalid type \"%s\" of column \"%s\"", c.TypeText, c.Name)
	}
	prefix := "CREATE TEMP TABLE " + table + " (" + name + " " + c.TypeText + " DEFAULT ("
	if err := run(ctx, tx, prefix+c.Default+"))"); err != nil {
		return nil, defaultError(err, utf8.RuneCountInString(prefix), c)
	}
	prefix = "CREATE INDEX ON " + table + " ((1)) WHERE ("
	if err := run(ctx, tx, prefix+c.Default+") IS NULL"); err != nil {
		return nil, defaultError(err, utf8.RuneCountInString(prefix), c)
	}
	var value *string
	err = tx.QueryRow(ctx, "INSERT INTO "+table+" DEFAULT VALUES RETURNING CASE WHEN "+name+" IS NOT DISTINCT FROM NULL THEN NULL ELSE format('%s', "+name+") END").Scan(&value)
	if err != nil {
		return nil, defaultError(err, 0, c)
	}
	return value, nil
}

// defaultError is an error of an expression, placed in the user's statement.
func defaultError(err error, prefix int, c statement.ColumnDef) error {
	placed := serverError("evaluate a default value", err)
	var pg *pgconn.PgError
	var pure *datum.Error
	if !errors.As(err, &pg) || !errors.As(placed, &pure) {
		return placed
	}
	shown := *pure
	shown.Position = c.DefaultPos
	if at := int(pg.Position) - 1 - prefix; prefix > 0 && at >= 0 && at < utf8.RuneCountInString(c.Default) {
		shown.Position = c.DefaultPos + at
	}
	if pg.Code == "42P17" {
		shown.Code = datum.CodeFeatureNotSupported
		shown.Message = "DEFAULT of column \"" + c.Name + "\" is not a constant"
		shown.Hint = "A stream's default is evaluated once, when the column is made: write the value itself. " +
			"The time of a record is arrival_timestamp."
	}
	return &shown
}
