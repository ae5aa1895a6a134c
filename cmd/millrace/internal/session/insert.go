package session

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/psql"
	"github.com/millrace/millrace/topology"
)

// insert carries out INSERT, into a stream or a table.
func (s *Session) insert(ctx context.Context, text string, i *statement.Insert) error {
	stream, err := s.stream(ctx, i.Into.Ref)
	if err != nil {
		return err
	}
	if stream == nil {
		return s.table(ctx, i.Into.Ref, text)
	}
	if i.Conflict > 0 {
		return &datum.Error{
			Code: datum.CodeFeatureNotSupported, Message: "ON CONFLICT is not possible for a stream", Position: i.Conflict,
			Hint: "A stream keeps every row that is inserted and has no unique columns: leave it out.",
		}
	}
	in := intake{session: s, stream: stream, text: text, target: i.Into}
	if !i.Alias {
		in.alias = " AS " + pgx.Identifier{i.Into.Name}.Sanitize()
	}
	var returned *psql.Table
	var tag pgconn.CommandTag
	err = in.run(ctx, func(ctx context.Context, sql string) error {
		results := s.conn.Exec(ctx, sql)
		for results.NextResult() {
			reader := results.ResultReader()
			if table, ok := read(reader); ok {
				returned = table
			}
			if tag, err = reader.Close(); err != nil {
				return firstError(results.Close(), err)
			}
		}
		return results.Close()
	})
	if err != nil {
		return err
	}
	return s.print(returned, tag)
}

// stream finds the stream that a statement writes to; nil where it is none.
func (s *Session) stream(ctx context.Context, name statement.Ref) (*topology.Stream, error) {
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if s.tables[tableName(name)] || s.TxStatus() == 'E' { // PostgreSQL says that the transaction has failed
		return nil, nil
	}
	return s.Millrace.Stream(ctx, name)
}

func tableName(name statement.Ref) statement.Ref {
	return statement.Ref{Schema: name.Schema, Name: name.Name}
}

// table has PostgreSQL carry out a statement that writes to a relation of its
// own. If it succeeds the relation is there, and Kafka is not asked about its
// name again until a statement of Millrace's: a script may have many INSERTs.
func (s *Session) table(ctx context.Context, name statement.Ref, text string) error {
	err := s.notIntoView(ctx, name, s.postgres(ctx, text))
	if err == nil {
		if s.tables == nil {
			s.tables = map[statement.Ref]bool{}
		}
		s.tables[tableName(name)] = true
	}
	return err
}

// notIntoView turns PostgreSQL's error about a view that takes no rows into one
// that says what to do, where it is a continuous view.
func (s *Session) notIntoView(ctx context.Context, name statement.Ref, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "0A000" && pg.Code != "55000" && pg.Code != "42809" {
		return err
	}
	ours, bad := s.Millrace.Ours(ctx, &statement.DropView{Names: []statement.Ref{name}})
	if bad != nil || !ours {
		return err
	}
	return &datum.Error{
		Code: "42809", Message: "cannot write into continuous view \"" + name.Name + "\"", Position: name.Pos,
		Detail: "It is what its SELECT makes of its stream's records.", Hint: "INSERT INTO the stream that it reads.",
	}
}
