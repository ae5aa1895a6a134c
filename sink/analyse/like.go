package analyse

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// LikeColumns returns the columns of a relation of the target database as LIKE takes
// them over: names, types, NOT NULL, and where like says so the DEFAULT expressions.
// Generated columns and identities become plain ones. The columns' places in the
// statement are that of the relation's name. conn must not be in a transaction.
func LikeColumns(ctx context.Context, conn *pgx.Conn, like statement.Like) ([]statement.ColumnDef, error) {
	name := pgx.Identifier{like.Name}
	if like.Schema != "" {
		name = pgx.Identifier{like.Schema, like.Name}
	}
	var found *string
	if err := conn.QueryRow(ctx, "SELECT relkind::text FROM pg_class WHERE oid = to_regclass($1)", name.Sanitize()).Scan(&found); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, serverError("look for the relation of LIKE", err)
	}
	switch {
	case found == nil:
		err := datum.Errorf(datum.CodeUndefinedTable, "relation \"%s\" does not exist", like.Name)
		err.Position, err.Hint = like.Pos, "LIKE takes the columns of a stream, or of a table of the database."
		return nil, err
	case *found != "r" && *found != "v" && *found != "m" && *found != "c" && *found != "f" && *found != "p":
		err := datum.Errorf(datum.CodeWrongObjectType, "relation \"%s\" is invalid in LIKE clause", like.Name)
		err.Position = like.Pos
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			CASE WHEN $2 AND a.attgenerated = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, name.Sanitize(), like.Defaults)
	if err != nil {
		return nil, serverError("read the columns of the relation of LIKE", err)
	}
	columns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (statement.ColumnDef, error) {
		c := statement.ColumnDef{Pos: like.Pos, TypePos: like.Pos, DefaultPos: like.Pos}
		err := row.Scan(&c.Name, &c.TypeText, &c.NotNull, &c.Default)
		return c, err
	})
	if err != nil {
		return nil, serverError("read the columns of the relation of LIKE", err)
	}
	return columns, nil
}
