package sink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
)

// Explained is an error as a person needs it, in one line: what went wrong,
// where, and the way out. It holds no password.
type Explained struct {
	Code   string // SQLSTATE, "" where PostgreSQL was not reached
	What   string
	WayOut string
	err    error
}

// Error returns what and the way out in one line.
func (e *Explained) Error() string {
	if e.WayOut == "" {
		return e.What
	}
	return e.What + "; " + e.WayOut
}

// Unwrap returns the error that was explained.
func (e *Explained) Unwrap() error { return e.err }

// Explained marks an error that is worded for people already: nobody else need
// guess what it is about.
func (e *Explained) Explained() {}

// wayOut tells by SQLSTATE what a person can do.
func wayOut(code string) string {
	switch code {
	case "3D000":
		return "create the database or correct MILLRACE_DATABASE_URL"
	case "28P01", "28000":
		return "correct user and password in MILLRACE_DATABASE_URL, or the server's pg_hba.conf"
	case "25006":
		return "point MILLRACE_DATABASE_URL at the primary: this server is a standby or read-only (default_transaction_read_only)"
	case "53100":
		return "free space on the database's disk; folding goes on by itself"
	case "53200":
		return "give the server more memory, or lower MILLRACE_DATABASE_POOL"
	case "53300":
		return "raise max_connections on the server, or lower MILLRACE_DATABASE_POOL"
	case "42501":
		return "GRANT the role that MILLRACE_DATABASE_URL names the privilege (Millrace needs CREATE on the database and on the schema of its views)"
	case "57P03":
		return "the server is starting or stopping; wait for it"
	case "57P01":
		return "the server was shut down, or another node took the partition over; folding goes on by itself"
	case "57P02":
		return "the server was shut down; folding goes on by itself when it is back"
	case "55P03":
		return "another session holds a lock on the table; see pg_locks"
	case "3F000":
		return "install Millrace's schema first: `millrace run` and `millrace dev` do"
	}
	return ""
}

// Explain words an error for people. An error that it knows nothing to say about is
// returned as it is.
func Explain(err error) error {
	var done *Explained
	if err == nil || errors.As(err, &done) {
		return err
	}
	e := &Explained{Code: code(err), WayOut: wayOut(code(err)), err: err}
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var pure *datum.Error
	switch {
	case errors.As(err, &connect) && connect.Config != nil:
		e.What = fmt.Sprintf("cannot connect to PostgreSQL at %s: %s", where(connect.Config), cause(err))
		if e.WayOut == "" {
			e.WayOut = "start it, or correct MILLRACE_DATABASE_URL"
		}
	case errors.As(err, &pg) && e.WayOut != "":
		e.What = fmt.Sprintf("PostgreSQL: %s (SQLSTATE %s)", pg.Message, pg.Code)
	case errors.As(err, &pure) && pure.Hint != "":
		e.What, e.WayOut = fmt.Sprintf("%s (SQLSTATE %s)", pure.Message, pure.Code), pure.Hint
	case errors.As(err, &pure) && e.WayOut != "":
		e.What = fmt.Sprintf("PostgreSQL: %s (SQLSTATE %s)", pure.Message, pure.Code)
	default:
		return err
	}
	return e
}

// where names a server and database, never a password.
func where(c *pgconn.Config) string {
	address := net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
	if strings.HasPrefix(c.Host, "/") {
		address = c.Host
	}
	return fmt.Sprintf("%s, database %q, user %q", address, c.Database, c.User)
}

// cause is the innermost reason of a failed connection attempt.
func cause(err error) string {
	var pg *pgconn.PgError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &pg):
		return fmt.Sprintf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	case errors.As(err, &dns):
		return dns.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return oneLine(err).Error()
}

// oneLine returns an error whose text has no line breaks.
func oneLine(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if text == err.Error() {
		return err
	}
	return flattened{text, err}
}

type flattened struct {
	text string
	err  error
}

func (f flattened) Error() string { return f.text }
func (f flattened) Unwrap() error { return f.err }
