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

// ledgerFaults returns what is wrong with a cluster's ledger: each shard of each of
// these views must have folded each partition from one place, the same for all
// shards, to its end. It returns as well where each view begins.
func (d *database) ledgerFaults(ctx context.Context, cluster string, views []string, shards int, ends map[int32]int64) (starts map[string]map[int32]int64, faults []string) {
	d.t.Helper()
	rows, err := d.conn.Query(ctx, `SELECT coalesce(v.name, ''), l.shard, l.input_partition, l.from_offset, l.to_offset
		FROM millrace.ledger l LEFT JOIN millrace.views v ON v.cluster = l.cluster AND v.id = l.view WHERE l.cluster = $1`, cluster)
	if err != nil {
		d.t.Fatal(err)
	}
	fault := func(format string, args ...any) { faults = append(faults, "ledger: "+fmt.Sprintf(format, args...)) }
	starts, entries := map[string]map[int32]int64{}, map[string]int{}
	var name string
	var shard, partition int32
	var from, to int64
	_, err = pgx.ForEachRow(rows, []any{&name, &shard, &partition, &from, &to}, func() error {
		entries[name]++
		if starts[name] == nil {
			starts[name] = map[int32]int64{}
		}
		if start, ok := starts[name][partition]; ok && start != from || to != ends[partition] {
			fault("view %s shard %d partition %d has [%d, %d) of [%d, %d)", name, shard, partition, from, to, start, ends[partition])
		}
		starts[name][partition] = from
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, view := range views {
		if want := shards * len(ends); entries[view] != want {
			fault("view %s has %d entries, want %d", view, entries[view], want)
		}
		delete(entries, view)
	}
	for view, n := range entries {
		fault("%d entries of view %q, which is not there", n, view)
	}
	return starts, faults
}
