package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// rivalName is the rival's table; its offsets stand in rivalName_offsets.
const rivalName = "rival"

// errWrong says that a contender's result is not the generator's: then its
// numbers mean nothing, and none are printed.
var errWrong = errors.New("wrong result")

// check compares what a contender counted.
func (x *expected) check(c Contender, t tally) error {
	if t.Events != x.events {
		return fmt.Errorf("%w: %d events of %d", errWrong, t.Events, x.events)
	}
	if c.Name != nameBare && t.Prices != x.prices {
		return fmt.Errorf("%w: prices add up to %d, not to %d", errWrong, t.Prices, x.prices)
	}
	return nil
}

// store writes the expected rows into a table, which results are compared with
// in the database itself.
func (x *expected) store(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `CREATE TABLE expected (channel text COLLATE "C", count bigint, sum numeric, avg numeric, low bigint, high bigint)`); err != nil {
		return err
	}
	var rows [][]any
	for channel, g := range x.groups {
		if g.count > 0 {
			rows = append(rows, []any{channelName(channel), g.count, fmt.Sprint(g.sum), g.low, g.high})
		}
	}
	// Sums go as text: bigint is not numeric's binary form.
	if _, err := conn.Exec(ctx, `CREATE TABLE raw (channel text, count bigint, sum text, low bigint, high bigint)`); err != nil {
		return err
	}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"channel", "count", "sum", "low", "high"}, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, `INSERT INTO expected SELECT channel, count, sum::numeric, sum::numeric / count, low, high FROM raw; DROP TABLE raw`)
	return err
}

// compare returns an error unless a query gives exactly the expected rows, in
// any order.
func compare(ctx context.Context, conn *pgx.Conn, query string) error {
	const want = "SELECT channel, count, sum, avg, low, high FROM expected"
	var missing, extra int
	err := conn.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM ((%[1]s) EXCEPT ALL (%[2]s)) AS m), (SELECT count(*) FROM ((%[2]s) EXCEPT ALL (%[1]s)) AS e)`, want, query)).Scan(&missing, &extra)
	if err != nil {
		return fmt.Errorf("compare the result: %w", err)
	}
	if missing > 0 || extra > 0 {
		return fmt.Errorf("%w: %d of the expected rows are missing, %d rows are others", errWrong, missing, extra)
	}
	return nil
}
