package integration

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// oracleView is a continuous view and what it must equal.
type oracleView struct {
	name  string
	query string // with %s where its source stands
}

// over returns the SELECT over a stream or a table.
func (v oracleView) over(source string) string { return fmt.Sprintf(v.query, source) }

// database is a connection to a test's database.
type database struct {
	t    *testing.T
	conn *pgx.Conn
}

func connect(t *testing.T, url string) *database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return &database{t: t, conn: conn}
}

func (d *database) exec(ctx context.Context, sql string, args ...any) {
	d.t.Helper()
	if _, err := d.conn.Exec(ctx, sql, args...); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
}

// differences returns how many rows two queries do not have in common.
func (d *database) differences(ctx context.Context, a, b string) int {
	d.t.Helper()
	var n int
	query := fmt.Sprintf(`SELECT count(*) FROM ((%[1]s EXCEPT ALL %[2]s) UNION ALL (%[2]s EXCEPT ALL %[1]s)) AS d`, "("+a+")", "("+b+")")
	if err := d.conn.QueryRow(ctx, query).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// ledgerFaults returns what is wrong with a cluster's ledger: each of the shards
// must have folded each partition from 0 to its end.
func (d *database) ledgerFaults(ctx context.Context, cluster string, shards int, ends map[int32]int64) []string {
	d.t.Helper()
	rows, err := d.conn.Query(ctx, `SELECT shard, input_partition, from_offset, to_offset FROM millrace.ledger WHERE cluster = $1`, cluster)
	if err != nil {
		d.t.Fatal(err)
	}
	var faults []string
	entries := 0
	var shard, partition int32
	var from, to int64
	_, err = pgx.ForEachRow(rows, []any{&shard, &partition, &from, &to}, func() error {
		entries++
		if from != 0 || to != ends[partition] {
			faults = append(faults, fmt.Sprintf("ledger: shard %d partition %d has [%d, %d) of [0, %d)", shard, partition, from, to, ends[partition]))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if want := shards * len(ends); entries != want {
		faults = append(faults, fmt.Sprintf("ledger: %d entries, want %d", entries, want))
	}
	return faults
}
