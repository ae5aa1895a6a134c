package evaluate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/evaluate"
)

// database is one of a test's own, with an evaluator and a session beside it.
type database struct {
	t         testing.TB
	url       string
	conn      *pgx.Conn
	evaluator *evaluate.Evaluator
}

func newDatabase(t testing.TB, change ...func(*evaluate.Config)) *database {
	t.Helper()
	base := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if base == "" {
		t.Fatal("MILLRACE_TEST_DATABASE_URL is not set: run through `make test`, which sets it")
	}
	name := fmt.Sprintf("millrace_evaluate_%016x", rand.Uint64())
	d := &database{t: t}
	admin := d.connect(base)
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	d.url = u.String()
	d.conn = d.connect(d.url)
	config := evaluate.DefaultConfig()
	for _, f := range change {
		f(&config)
	}
	if d.evaluator, err = evaluate.Open(t.Context(), config, sink.DefaultConfig(d.url)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.evaluator.Close)
	return d
}

func (d *database) connect(url string) *pgx.Conn {
	d.t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (d *database) execute(sql string, args ...any) {
	d.t.Helper()
	execute(d.t, d.conn, sql, args...)
}

// ints is a program over one column of bigints whose only result is a bigint.
func ints(expression string) *query.Remote {
	return &query.Remote{
		SQL: `WITH s(i, "millrace row") AS MATERIALIZED (SELECT * FROM unnest($1::bigint[]) WITH ORDINALITY) ` +
			`SELECT "millrace row"::int4, (` + expression + `)::bigint FROM s`,
		Inputs: []int{0}, Parameters: []datum.Type{datum.Int8},
		Results: []query.RemoteResult{{Type: datum.Int8, OID: 20, SQLType: "bigint", Text: expression}},
	}
}

// numbers is a vector of 0 to n-1.
func numbers(n int) []*column.Vector {
	v := column.New(datum.Int8)
	for i := range n {
		v.AppendInt(int64(i))
	}
	return []*column.Vector{v}
}
