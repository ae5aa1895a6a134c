package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/demo"
)

func (a *app) demoCommand() *cobra.Command {
	var exit bool
	cmd := &cobra.Command{
		Use:   "demo [--exit]",
		Short: "Show it: real flights, four views, and a check that they are exact",
		Long: `Start what "millrace dev" starts, create a stream and four continuous views over
it, one of them joined with a table of airports, produce 200,000 real flights,
show the views while they fill, and check that each equals the same SELECT over
the same rows in a plain table. It then runs until Ctrl-C, so that you can look
around.

On servers of your own (MILLRACE_KAFKA_BROKERS, MILLRACE_DATABASE_URL) it makes a
stream flights, its views, the tables airports and flights_plain and a topic of
its own there, and removes them at the end.`,
		Example: "  millrace demo\n  millrace demo --exit   # ends after the check, status 0 if all views are equal",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), exit) },
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "end after the check, with status 0 only if all views are equal")
	return cmd
}

func (a *app) demo(ctx context.Context, exit bool) error {
	out := console.New(a.out)
	out.Printf("Starting %s\n", program())
	return a.withSystem(ctx, a.log, out, func(ctx context.Context, s *system) error {
		out.Printf("\n%s", a.places(s))
		d := &demo.Demo{Console: out, Service: s.service, Topic: "flights"}
		if s.stack.Broker == nil {
			d.Topic = a.settings.Node.Cluster + ".demo.flights"
		}
		err := d.Run(ctx)
		if err == nil && !exit {
			out.Printf("\n%s", a.nextSteps(s, d.Topic))
			<-ctx.Done()
		}
		if s.stack.Broker == nil || s.stack.Database == nil {
			err = errors.Join(err, removeDemo(ctx, d, a.log))
		}
		if errors.Is(err, context.Canceled) && !exit {
			return nil // Ctrl-C before the end is no failure
		}
		return err
	})
}

// removeDemo cleans up what stays otherwise, also behind a Ctrl-C.
func removeDemo(ctx context.Context, d *demo.Demo, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := d.Remove(ctx); err != nil {
		log.Warn("the demo's stream, views or table could not all be removed", "error", err)
	}
	return nil
}

func (a *app) nextSteps(s *system, topic string) string {
	m := program()
	broker := s.stack.Settings.Kafka.Brokers[0]
	return fmt.Sprintf(`It goes on running. Try, in another terminal:

%[5]s  %[1]s sql -c "SELECT * FROM by_origin ORDER BY avg_delay DESC LIMIT 5"
  %[1]s sql -c "SELECT * FROM by_day WHERE day >= '2001-06-24'"
  %[1]s views

A flight from a new airport appears at once:

  echo '{"date": "2001-07-04 12:00:00", "delay": 100, "distance": 700, "origin": "NEW", "destination": "JFK"}' | %[1]s produce flights
  %[1]s sql -c "INSERT INTO flights VALUES (now(), 20, 700, 'NEW', 'JFK')" -c "SELECT pipelinedb.flush()" -c "SELECT * FROM by_origin WHERE origin = 'NEW'"

With other clients:

  psql %[2]s -c "SELECT * FROM by_haul"
  kcat -b %[3]s -C -t %[4]s -o -3 -e

Ctrl-C ends it, and all of its data.
`, m, s.psqlURL(), broker, topic, a.exports())
}
