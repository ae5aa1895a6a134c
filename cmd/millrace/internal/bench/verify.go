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

// expectation is what the events of a run must come to.
type expectation interface {
	check(c Contender, t tally) error
	total() sums
	// size is how many groups there are.
	size() int
	// store writes the rows into a new table expected, in the view's columns.
	store(ctx context.Context, conn *pgx.Conn) error
}

// sums is what every query's events add up to.
type sums struct{ events, bytes, prices int64 }

func (x *sums) count(price int64, bytes int) {
	x.events++
	x.bytes += int64(bytes)
	x.prices += price
}

func (x *sums) total() sums { return *x }

// check compares what a contender counted.
func (x *sums) check(c Contender, t tally) error {
	if t.Events != x.events {
		return fmt.Errorf("%w: %d events of %d", errWrong, t.Events, x.events)
	}
	if c.Name != nameBare && t.Prices != x.prices {
		return fmt.Errorf("%w: prices add up to %d, not to %d", errWrong, t.Prices, x.prices)
	}
	return nil
}

// compare returns an error unless a query gives exactly the expected rows, in
// any order.
func compare(ctx context.Context, conn *pgx.Conn, query string) error {
	const want = "SELECT * FROM expected"
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
