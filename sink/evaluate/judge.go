package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/sink"
)

// blame says whose fault an error is.
type blame uint8

const (
	nobody  blame = iota // it passes by itself, or somebody sees to it
	aRow                 // a row's values'
	program              // the program's, or a row's: other rows tell
	timing               // the piece took too long
)

// fault is an error of PostgreSQL's. err is nil where there is none of its own: the
// connection broke.
type fault struct {
	blame blame
	err   *datum.Error
	cause error
}

const (
	codeQueryCanceled = "57014"
	codeStaleResult   = "0A000" // cached plan must not change result type
	codeStalePlan     = "26000" // the session does not know the statement
)

// schemaCodes are those of what a program needs and is not there.
var schemaCodes = []string{
	"42P01", // undefined_table
	"42883", // undefined_function
	"42703", // undefined_column
	"42704", // undefined_object
	"42P02", // undefined_parameter
	"42501", // insufficient_privilege
	"3F000", // invalid_schema_name
	"58P01", // undefined_file: an extension's library
}

// judge says whose fault an error is.
func judge(err error) *fault {
	var mismatch *ProgramError
	if errors.As(err, &mismatch) {
		return &fault{blame: program, err: mismatch.Err, cause: err}
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return &fault{cause: err}
	}
	f := &fault{blame: aRow, cause: err, err: &datum.Error{Code: pg.Code, Message: pg.Message, Detail: pg.Detail, Hint: pg.Hint}}
	switch {
	case slices.Contains(schemaCodes, pg.Code):
		f.blame = program
	case pg.Routine == "RevalidateCachedQuery": // what a table has changed for statements that were prepared before
		f.blame = program
	case pg.Code == codeQueryCanceled:
		f.blame = timing
	case pg.SeverityUnlocalized == "FATAL" || pg.SeverityUnlocalized == "PANIC",
		slices.Contains([]string{"08", "40", "53", "55", "57", "58"}, pg.Code[:2]),
		slices.Contains([]string{
			"25006", // read_only_sql_transaction: a standby
			"25P03", // idle_in_transaction_session_timeout
			"XX001", // data_corrupted
			"XX002", // index_corrupted
			codeStalePlan,
		}, pg.Code):
		f.blame = nobody
	case pg.Where == "" && strings.HasPrefix(pg.Code, "42"):
		f.blame = program
	}
	return f
}

// whole is the fault as an error of the whole call.
func (f *fault) whole() error {
	if f.err != nil && (f.blame == program || f.blame == aRow) {
		return &ProgramError{Err: f.err}
	}
	return temporary(f.cause)
}

// stale reports whether the session's statement has to be prepared anew.
func stale(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == codeStalePlan {
		return true
	}
	var p *ProgramError
	return errors.As(err, &p) && p.Err.Code == codeStaleResult
}

// ProgramError occurs when PostgreSQL cannot carry a program out for any row: what
// it needs was dropped, or changed. It passes when that is back.
type ProgramError struct{ Err *datum.Error }

// Error says what is missing and the way out.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("PostgreSQL cannot evaluate the view's expressions any more: %s; nothing is lost: bring back what is missing and the view goes on by itself, or drop the view", described(e.Err))
}

// Unwrap returns PostgreSQL's error.
func (e *ProgramError) Unwrap() error { return e.Err }

// described is an error with its detail and hint, in one line.
func described(e *datum.Error) string {
	text := e.Error()
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			text += ": " + more
		}
	}
	return strings.Join(strings.Fields(text), " ")
}

// Temporary is an error that passes by itself, or when somebody sees to it.
type Temporary struct{ err error }

func temporary(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var p *ProgramError
	if errors.As(err, &p) {
		return err
	}
	return &Temporary{sink.Explain(err)}
}

// Error says what PostgreSQL or its connection said.
func (e *Temporary) Error() string { return fmt.Sprintf("evaluate in PostgreSQL: %v", e.err) }

// Unwrap returns the cause.
func (e *Temporary) Unwrap() error { return e.err }

// Temporary says that it passes by itself.
func (e *Temporary) Temporary() bool { return true }
