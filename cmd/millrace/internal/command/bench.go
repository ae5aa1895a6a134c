package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/bench"
)

func (a *app) benchCommand() *cobra.Command {
	var s bench.Settings
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the whole path against its rivals",
		Long: `Bench fills a topic with events (JSON of about 250 bytes) and lets several
contenders read it, each a process of its own: a loop that only polls, our
decoder, a JSON parser, a hand-written consumer that writes to PostgreSQL, and
Millrace. Every result is checked before a number is printed.

It starts a broker in memory and a PostgreSQL of its own, or uses those that
--kafka and --postgres name: it makes topics and a database there and removes
them. Millrace reads with one lane unless --lanes says more. Numbers of two runs are not comparable on a shared machine; ratios of one
run are.`,
		Example: `  millrace bench
  millrace bench --events 10000000 --runs 5 --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres
  millrace bench --only rival,millrace --profile /tmp/profiles
  millrace bench --only fold --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if s.Binary, err = os.Executable(); err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			s.Base, s.Log, s.Version, s.Out, s.Progress = a.settings, a.log, version, a.out, a.err
			s.Lanes = max(1, a.settings.Node.Lanes)
			return bench.Run(cmd.Context(), s)
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&s.Events, "events", 2_000_000, "how many events")
	flags.IntVar(&s.Groups, "groups", 10_000, "how many groups they fall into")
	flags.IntVar(&s.Runs, "runs", 3, "how often each contender runs; medians are printed")
	flags.StringSliceVar(&s.Only, "only", nil, "run these only: bare, decode, parse, rival, millrace, fold")
	flags.DurationVar(&s.Interval, "interval", 100*time.Millisecond, "how often the rival writes, and Millrace flushes and folds")
	flags.StringSliceVar(&s.Kafka, "kafka", nil, "a Kafka to use, host:port; a broker in memory is started otherwise")
	flags.StringVar(&s.Postgres, "postgres", "", "a PostgreSQL to use, as a URL; one is started otherwise")
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each contender's runs into this folder")
	flags.BoolVar(&s.JSON, "json", false, "print JSON")
	cmd.AddCommand(a.benchFailoverCommand(), a.benchContendCommand(), a.benchBrokerCommand())
	cmd.AddCommand(a.benchScenes()...)
	return cmd
}

// benchFailoverCommand measures what the end of a node costs.
func (a *app) benchFailoverCommand() *cobra.Command {
	var s bench.FailoverSettings
	cmd := &cobra.Command{
		Use:   "failover",
		Short: "Measure how long everything stands still when a node ends",
		Long: `Several nodes with default settings share one view under a steady load, and are
harmed one after the other: killed, stopped, cut off the network, ended in
order, restarted in turn. An observer looks at the ledger in PostgreSQL every 20 ms:
until when events made after the harm are in, how long any shard or input
partition did not move, how old an event became before it was in a row. The
same without any harm says what the machine makes of it. The view must be exact
in the end, or no number is printed.

It starts a broker in memory and a PostgreSQL of its own, or uses those that
--kafka and --postgres name: it makes topics and a database there and removes
them. A round of all cases takes about two minutes.`,
		Example: `  millrace bench failover
  millrace bench failover --only kill,term --runs 10 --json
  millrace bench failover --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if s.Binary, err = os.Executable(); err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			s.Base, s.Log, s.Version, s.Out, s.Progress = a.settings, a.log, version, a.out, a.err
			return bench.Failover(cmd.Context(), s)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&s.Runs, "runs", 5, "how often each harm is done; medians and the worst are printed")
	flags.StringSliceVar(&s.Only, "only", nil, "do these only, and nothing as well: kill, stop, vanish, term, rolling")
	flags.IntVar(&s.Nodes, "nodes", 3, "how many nodes")
	flags.IntVar(&s.Partitions, "partitions", 6, "how many input partitions")
	flags.IntVar(&s.Shards, "shards", 6, "how many shards")
	flags.IntVar(&s.Rate, "rate", 2000, "events a second for each input partition")
	flags.IntVar(&s.Groups, "groups", 100, "how many groups they fall into")
	flags.DurationVar(&s.Quiet, "quiet", 10*time.Second, "how long to look without any harm")
	flags.StringSliceVar(&s.Kafka, "kafka", nil, "a Kafka to use, host:port; a broker in memory is started otherwise")
	flags.StringVar(&s.Postgres, "postgres", "", "a PostgreSQL to use, as a URL; one is started otherwise")
	flags.BoolVar(&s.JSON, "json", false, "print JSON")
	return cmd
}

// benchContendCommand is a contender's process.
func (a *app) benchContendCommand() *cobra.Command {
	return &cobra.Command{
		Use: "contend", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench.Contend(cmd.Context(), a.settings, a.in, a.out, func(ctx context.Context) error { return a.run(ctx, a.settings) })
		},
	}
}

// benchBrokerCommand is the broker's process.
func (a *app) benchBrokerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "broker", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench.ServeBroker(cmd.Context(), a.in, a.out)
		},
	}
}
