package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/datum"
)

// DB is a pool, a connection or a transaction (whose savepoints then serve).
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// oldestServer is the oldest supported server_version_num.
const oldestServer = 150000

// Install makes the schema millrace, or brings it up to [Version]. A database
// that is up to date takes one query and no privilege beyond reading it. One
// that a newer binary installed is left alone and refused with SQLSTATE 55000.
func Install(ctx context.Context, db DB) error {
	err := inTx(ctx, db, func(tx pgx.Tx) error {
		version, err := installed(ctx, tx)
		if err != nil || version == Version {
			return err
		}
		// Nodes that start together meet here; the second finds the work done.
		if err := lock(ctx, tx, "install"); err != nil {
			return err
		}
		if version, err = installed(ctx, tx); err != nil {
			return err
		}
		return migrate(ctx, tx, version)
	})
	if err != nil {
		return fmt.Errorf("install schema millrace: %w", SQLError(err))
	}
	return nil
}

// installed returns the database's version, 0 where there is no schema yet.
func installed(ctx context.Context, tx pgx.Tx) (int, error) {
	var server int
	var exists, ours bool
	// Not to_regclass: it may not see yet what another session has committed
	// while this one waited for the lock.
	err := tx.QueryRow(ctx, `SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
		EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'millrace'),
		EXISTS (SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
			WHERE n.nspname = 'millrace' AND c.relname = 'version')`).Scan(&server, &exists, &ours)
	switch {
	case err != nil:
		return 0, err
	case server < oldestServer:
		return 0, &datum.Error{
			Code: datum.CodeFeatureNotSupported, Message: fmt.Sprintf("PostgreSQL %d is too old", server/10000),
			Hint: "Millrace needs PostgreSQL 15 or later.",
		}
	case exists && !ours:
		return 0, errForeignSchema("millrace")
	case !exists:
		return 0, nil
	}
	var version int
	if err := tx.QueryRow(ctx, "SELECT version FROM millrace.version").Scan(&version); err != nil {
		return 0, err
	}
	if version > Version {
		return 0, &datum.Error{
			Code:    datum.CodeInvalidObjectState,
			Message: fmt.Sprintf("the database was set up by a newer millrace (schema version %d, this one knows %d)", version, Version),
			Hint:    "Upgrade this millrace binary.",
		}
	}
	return version, nil
}

// base is what every version stands on.
const base = `CREATE SCHEMA millrace;
	COMMENT ON SCHEMA millrace IS 'Millrace: bookkeeping of continuous views';
	GRANT USAGE ON SCHEMA millrace TO PUBLIC;
	CREATE TABLE millrace.version (version integer NOT NULL, upgraded_at timestamptz NOT NULL);
	INSERT INTO millrace.version VALUES (0, pg_catalog.now())`

// migrate carries out the steps that a database of the given version lacks.
func migrate(ctx context.Context, tx pgx.Tx, version int) error {
	if version < clusterVersion {
		if err := clusterRoom(ctx, tx); err != nil {
			return err
		}
	}
	if version == 0 {
		if _, err := tx.Exec(ctx, base); err != nil {
			return err
		}
	}
	for _, step := range migrations[version:] {
		if _, err := tx.Exec(ctx, step); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE millrace.version SET version = $1, upgraded_at = pg_catalog.now()", Version)
	return err
}

// lock takes the advisory lock of a subject until the transaction ends.
func lock(ctx context.Context, tx pgx.Tx, subject string) error {
	_, err := tx.Exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('millrace ' || $1, 0))", subject)
	return err
}

// inTx runs do in a transaction that is committed where do returns nil.
func inTx(ctx context.Context, db DB, do func(pgx.Tx) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	err = do(tx)
	if err == nil {
		return tx.Commit(ctx)
	}
	// The error that matters is do's: a rollback that fails has lost the
	// connection, and the transaction with it.
	_ = tx.Rollback(ctx)
	return err
}
