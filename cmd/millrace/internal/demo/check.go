package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/data/flights"
)

// plainTable holds the same rows as the stream, for the comparison.
const plainTable = "flights_plain"

// ErrDifferent occurs when a view does not hold what its SELECT gives.
var ErrDifferent = errors.New("a view is not equal to its SELECT over the same rows: that is a bug of Millrace")

// check loads the flights into a plain table and compares.
func (d *Demo) check(ctx context.Context) error {
	pool := d.Service.Store.Pool()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := load(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("load the flights into the table %s: %w", plainTable, err)
	}
	d.Console.Printf("The same %s rows in a plain table, and the same SELECTs over it:\n\n", console.Number(flights.Count))
	equal := true
	for _, v := range views() {
		groups, different, err := compare(ctx, conn.Conn(), v)
		if err != nil {
			return fmt.Errorf("compare the view %s: %w", v.name, err)
		}
		verdict := d.Console.Green("equal")
		if different > 0 || groups == 0 {
			equal, verdict = false, d.Console.Red(fmt.Sprintf("DIFFERENT in %d rows", different))
		}
		d.Console.Printf("  %-10s %4d rows  %s\n", v.name, groups, verdict)
	}
	if !equal {
		return ErrDifferent
	}
	d.Console.Printf("\n%s\n", d.Console.Green("Every view equals its SELECT, to the last digit."))
	return nil
}

// load has PostgreSQL read the lines itself, so that it shares no code with the
// path that is checked: COPY as whole lines, then its own JSON operators.
func load(ctx context.Context, conn *pgx.Conn) error {
	lines, err := flights.Lines()
	if err != nil {
		return err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing after a commit
	if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+plainTable); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "CREATE TEMP TABLE flight_lines (line json) ON COMMIT DROP"); err != nil {
		return err
	}
	// No line has these bytes, so that each is one value as it is.
	const copyLines = `COPY flight_lines FROM STDIN (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')`
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, lines, copyLines); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `CREATE TABLE `+plainTable+` AS SELECT (line->>'date')::timestamp AS date, (line->>'delay')::int AS delay,
		(line->>'distance')::int AS distance, line->>'origin' AS origin, line->>'destination' AS destination FROM flight_lines`)
	if err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// compare counts a view's rows, and those that only the view or only its SELECT
// has.
func compare(ctx context.Context, conn *pgx.Conn, v view) (rows, different int64, err error) {
	err = conn.QueryRow(ctx, fmt.Sprintf(`WITH expected AS (%[2]s)
		SELECT (SELECT count(*) FROM %[1]s),
			(SELECT count(*) FROM (TABLE %[1]s EXCEPT ALL TABLE expected) AS more)
			+ (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE %[1]s) AS missing)`, v.name, v.over(plainTable))).
		Scan(&rows, &different)
	return rows, different, err
}
