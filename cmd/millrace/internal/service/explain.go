package service

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/sink"
)

// Explain returns an error as one line for a person: what, where, and the way
// out. Both sides fail with the network's errors, so that PostgreSQL's own are
// asked for first.
func Explain(err error) error {
	var explained *sink.Explained
	var connect *pgconn.ConnectError
	var answer *pgconn.PgError
	if errors.As(err, &explained) || errors.As(err, &connect) || errors.As(err, &answer) {
		return sink.Explain(err)
	}
	var ours *broker.Explained
	if kafka := broker.Explain(err); errors.As(kafka, &ours) {
		return kafka
	}
	return sink.Explain(err)
}
