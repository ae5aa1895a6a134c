package session

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// copy carries out COPY, of a stream, a table or a query.
func (s *Session) copy(ctx context.Context, text string, c *statement.Copy) error {
	if c.Table.Name == "" {
		return s.copyTable(ctx, text, c)
	}
	stream, err := s.stream(ctx, c.Table.Ref)
	if err != nil {
		return err
	}
	if stream == nil {
		return s.copyTable(ctx, text, c)
	}
	if !c.From {
		return &datum.Error{
			Code: "42809", Message: fmt.Sprintf("cannot copy from stream %q", stream.Name), Position: c.Table.Pos,
			Detail: notKept, Hint: readHint(stream.Name),
		}
	}
	in := intake{session: s, stream: stream, text: text, target: c.Table}
	var tag pgconn.CommandTag
	err = in.run(ctx, func(ctx context.Context, sql string) error {
		tag, err = s.copyFrom(ctx, sql, c)
		return err
	})
	if err != nil {
		return err
	}
	return s.print(nil, tag)
}

// copyTable has PostgreSQL carry out COPY.
func (s *Session) copyTable(ctx context.Context, text string, c *statement.Copy) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	switch {
	case c.From:
		tag, err := s.copyFrom(ctx, text, c)
		if err != nil {
			return s.notIntoView(ctx, c.Table.Ref, err)
		}
		return s.print(nil, tag)
	case !c.Client:
		return s.postgres(ctx, text)
	}
	to, status := s.Out, false
	if s.to != nil {
		to, status = s.to, true
	}
	tag, err := s.conn.CopyTo(ctx, to, text)
	if err != nil || !status {
		return err // the rows alone are what is printed
	}
	if err := s.closeCopy(); err != nil { // what a program prints comes first
		return err
	}
	return s.print(nil, tag)
}

// copyFrom carries out COPY … FROM, with the data that comes behind the
// statement where it is FROM STDIN.
func (s *Session) copyFrom(ctx context.Context, sql string, c *statement.Copy) (tag pgconn.CommandTag, err error) {
	if c.Client {
		data := s.data()
		tag, err = s.conn.CopyFrom(ctx, data, sql)
		return tag, err
	}
	results, err := s.conn.Exec(ctx, sql).ReadAll()
	if len(results) > 0 {
		tag = results[0].CommandTag
	}
	return tag, err
}

// data is where the rows of COPY FROM STDIN come from.
func (s *Session) data() io.Reader {
	switch {
	case s.from != nil:
		return s.from
	case s.Inline != nil:
		return s.Inline()
	case s.In != nil:
		return s.In
	}
	return nothingToRead{}
}

type nothingToRead struct{}

func (nothingToRead) Read([]byte) (int, error) { return 0, io.EOF }
