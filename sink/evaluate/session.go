package evaluate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/query"
)

// session is what is known of a connection: the settings that are in force and the
// statements that it knows.
type session struct {
	conn       *pgconn.PgConn
	settings   string
	statements map[statementKey]*statement
	made       int
}

// statementKey is a statement under settings: what its names and constants mean was
// decided when it was prepared.
type statementKey struct{ settings, sql string }

type statement struct {
	name   string
	fields []pgconn.FieldDescription
}

const sessionKey = "millrace"

func sessionOf(conn *pgx.Conn) *session {
	data := conn.PgConn().CustomData()
	s, ok := data[sessionKey].(*session)
	if !ok {
		s = &session{conn: conn.PgConn(), statements: map[statementKey]*statement{}}
		data[sessionKey] = s
	}
	return s
}

// maxStatements is how many a session keeps. Programs of views that are no more
// stand among them.
const maxStatements = 256

// prepared returns the program's statement, under the program's settings.
func (s *session) prepared(ctx context.Context, program *query.Remote) (*statement, error) {
	settings := settingsText(program)
	if settings != s.settings {
		s.settings = "" // unknown until it is done
		if _, err := s.conn.Exec(ctx, "RESET ALL;"+settings).ReadAll(); err != nil {
			return nil, fmt.Errorf("settings of the view: %w", err)
		}
		s.settings = settings
	}
	key := statementKey{settings, program.SQL}
	if known := s.statements[key]; known != nil {
		return known, nil
	}
	if len(s.statements) >= maxStatements {
		if _, err := s.conn.Exec(ctx, "DEALLOCATE ALL").ReadAll(); err != nil {
			return nil, err
		}
		clear(s.statements)
	}
	s.made++
	name := fmt.Sprintf("millrace_%d", s.made)
	description, err := s.conn.Prepare(ctx, name, program.SQL, nil)
	if err != nil {
		return nil, err
	}
	made := &statement{name: name, fields: description.Fields}
	if err := checkResults(program, made.fields); err != nil {
		return nil, errors.Join(err, s.conn.Deallocate(ctx, name))
	}
	s.statements[key] = made
	return made, nil
}

// forget makes the next call prepare the program's statement anew.
func (s *session) forget(ctx context.Context, program *query.Remote) {
	key := statementKey{settingsText(program), program.SQL}
	if known := s.statements[key]; known != nil {
		delete(s.statements, key)
		_ = s.conn.Deallocate(ctx, known.name) // it is not used any more, whatever the answer
	}
}

// settingsText is what sets the program's settings.
func settingsText(program *query.Remote) string {
	var b strings.Builder
	for _, setting := range program.Settings {
		fmt.Fprintf(&b, "SELECT pg_catalog.set_config(%s,%s,false);", quoted(setting.Name), quoted(setting.Value))
	}
	if b.Len() == 0 {
		return ";" // not that of a new session, which is not known to be reset
	}
	return b.String()
}

// quoted writes a text as a literal, whatever standard_conforming_strings is.
func quoted(text string) string {
	return " E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
