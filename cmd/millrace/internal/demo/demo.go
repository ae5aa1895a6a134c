// Package demo is `millrace demo`: real flights produced into a stream, four
// continuous views that fill while a person looks on, and the proof that each
// of them equals the same SELECT over the same rows in a plain table.
package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/status"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/data/airports"
	"github.com/millrace/millrace/data/flights"
)

// Demo shows itself on a console.
type Demo struct {
	Console *console.Console
	Service *service.Service
	// Topic is the stream's, made by the demo. It is not "flights" on a broker
	// of the person's own, which may have a topic of that name.
	Topic string

	joined bool // the table of airports is the demo's own
}

// flushLimit bounds the whole filling; it takes seconds.
const flushLimit = 2 * time.Minute

// Run creates the stream and its views, fills them and checks them. It returns
// [ErrDifferent] where a view is not equal to its SELECT.
func (d *Demo) Run(ctx context.Context) error {
	if err := d.create(ctx); err != nil {
		return err
	}
	if err := d.fill(ctx); err != nil {
		return err
	}
	return d.check(ctx)
}

func (d *Demo) create(ctx context.Context) error {
	options := "partitions = 4"
	if d.Topic != "flights" {
		options = fmt.Sprintf("topic = '%s', %s", d.Topic, options)
	}
	statements := []string{fmt.Sprintf(stream, options)}
	for _, v := range views() {
		statements = append(statements, "CREATE CONTINUOUS VIEW "+v.name+" AS\n  "+v.over("flights"))
	}
	if err := d.loadAirports(ctx); err != nil {
		return fmt.Errorf("load the airports into the table %s: %w", airportsTable, err)
	}
	d.Console.Printf("\n")
	for _, sql := range statements {
		result, err := d.Service.DDL().Execute(ctx, sql)
		if err != nil {
			return fmt.Errorf("%s: %w", firstLine(sql), err)
		}
		d.Console.Printf("%s;\n", d.Console.Bold(sql))
		for _, notice := range result.Notices {
			d.Console.Printf("NOTICE:  %s\n", notice)
		}
	}
	d.Console.Printf("\n")
	return nil
}

func firstLine(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	return line
}

// loadAirports makes the table that a view joins the stream with.
func (d *Demo) loadAirports(ctx context.Context) error {
	return pgx.BeginFunc(ctx, d.Service.Store.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TABLE "+airportsTable+" ("+airports.Columns+", PRIMARY KEY (iata))"); err != nil {
			return err
		}
		_, err := tx.Conn().PgConn().CopyFrom(ctx, airports.CSV(), "COPY "+airportsTable+" FROM STDIN WITH (FORMAT csv, HEADER)")
		d.joined = err == nil
		return err
	})
}

// fill produces the flights and shows the views until all are folded.
func (d *Demo) fill(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, flushLimit, fmt.Errorf("the views were not full after %v", flushLimit))
	defer cancel()
	show := newShow(d)
	done := make(chan error, 1)
	go func() { done <- d.produce(ctx, show) }()
	tick := time.NewTicker(show.every())
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
			return show.last(ctx)
		case <-tick.C:
			if err := show.draw(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// produce writes all flights and waits until they are in the views.
func (d *Demo) produce(ctx context.Context, s *show) error {
	lines, err := flights.Lines()
	if err != nil {
		return err
	}
	producer, err := broker.NewProducer(d.Service.Settings.Kafka, d.Service.Log)
	if err != nil {
		return err
	}
	defer producer.Close()
	records, err := producer.Lines(ctx, d.Topic, lines, func(records, _ int64) { s.produced.Store(records) })
	if err != nil {
		return err
	}
	if records != flights.Count {
		return fmt.Errorf("%d flights were produced, %d were to be", records, flights.Count)
	}
	s.produced.Store(records)
	reader := status.Reader{Kafka: d.Service.Admin, Catalog: d.Service.Catalog, Store: d.Service.Store}
	names := make([]string, 0, 4)
	for _, v := range views() {
		names = append(names, v.name)
	}
	return reader.Flush(ctx, names...)
}

// Remove takes away what the demo made, from servers that stay.
func (d *Demo) Remove(ctx context.Context) error {
	_, err := d.Service.DDL().Execute(ctx, "DROP STREAM IF EXISTS flights CASCADE")
	tables := plainTable
	if d.joined {
		tables += ", " + airportsTable
	}
	_, tableErr := d.Service.Store.Pool().Exec(ctx, "DROP TABLE IF EXISTS "+tables)
	return errors.Join(err, tableErr, d.Service.Admin.DeleteTopic(ctx, d.Topic))
}
