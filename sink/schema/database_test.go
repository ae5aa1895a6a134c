package schema_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newDatabase makes a database for one test and returns its URL.
func newDatabase(t testing.TB) string {
	t.Helper()
	base := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if base == "" {
		t.Fatal("MILLRACE_TEST_DATABASE_URL is not set: run through `make test`, which sets it")
	}
	name := fmt.Sprintf("millrace_schema_%016x", rand.Uint64())
	admin := connect(t, base)
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// installed is a connection to a new database with Millrace's schema.
func installed(t testing.TB) *pgx.Conn {
	t.Helper()
	conn := connect(t, newDatabase(t))
	if err := schema.Install(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// lines returns the first column of a query's rows.
func lines(t testing.TB, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

func equal(t testing.TB, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// refused checks an error's SQLSTATE and that it tells a way out.
func refused(t testing.TB, err error, code string) *datum.Error {
	t.Helper()
	var e *datum.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want SQLSTATE %s", err, code)
	}
	return e
}

// spec is a view of GROUP BY a text key (and others, if given) with a count.
func spec(name string, others ...datum.Type) schema.ViewSpec {
	p := &query.Plan{}
	for i, typ := range append([]datum.Type{datum.Text}, others...) {
		column := fmt.Sprintf("k%d", i)
		p.Keys = append(p.Keys, query.Key{Column: column, Expr: &expr.Column{Of: typ}})
		p.Output = append(p.Output, query.Output{Name: column, Type: typ.String(), SQL: column})
	}
	p.Aggregates = []query.Aggregate{{
		Function: &agg.Function{States: []agg.State{{Type: datum.Int8, Merge: agg.MergeAdd, Zero: "0"}}}, Columns: []string{"n"},
	}}
	p.Output = append(p.Output, query.Output{Name: "n", Type: "bigint", SQL: "n"})
	var id topology.ViewID
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return schema.ViewSpec{Cluster: "c", ID: id, Name: name, Revision: 5, Plan: p, Select: "SELECT k0, count(*) AS n FROM s GROUP BY k0"}
}

func always(s schema.State) schema.Known {
	return func(topology.ViewID, topology.Revision) schema.State { return s }
}

func ensure(t testing.TB, db schema.DB, s schema.ViewSpec) {
	t.Helper()
	if err := schema.EnsureView(t.Context(), db, s, always(schema.Unknown)); err != nil {
		t.Fatal(err)
	}
}
