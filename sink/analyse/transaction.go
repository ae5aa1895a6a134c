package analyse

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
)

// settings are what the meaning of text forms hangs on. They are the same in
// every session of Millrace's; TimeZone stays the database's and is recorded.
const settings = "SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; " +
	"SET LOCAL standard_conforming_strings = on; SET LOCAL lock_timeout = '10s'; " + tempFirst

// tempFirst takes pg_temp out of the search_path, where some put it last: left
// out, it comes first, and FROM finds the stream before any table of its name. Last
// comes millrace, for year(), date_round() and the like.
const tempFirst = `SELECT set_config('search_path', concat_ws(',', (SELECT string_agg(p, ',')
	FROM unnest(string_to_array(current_setting('search_path'), ',')) p WHERE btrim(p, ' "') NOT IN ('pg_temp', 'millrace')), 'millrace'), true)`

// begin opens a transaction with the fixed settings.
func begin(ctx context.Context, conn *pgx.Conn) (pgx.Tx, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadWrite})
	if err != nil {
		return nil, serverError("begin a transaction for the analysis", err)
	}
	if _, err := tx.Exec(ctx, settings, pgx.QueryExecModeSimpleProtocol); err != nil {
		rollback(tx)
		return nil, serverError("set up the analysis", err)
	}
	return tx, nil
}

// frozen are the settings that the meaning of names and of text forms hangs on. A
// row program runs under those that its view was analysed under.
var frozen = []string{"search_path", "TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits", "standard_conforming_strings"}

// readSettings notes the settings of the analysis.
func readSettings(ctx context.Context, tx pgx.Tx, analysis *query.Analysis) error {
	rows, err := tx.Query(ctx, `SELECT name, current_setting(name) FROM unnest($1::text[]) WITH ORDINALITY AS u(name, i) ORDER BY i`, frozen)
	if err != nil {
		return serverError("read the settings", err)
	}
	var s query.Setting
	_, err = pgx.ForEachRow(rows, []any{&s.Name, &s.Value}, func() error {
		analysis.Settings = append(analysis.Settings, s)
		return nil
	})
	if err != nil {
		return serverError("read the settings", err)
	}
	return nil
}

// rollbackTimeout bounds the rollback, which runs after the caller's context
// may have ended.
const rollbackTimeout = 5 * time.Second

// rollback undoes everything. Where it fails the connection is closed by pgx,
// which undoes everything too.
func rollback(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_ = tx.Rollback(ctx)
}

// run carries out one statement through the extended protocol: text with two
// of them is refused by the server.
func run(ctx context.Context, tx pgx.Tx, sql string) error {
	_, err := tx.Conn().PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Close()
	return err
}

// columnError is the error of a stream's CREATE TEMP TABLE, placed at the type
// in the user's statement.
func columnError(err error, create string, starts []int, columns []statement.ColumnDef) error {
	placed := serverError("resolve the columns' types", err)
	var pg *pgconn.PgError
	var pure *datum.Error
	if !errors.As(err, &pg) || !errors.As(placed, &pure) || pg.Position == 0 {
		return placed
	}
	for i, start := range starts {
		at := int(pg.Position) - 1 - start
		if at >= 0 && at <= len([]rune(columns[i].TypeText)) {
			pure.Position = columns[i].TypePos + at
		}
	}
	return placed
}
