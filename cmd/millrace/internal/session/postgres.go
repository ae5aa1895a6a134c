package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/millrace/millrace/cmd/millrace/internal/psql"
)

// postgres has PostgreSQL carry out one statement, by the simple protocol: the
// rows come as text, as PostgreSQL writes them.
func (s *Session) postgres(ctx context.Context, text string) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	results := s.conn.Exec(ctx, text)
	for results.NextResult() {
		if err := s.result(results.ResultReader()); err != nil {
			return firstError(results.Close(), err)
		}
	}
	return results.Close()
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// result prints one result: rows, or the command's tag, or both where a change
// returns rows.
func (s *Session) result(reader *pgconn.ResultReader) error {
	table, hasRows := read(reader)
	tag, err := reader.Close()
	if err != nil {
		return err
	}
	if !hasRows {
		table = nil
	}
	return s.print(table, tag)
}

// print prints a statement's rows, where table is not nil, and its tag.
func (s *Session) print(table *psql.Table, tag pgconn.CommandTag) error {
	if table != nil {
		if err := table.Write(s.Out); err != nil {
			return err
		}
		if !tag.Insert() && !tag.Update() && !tag.Delete() && !strings.HasPrefix(tag.String(), "MERGE") {
			return nil
		}
	}
	if tag.String() == "" {
		return nil // an empty statement
	}
	_, err := fmt.Fprintln(s.Out, tag.String())
	return err
}

// read takes a result's rows. It is false for statements that return none,
// which is not the same as an empty result.
func read(reader *pgconn.ResultReader) (*psql.Table, bool) {
	fields := reader.FieldDescriptions()
	table := &psql.Table{}
	for _, f := range fields {
		table.Columns = append(table.Columns, psql.Column{Name: f.Name, Right: right(f.DataTypeOID)})
	}
	for reader.NextRow() {
		values := reader.Values()
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = string(v)
		}
		table.Rows = append(table.Rows, row)
	}
	return table, fields != nil
}

// right reports whether psql puts values of a type at the right side.
func right(oid uint32) bool {
	const money, xid8 = 790, 5069
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID,
		pgtype.OIDOID, pgtype.XIDOID, pgtype.CIDOID, money, xid8:
		return true
	}
	return false
}
