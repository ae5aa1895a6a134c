package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/datum"
)

func TestErrorClasses(t *testing.T) {
	pg := func(code string) error { return fmt.Errorf("x: %w", &pgconn.PgError{Code: code}) }
	for _, c := range []struct {
		err             error
		retryable, data bool
	}{
		{nil, false, false},
		{pg("22003"), false, true},
		{pg("23514"), false, true},
		{pg("54000"), false, true},
		{pg("40001"), true, false},
		{pg("40P01"), true, false},
		{pg("53100"), true, false},
		{pg("53300"), true, false},
		{pg("55P03"), true, false},
		{pg("57P01"), true, false},
		{pg("57014"), true, false},
		{pg("25006"), true, false},
		{pg("25P03"), true, false},
		{pg("08006"), true, false},
		{pg("58030"), true, false},
		{pg("42P01"), false, false},
		{pg("42501"), false, false},
		{pg("28P01"), false, false},
		{pg("3D000"), false, false},
		{&datum.Error{Code: "57P01"}, true, false},
		{fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true, false},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, true, false},
		{pgconn.ErrConnClosed, true, false},
		{context.DeadlineExceeded, true, false},
		{context.Canceled, false, false},
		{errors.New("other"), false, false},
		{aggregator.ErrClaimLost, false, false},
		{fmt.Errorf("%w: %w", aggregator.ErrOutcomeUnknown, io.EOF), false, false},
	} {
		if Retryable(c.err) != c.retryable || dataError(c.err) != c.data {
			t.Errorf("%v: retryable %v, data %v", c.err, Retryable(c.err), dataError(c.err))
		}
	}
}

func TestCommitErrors(t *testing.T) {
	for _, c := range []struct {
		err     error
		unknown bool
	}{
		{pgx.ErrTxCommitRollback, false},
		{&pgconn.PgError{Code: "23514", SeverityUnlocalized: "ERROR"}, false},
		{&pgconn.PgError{Code: "40001", SeverityUnlocalized: "ERROR"}, false},
		{&pgconn.PgError{Code: "40003", SeverityUnlocalized: "ERROR"}, true},
		{&pgconn.PgError{Code: "08007", SeverityUnlocalized: "ERROR"}, true},
		{&pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, true},
		{pgconn.ErrConnClosed, true},
		{io.ErrUnexpectedEOF, true},
		{context.DeadlineExceeded, true},
	} {
		if got := errors.Is(commitError(c.err), aggregator.ErrOutcomeUnknown); got != c.unknown {
			t.Errorf("%v: unknown %v", c.err, got)
		}
	}
	if commitError(nil) != nil {
		t.Error("success is no error")
	}
}
