package sink

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/column"
	"github.com/millrace/millrace/topology"
)

// WaitShortly makes Enter give up soon.
func (r *Registry) WaitShortly() { r.enterWait = 50 * time.Millisecond }

// EndHolder is what a claim does that has waited for TakeoverWait.
func (s *Store) EndHolder(ctx context.Context, topic string, p topology.Partition) error {
	return s.endHolder(ctx, topic, p)
}

// Setting returns a setting of the registry's session.
func (r *Registry) Setting(t testing.TB, name string) (value string) {
	t.Helper()
	if err := r.conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Statements returns how many statements merge the rows of folds, and how many rows
// those are. They have to fit one message.
func (s *Store) Statements(t testing.TB, shares []aggregator.Share) (statements, rows int) {
	t.Helper()
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	tasks, err := s.tasks(t.Context(), conn, shares)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{}
	if rows, err = mergeTasks(t.Context(), x, tasks); err != nil {
		t.Fatal(err)
	}
	return len(x.asked), rows
}

// SendVector sends a vector as a fold does and returns what an expression over it, x,
// gives for each row, as text.
func SendVector(t testing.TB, ctx context.Context, url string, v *column.Vector, expression string) []*string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["timezone"] = "UTC"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := registerVectors(ctx, conn); err != nil {
		t.Fatal(err)
	}
	sql := fmt.Sprintf("SELECT %s FROM unnest($1::%v[]) WITH ORDINALITY AS s(x, i) ORDER BY i", expression, v.Type.Sent())
	rows, err := conn.Query(ctx, sql, &vectorParam{v: v, to: v.Len()})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
