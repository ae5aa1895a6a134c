package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/topology"
)

// ViewError occurs when a fold fails by the fault of one view, such as a result
// table that was dropped. Nothing was folded; the owner may stop that view and
// fold the others.
type ViewError struct {
	View topology.ViewID
	Name string
	Err  error // a *datum.Error
}

// Error names the view and what is wrong with it.
func (e *ViewError) Error() string { return fmt.Sprintf("fold into view %q: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *ViewError) Unwrap() error { return e.Err }

// FaultyView returns the view that is at fault for a fold's error, for an owner that
// goes on without it.
func (e *ViewError) FaultyView() topology.ViewID { return e.View }

// code returns the SQLSTATE of an error that PostgreSQL raised, as pgx or as
// package schema returns it, else "".
func code(err error) string {
	var pg *pgconn.PgError
	var pure *datum.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code
	case errors.As(err, &pure) && len(pure.Code) == 5:
		return pure.Code
	}
	return ""
}

// Retryable reports whether the same call may succeed later without anyone
// changing anything else: PostgreSQL is away, overloaded, out of space, ended
// the session, or chose the transaction as a deadlock's victim. It is a function of
// codes and types only. A lost claim and an unknown outcome are not: the owner
// must claim first.
func Retryable(err error) bool {
	if err == nil || errors.Is(err, aggregator.ErrClaimLost) || errors.Is(err, aggregator.ErrOutcomeUnknown) || errors.Is(err, context.Canceled) {
		return false
	}
	if c := code(err); c != "" {
		return retryableCode(c)
	}
	var network net.Error
	var closed *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &closed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

func retryableCode(code string) bool {
	switch code {
	case "25006", // read_only_sql_transaction: a standby, until it is promoted
		"25P03", // idle_in_transaction_session_timeout
		"55P03", // lock_not_available
		"55006": // object_in_use
		return true
	}
	switch code[:2] {
	case "08", // connection exception
		"40", // transaction rollback: serialization, deadlock
		"53", // insufficient resources: disk full, memory, connections
		"57", // operator intervention: shutdown, crash, cancel, timeout
		"58": // system error: I/O
		return true
	}
	return false
}

// dataError reports whether PostgreSQL refused a statement because of a value in
// it, so that the statement without that value would pass.
func dataError(err error) bool {
	c := code(err)
	if c == "" {
		return false
	}
	switch c[:2] {
	case "22", // data exception
		"23", // integrity constraint: a user's own, on v_mrel
		"54": // program limit exceeded
		return true
	}
	return false
}

// commitError tells what the answer to a COMMIT means: nil is success, an
// answer that says no left nothing behind, anything else leaves the outcome open.
// That pgx calls an error safe to retry is no answer: it does so ("conn closed")
// also where the connection broke after COMMIT was sent.
func commitError(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return fmt.Errorf("commit: %w", err)
	case errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && pg.Code[:2] != "08" && pg.Code != "40003":
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("commit: %w: %w", aggregator.ErrOutcomeUnknown, err)
}
