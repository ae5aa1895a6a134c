package analyse

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// Stream is a stream as PostgreSQL shall see it.
type Stream struct {
	Name    string
	Columns []Column
}

// Column is a column of a stream.
type Column struct {
	Name     string
	TypeText string // SQL: as the user wrote it or as format_type() prints it
	NotNull  bool
	// Hidden keeps the column out of a SELECT that does not name it.
	Hidden bool
}

// ResolvedColumn is a column whose type PostgreSQL has resolved.
type ResolvedColumn struct {
	Name     string
	TypeOID  uint32
	Typmod   int32      // -1 for none
	TypeName string     // as format_type() prints it: "numeric(10,2)"
	Type     datum.Type // the native type
	NotNull  bool
}

// ResolveColumns asks PostgreSQL what the types of a stream's columns are. A
// type that does not exist, or that Millrace has not yet, is a *datum.Error at
// the type's position. conn must not be in a transaction.
func ResolveColumns(ctx context.Context, conn *pgx.Conn, columns []statement.ColumnDef) ([]ResolvedColumn, error) {
	tx, err := begin(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer rollback(tx)
	stream := Stream{Name: probeTable}
	for _, c := range columns {
		stream.Columns = append(stream.Columns, Column{Name: c.Name, TypeText: c.TypeText, NotNull: c.NotNull})
	}
	starts, create, err := createTable(stream, false)
	if err != nil {
		return nil, err
	}
	if err := run(ctx, tx, create); err != nil {
		return nil, columnError(err, create, starts, columns)
	}
	resolved, err := readColumns(ctx, tx, stream.Name)
	if err != nil {
		return nil, err
	}
	for i := range resolved {
		if err := native(&resolved[i], columns[i].TypePos); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

// probeTable and probeView are names that no user has.
const (
	probeTable = "millrace analyse: the stream"
	probeView  = "millrace analyse: the view"
)

// native sets the column's native type.
func native(column *ResolvedColumn, pos int) error {
	var ok bool
	if column.Type, ok = datum.TypeOf(column.TypeOID); ok {
		return nil
	}
	err := datum.Errorf(datum.CodeFeatureNotSupported, "type %s of column \"%s\" is not supported", column.TypeName, column.Name)
	err.Position = pos
	var names []string
	for _, t := range datum.Types() {
		names = append(names, t.String())
	}
	err.Hint = "Supported: " + strings.Join(names, ", ") + ", character varying."
	return err
}

// createTable writes the CREATE of a temporary table; starts are the character
// positions, from 0, of the columns' types in it.
func createTable(stream Stream, collate bool) (starts []int, create string, err error) {
	var sql strings.Builder
	fmt.Fprintf(&sql, "CREATE TEMP TABLE %s (", pgx.Identifier{stream.Name}.Sanitize())
	for i, c := range stream.Columns {
		if i > 0 {
			sql.WriteString(", ")
		}
		if !statement.IsTypeName(c.TypeText) {
			return nil, "", datum.Errorf(datum.CodeSyntaxError, "invalid type \"%s\" of column \"%s\"", c.TypeText, c.Name)
		}
		sql.WriteString(pgx.Identifier{c.Name}.Sanitize() + " ")
		starts = append(starts, len([]rune(sql.String())))
		sql.WriteString(c.TypeText)
		if collate && isText(c.TypeText) {
			sql.WriteString(` COLLATE "C"`)
		}
		if c.NotNull {
			sql.WriteString(" NOT NULL")
		}
	}
	sql.WriteString(")")
	return starts, sql.String(), nil
}

// isText reports whether a type as format_type() prints it has a collation.
func isText(typeText string) bool {
	return typeText == "text" || strings.HasPrefix(typeText, "character varying")
}

// readColumns reads a temporary table's columns from the system catalog.
func readColumns(ctx context.Context, tx pgx.Tx, table string) ([]ResolvedColumn, error) {
	rows, err := tx.Query(ctx, `SELECT attname, atttypid, atttypmod, format_type(atttypid, atttypmod), attnotnull
		FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
		"pg_temp."+pgx.Identifier{table}.Sanitize())
	if err != nil {
		return nil, serverError("read the columns", err)
	}
	columns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ResolvedColumn, err error) {
		err = row.Scan(&c.Name, &c.TypeOID, &c.Typmod, &c.TypeName, &c.NotNull)
		return c, err
	})
	if err != nil {
		return nil, serverError("read the columns", err)
	}
	return columns, nil
}
