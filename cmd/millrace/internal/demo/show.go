package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/psql"
	"github.com/millrace/millrace/data/flights"
)

// show draws the filling of the views: in place on a terminal, a few times
// elsewhere.
type show struct {
	demo     *Demo
	start    time.Time
	produced atomic.Int64
	shown    int64 // flights in the view when it was printed last
}

func newShow(d *Demo) *show { return &show{demo: d, start: time.Now()} }

// every is how often the views are looked at.
func (s *show) every() time.Duration {
	if s.demo.Console.Terminal() {
		return 150 * time.Millisecond
	}
	return 300 * time.Millisecond
}

// draw shows the state of now.
func (s *show) draw(ctx context.Context) error {
	var folded int64
	if err := s.demo.Service.Store.Pool().QueryRow(ctx, "SELECT coalesce(sum(flights), 0)::bigint FROM by_origin").Scan(&folded); err != nil {
		return fmt.Errorf("look at the view by_origin: %w", err)
	}
	c := s.demo.Console
	if !c.Terminal() {
		// Not the same twice, and not every little step; the end is last's to show.
		if folded-s.shown >= flights.Count/5 && folded < flights.Count {
			s.shown = folded
			c.Printf("%s\n", s.progress(folded))
		}
		return nil
	}
	tops, err := s.tops(ctx)
	if err != nil {
		return err
	}
	c.Draw(s.progress(folded) + "\n" + tops)
	return nil
}

// last shows the end in full, when every view has all flights, and leaves it there.
func (s *show) last(ctx context.Context) error {
	c := s.demo.Console
	tops, err := s.tops(ctx)
	if err != nil {
		return err
	}
	c.Clear()
	c.Printf("%s\n%s", s.progress(flights.Count), tops)
	return nil
}

func (s *show) progress(folded int64) string {
	produced := s.produced.Load()
	seconds := time.Since(s.start).Seconds()
	line := func(what string, n int64) string {
		share := float64(n) / flights.Count
		return fmt.Sprintf("  %-9s %s %3.0f %%  %s of %s flights\n", what, console.Bar(share), 100*share, console.Number(n), console.Number(flights.Count))
	}
	return line("produced", produced) + line("in views", folded) + fmt.Sprintf("  after %.1f s\n", seconds)
}

// tops returns the top of each view, as psql prints it.
func (s *show) tops(ctx context.Context) (string, error) {
	var out bytes.Buffer
	for _, v := range views() {
		fmt.Fprintf(&out, "%s: %s\n", s.demo.Console.Bold(v.name), v.about)
		table, err := top(ctx, s.demo.Service.Store.Pool(), v.top)
		if err != nil {
			return "", fmt.Errorf("look at the view %s: %w", v.name, err)
		}
		if err := table.WriteBare(&out); err != nil {
			return "", err
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}

// querier is a pool or a connection.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// top runs a query whose values are taken as PostgreSQL writes them.
func top(ctx context.Context, db querier, sql string) (*psql.Table, error) {
	rows, err := db.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	table := &psql.Table{}
	for i, f := range rows.FieldDescriptions() {
		table.Columns = append(table.Columns, psql.Column{Name: f.Name, Right: i > 0 && !strings.HasSuffix(f.Name, "day")})
	}
	for rows.Next() {
		row := make([]string, len(table.Columns))
		for i, value := range rows.RawValues() {
			row[i] = string(value)
		}
		table.Rows = append(table.Rows, row)
	}
	return table, rows.Err()
}
