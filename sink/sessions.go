package sink

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/millrace/millrace/aggregator/column"
)

// This file is what package evaluate has in common with folds: how sessions are
// made, and how vectors are written.

// Sessions returns settings for a pool of sessions of another kind, whose names
// in pg_stat_activity end in suffix.
func (c Config) Sessions(suffix string, size int, statementTimeout time.Duration) (*pgxpool.Config, error) {
	p, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	p.MaxConns = int32(size)
	c.configure(p.ConnConfig, map[string]string{
		"application_name":                    c.ApplicationName[:min(len(c.ApplicationName), 63-len(suffix))] + suffix,
		"statement_timeout":                   milliseconds(statementTimeout),
		"idle_in_transaction_session_timeout": milliseconds(c.IdleTransactionTimeout),
	})
	return p, nil
}

// AppendArray appends rows [from, to) of a vector as a statement takes them: an
// array of one dimension in PostgreSQL's binary form.
func AppendArray(dst []byte, v *column.Vector, from, to int) ([]byte, error) {
	p := vectorParam{v: v, from: from, to: to}
	return p.appendArray(dst)
}

// ArraySize is about how many bytes AppendArray writes, hardly ever less.
func ArraySize(v *column.Vector, from, to int) int {
	p := vectorParam{v: v, from: from, to: to}
	return p.size()
}
