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

Queries: qa is five aggregates of 10,000 groups; q17 is Nexmark's query 17, ten
aggregates with FILTER of as many groups as the events have auctions (652,000
of 10 million).

It starts a broker in memory and a PostgreSQL of its own, or uses those that
--kafka and --postgres name: it makes topics and a database there and removes
them. The broker in memory takes about 300 bytes for an event.

Millrace reads with one lane unless --lanes says more, and flushes and folds as
it does by default: seldomer while it is behind. The hand-written consumer
writes every --rival-interval. A round in which it does not reach 0.8 of the
row that only parses for it does not count.

Numbers of two runs are not comparable on a shared machine; ratios of one run
are.`,
		Example: `  millrace bench
  millrace bench --query all --events 10000000 --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres
  millrace bench --only rival,millrace --profile /tmp/profiles
  millrace bench --json > report.json; millrace bench --recorded report.json
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
	flags.StringVar(&s.Query, "query", "qa", "which query: qa, q17, all")
	flags.Int64Var(&s.Events, "events", 2_000_000, "how many events")
	flags.IntVar(&s.Groups, "groups", 10_000, "how many groups those of qa fall into")
	flags.IntVar(&s.Runs, "runs", 5, "how often each contender runs; medians are printed")
	flags.StringSliceVar(&s.Only, "only", nil, "run these only: bare, decode, parse, rival, millrace, fold")
	flags.DurationVar(&s.Interval, "interval", 0, "how often Millrace flushes and folds; 0 for what it does by default")
	flags.DurationVar(&s.RivalInterval, "rival-interval", time.Second, "how often the rival writes")
	flags.StringSliceVar(&s.Kafka, "kafka", nil, "a Kafka to use, host:port; a broker in memory is started otherwise")
	flags.StringVar(&s.Postgres, "postgres", "", "a PostgreSQL to use, as a URL; one is started otherwise")
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each contender's runs into this folder")
	flags.StringVar(&s.Recorded, "recorded", "", "print the ratios of this earlier report (--json) beside")
	flags.BoolVar(&s.JSON, "json", false, "print JSON")
	cmd.AddCommand(a.benchGenerateCommand(), a.benchFailoverCommand(), a.benchContendCommand(), a.benchBrokerCommand())
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

// benchGenerateCommand writes the bench's events for others to read.
func (a *app) benchGenerateCommand() *cobra.Command {
	var s bench.GenerateSettings
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write the bench's events to a topic, for other systems to read",
		Long: `Generate creates a topic and fills it with the events that bench measures with.
They are the same in every topic and on every machine: event i is a function of
its number, and goes to partition i modulo their number, without a key,
uncompressed.

Kinds:
  bids      Nexmark's bids, which q17 reads:
            {"auction":1000,"bidder":1001,"price":104,"channel":"channel-7",
             "url":"https://www.nexmark.com/…","dateTime":"2025-12-31 23:59:59.000","extra":"…"}
  nexmark   Nexmark's people, auctions and bids, 1 : 3 : 46, as
            {"event_type":0,"person":{…}}, {"event_type":1,"auction":{…}}, {"event_type":2,"bid":{…}}
  channels  bids of ten fields over --groups channels, which qa reads

Prices are integers, in hundredths; times are text without a zone, 10,000 events
a second. It prints what the events come to.`,
		Example: `  millrace bench generate --kafka localhost:9092 --topic bids --events 10000000
  millrace bench generate --kafka localhost:9092 --topic nexmark --kind nexmark --partitions 8`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.Base, s.Out, s.Progress = a.settings, a.out, a.err
			return bench.Generate(cmd.Context(), s)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.Topic, "topic", "", "the topic to create")
	flags.StringVar((*string)(&s.Kind), "kind", string(bench.Bids), "which events: bids, nexmark, channels")
	flags.Int64Var(&s.Events, "events", 10_000_000, "how many events")
	flags.IntVar(&s.Partitions, "partitions", bench.Partitions, "how many partitions")
	flags.IntVar(&s.Groups, "groups", 10_000, "how many channels, of that kind")
	flags.StringSliceVar(&s.Kafka, "kafka", nil, "a Kafka, host:port; that of the settings otherwise")
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
