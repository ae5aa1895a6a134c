package analyse

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/topology"
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
	Type     datum.Type // of its values in vectors
	NotNull  bool
	// Kind and Enum are those of [topology.StreamColumn].
	Kind topology.ColumnKind
	Enum *topology.Enum
}

// ResolveColumns asks PostgreSQL what the types of a stream's columns are. A
// type that does not exist is a *datum.Error at the type's position. conn must not be in a transaction.
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
	return readColumns(ctx, tx, stream.Name)
}

// probeTable and probeView are names that no user has.
const (
	probeTable = "millrace analyse: the stream"
	probeView  = "millrace analyse: the view"
)

// kindOf returns what the column's values are: typtype is its type's, that of an
// array's elements where it is one.
func kindOf(c *ResolvedColumn, array bool, typtype string) topology.ColumnKind {
	t, native := datum.TypeOf(c.TypeOID)
	switch {
	case native && t == datum.Interval && datum.RestrictsInterval(c.Typmod):
		return topology.OtherColumn
	case native:
		return topology.NativeColumn
	case typtype == "e" && array:
		return topology.EnumArrayColumn
	case typtype == "e":
		return topology.EnumColumn
	}
	return topology.OtherColumn
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
	elem := strings.TrimSuffix(typeText, "[]")
	return elem == "text" || elem == "bpchar" || strings.HasPrefix(elem, "character")
}

// readColumns reads a temporary table's columns from the system catalog.
func readColumns(ctx context.Context, tx pgx.Tx, table string) ([]ResolvedColumn, error) {
	rows, err := tx.Query(ctx, `SELECT a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			v.oid <> t.oid, v.typtype::text, format_type(v.oid, NULL),
			ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = v.oid ORDER BY l.enumsortorder)
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
		JOIN pg_catalog.pg_type v ON v.oid = CASE WHEN t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc THEN t.typelem ELSE t.oid END
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
		"pg_temp."+pgx.Identifier{table}.Sanitize())
	if err != nil {
		return nil, serverError("read the columns", err)
	}
	columns, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ResolvedColumn, err error) {
		var enum topology.Enum
		var array bool
		var typtype string
		err = row.Scan(&c.Name, &c.TypeOID, &c.Typmod, &c.TypeName, &c.NotNull, &array, &typtype, &enum.Name, &enum.Labels)
		if c.Kind = kindOf(&c, array, typtype); c.Kind == topology.EnumColumn || c.Kind == topology.EnumArrayColumn {
			c.Enum = &enum
		}
		c.Type, _ = query.ColumnType(topology.StreamColumn{OID: c.TypeOID, Kind: c.Kind})
		return c, err
	})
	if err != nil {
		return nil, serverError("read the columns", err)
	}
	return columns, nil
}
