package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
)

// What is said wherever a stream is taken for a table.
const (
	notKept    = "A stream keeps no rows in PostgreSQL: its records are in Kafka, and continuous views read them as they come."
	appendOnly = "A stream's records are in Kafka, where they cannot be changed or taken away one by one."
)

func readHint(stream string) string {
	return "Create a continuous view over it, CREATE CONTINUOUS VIEW v AS SELECT … FROM " + identifier(stream) + ", and read that."
}

// lookTimeout bounds the question whether an unknown relation is a stream: where
// Kafka does not answer, PostgreSQL's error is good enough.
const lookTimeout = 3 * time.Second

// aboutStream turns PostgreSQL's error about a relation that does not exist into
// one that says what to do, where it is a stream.
func (s *Session) aboutStream(ctx context.Context, err error, text string) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if pg.Code == "3F000" && strings.Contains(pg.Message, `"pipelinedb"`) {
		said := *pg
		said.Hint = "Of PipelineDB's functions there is flush(), in a statement of its own: SELECT pipelinedb.flush()."
		return &said
	}
	if pg.Code != "42P01" {
		return err
	}
	at, position := text, int(pg.Position)
	if pg.InternalQuery != "" {
		at, position = pg.InternalQuery, int(pg.InternalPosition)
	}
	name, ok := relationIn(at, position, pg.Message)
	if !ok {
		return err
	}
	look, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	stream, bad := s.Millrace.Stream(look, name)
	if bad != nil || stream == nil {
		return err
	}
	if pg.InternalQuery != "" { // what it is in, and where, PostgreSQL's error says
		said := *pg
		said.Detail, said.Hint = notKept, readHint(stream.Name)
		return &said
	}
	return misused(text, stream.Name, name.Pos)
}

// misused is the error of a statement that takes a stream for a table.
func misused(text, stream string, pos int) error {
	verb, noun := firstWords(text)
	said := datum.Errorf("42809", "\"%s\" is not a %s", stream, map[bool]string{true: "view", false: "table"}[noun == "view"])
	said.Position = pos
	switch verb {
	case "update", "delete", "merge", "truncate":
		words := map[string]string{"delete": "delete from", "merge": "merge into"}
		said.Message = fmt.Sprintf("cannot %s stream \"%s\"", cmp.Or(words[verb], verb), stream)
		said.Detail = appendOnly
		said.Hint = "Leave rows out by the WHERE of a continuous view, or INSERT rows that correct them."
	case "drop":
		said.Hint = "Use DROP STREAM to remove a stream."
	case "alter":
		said.Hint = "Use ALTER STREAM to change a stream."
	case "select", "table", "with", "values", "copy", "insert", "explain", "declare":
		said.Message, said.Detail, said.Hint = fmt.Sprintf("cannot select from stream \"%s\"", stream), notKept, readHint(stream)
	default:
		said.Detail, said.Hint = notKept, readHint(stream)
	}
	return said
}

// relationIn finds the relation's name that an error of PostgreSQL's is about: at
// its position, or, where it has none, the name that the message quotes.
func relationIn(text string, position int, message string) (statement.Ref, bool) {
	tokens, _ := statement.Tokens(text)
	for i, token := range tokens {
		if !token.IsName() || position > 0 && token.Pos != position || position == 0 && !strings.Contains(message, `"`+token.Value+`"`) {
			continue
		}
		ref := statement.Ref{Name: token.Value, Pos: token.Pos}
		if i+2 < len(tokens) && tokens[i+1].IsOp(".") && tokens[i+2].IsName() {
			ref.Schema, ref.Name = ref.Name, tokens[i+2].Value
		}
		return ref, true
	}
	return statement.Ref{}, false
}

// identifier writes a name so that it can be copied into a statement.
func identifier(name string) string {
	if tokens, err := statement.Tokens(name); err == nil && len(tokens) == 1 && tokens[0].Kind == statement.Ident && tokens[0].Value == name {
		return name
	}
	return pgx.Identifier{name}.Sanitize()
}

// firstWords returns the first two words of a statement.
func firstWords(text string) (first, second string) {
	lexer := statement.NewLexer(text)
	one, err := lexer.Next()
	if err != nil {
		return "", ""
	}
	two, _ := lexer.Next()
	return one.Value, two.Value
}
