package sink_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/agg"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/expr"
	"github.com/millrace/millrace/aggregator/partial"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// folder is what sink fits of consumer.Store; the rest is cmd's adapter.
type folder interface {
	Claim(ctx context.Context, topic string, p topology.Partition) (*aggregator.Claim, error)
	Fold(ctx context.Context, c *aggregator.Claim, f *aggregator.Fold) (aggregator.FoldResult, error)
	Release(ctx context.Context, c *aggregator.Claim) error
}

var _ folder = (*sink.Store)(nil)

// newDatabase makes a database for one test and returns its URL.
func newDatabase(t testing.TB, options string) string {
	t.Helper()
	base := os.Getenv("MILLRACE_TEST_DATABASE_URL")
	if base == "" {
		t.Fatal("MILLRACE_TEST_DATABASE_URL is not set: run through `make test`, which sets it")
	}
	name := fmt.Sprintf("millrace_sink_%016x", rand.Uint64())
	admin := connect(t, base)
	execute(t, admin, "CREATE DATABASE "+name+" "+options)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// withParam returns a database URL with one more parameter.
func withParam(t testing.TB, base, name, value string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), withParam(t, url, "client_encoding", "UTF8"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// text returns a query's rows as text, columns joined by "|".
func text(t testing.TB, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(context.Background(), "SELECT pg_catalog.concat_ws('|', VARIADIC ARRAY(SELECT coalesce(value, 'NULL') FROM json_each_text(pg_catalog.row_to_json(q)))) FROM ("+sql+") q", args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// waitFor runs a query until it has rows.
func waitFor(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	for len(text(t, conn, sql, args...)) == 0 {
		if t.Context().Err() != nil {
			t.Fatalf("never: %s", sql)
		}
	}
}

// queryError returns the error of a query that is read to its end.
func queryError(conn *pgx.Conn, sql string) error {
	rows, err := conn.Query(context.Background(), sql)
	if err != nil {
		return err
	}
	rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func openStore(t testing.TB, url string, change ...func(*sink.Config)) *sink.Store {
	t.Helper()
	c := sink.DefaultConfig(url)
	c.TakeoverWait = 50 * time.Millisecond
	for _, f := range change {
		f(&c)
	}
	s, err := sink.Open(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// state describes one state column of a test's plan.
type state struct {
	column string
	typ    datum.Type
	rule   agg.MergeRule
	zero   string
}

// planOf builds a plan whose view shows keys and states as they are.
func planOf(keys []datum.Type, states ...state) *query.Plan {
	p := &query.Plan{TimeZone: "UTC"}
	for i, k := range keys {
		name := fmt.Sprintf("k%d", i)
		p.Keys = append(p.Keys, query.Key{Column: name, Expr: &expr.Column{Index: i, Name: name, Of: k}})
		p.Output = append(p.Output, query.Output{Name: name, Type: k.String(), SQL: name})
	}
	for _, s := range states {
		zero := s.zero
		if zero == "" {
			zero = "NULL"
		}
		p.Aggregates = append(p.Aggregates, query.Aggregate{
			Function: &agg.Function{Name: s.column, States: []agg.State{{Type: s.typ, Merge: s.rule, Zero: zero}}},
			Columns:  []string{s.column},
		})
		p.Output = append(p.Output, query.Output{Name: s.column, Type: s.typ.String(), SQL: quoted(s.column) + " + 0"})
		if s.typ != datum.Int8 && s.typ != datum.Numeric && s.typ != datum.Float8 {
			p.Output[len(p.Output)-1].SQL = quoted(s.column)
		}
	}
	return p
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// countAndSum is the plan of most tests: GROUP BY a text, count(*), sum(bigint).
func countAndSum() *query.Plan {
	return planOf([]datum.Type{datum.Text}, state{"n", datum.Int8, agg.MergeAdd, "0"}, state{"total", datum.Int8, agg.MergeAdd, ""})
}

func makeView(t testing.TB, s *sink.Store, name string, plan *query.Plan) schema.ViewSpec {
	t.Helper()
	spec := schema.ViewSpec{ID: newViewID(), Name: name, Revision: 1, Plan: plan, Select: "SELECT 1"}
	if err := s.EnsureView(t.Context(), spec, func(topology.ViewID, topology.Revision) schema.State { return schema.Unknown }); err != nil {
		t.Fatal(err)
	}
	return spec
}

func newViewID() (id topology.ViewID) {
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return id
}

// rowsOf makes a view's rows from (key, n, total) triples of countAndSum.
func rowsOf(spec schema.ViewSpec, groups ...group) aggregator.ViewRows {
	k, n, total := column.New(datum.Text), column.New(datum.Int8), column.New(datum.Int8)
	rows := aggregator.ViewRows{View: spec.ID, Name: spec.Name, Plan: spec.Plan, Keys: []*column.Vector{k}, States: []*column.Vector{n, total}}
	for i, g := range groups {
		rows.Hashes = append(rows.Hashes, md5.Sum([]byte(g.key)))
		k.AppendBytes([]byte(g.key))
		n.AppendInt(g.n)
		total.AppendInt(g.total)
		if g.err != nil {
			rows.Errors = append(rows.Errors, partial.GroupError{Group: i, Err: g.err})
		}
	}
	return rows
}

type group struct {
	key      string
	n, total int64
	err      *datum.Error
}

const topic = "partials.flights"

func claim(t testing.TB, s *sink.Store) *aggregator.Claim {
	t.Helper()
	c, err := s.Claim(t.Context(), topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// foldNext folds views from the claim's position to the next one.
func foldNext(t testing.TB, s *sink.Store, c *aggregator.Claim, views ...aggregator.ViewRows) aggregator.FoldResult {
	t.Helper()
	result, err := tryFold(t, s, c, views...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func tryFold(t testing.TB, s *sink.Store, c *aggregator.Claim, views ...aggregator.ViewRows) (aggregator.FoldResult, error) {
	t.Helper()
	result, err := s.Fold(t.Context(), c, &aggregator.Fold{Topic: c.Topic, Partition: c.Partition, From: c.Position, To: c.Position + 1, Views: views})
	if err == nil {
		c.Position++
	}
	return result, err
}

func equal(t testing.TB, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}
