package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace/millrace/cmd/millrace/internal/bench"
)

// benchScenes are the commands that measure one promise each.
func (a *app) benchScenes() []*cobra.Command {
	return []*cobra.Command{
		a.benchViewsCommand(), a.benchLanesCommand(), a.benchScaleCommand(),
		a.benchLatencyCommand(), a.benchMemoryCommand(), a.benchStartCommand(), a.benchFoldCommand(),
		a.benchEvaluatorCommand(),
	}
}

// serversText ends the help of every scene.
const serversText = `

It starts a broker in memory and a PostgreSQL of its own, or uses those that
--kafka and --postgres name: it makes topics and a database there and removes
them. Every view is held against the same SELECT over a plain table of the same
events before a number is printed.`

// benchScene makes a scene's command. The settings are those within the scene's own.
func (a *app) benchScene(use, short, long, example string, s *bench.Settings, run func(ctx context.Context) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long + serversText, Example: example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if s.Binary, err = os.Executable(); err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			s.Base, s.Log, s.Version, s.Out, s.Progress = a.settings, a.log, version, a.out, a.err
			return run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&s.Kafka, "kafka", nil, "a Kafka to use, host:port; a broker in memory is started otherwise")
	flags.StringVar(&s.Postgres, "postgres", "", "a PostgreSQL to use, as a URL; one is started otherwise")
	flags.BoolVar(&s.JSON, "json", false, "print JSON")
	return cmd
}

// throughputFlags are those of scenes that let nodes read a filled topic.
func throughputFlags(flags *pflag.FlagSet, s *bench.Settings, events int64) {
	flags.Int64Var(&s.Events, "events", events, "how many events")
	flags.IntVar(&s.Groups, "groups", 10_000, "how many channels they fall into")
	intervalFlag(flags, s)
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each node's runs into this folder")
}

func intervalFlag(flags *pflag.FlagSet, s *bench.Settings) {
	flags.DurationVar(&s.Interval, "interval", 0, "how often a node flushes and folds; as it does by default where not given")
}

func (a *app) benchViewsCommand() *cobra.Command {
	var s bench.ViewsSettings
	cmd := a.benchScene("views", "Measure what each further view on a stream costs",
		`A node reads the same events with 1, 2, 4 and 8 views on their stream: once views
that all group by channel, once views as several users would write them, with
other keys, conditions and aggregates. What counts is the node's processor time for
each event; what starting and ending takes is measured apart and taken off. All
numbers of views run once a round, and what a further view costs of the
first is taken within a round. Promised is 15 % at most.`,
		`  millrace bench views
  millrace bench views --views 8 --runs 11 --profile /tmp/profiles
  millrace bench views --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Views(ctx, s) })
	throughputFlags(cmd.Flags(), &s.Settings, 3_000_000)
	cmd.Flags().IntVar(&s.Lanes, "lanes", 1, "how many lanes the node has")
	cmd.Flags().IntVar(&s.Runs, "runs", 5, "how many rounds; medians are printed")
	s.Views = []int{2, 4, 8}
	cmd.Flags().Var(counts{&s.Views}, "views", "how many views, beside one")
	return cmd
}

func (a *app) benchLanesCommand() *cobra.Command {
	var s bench.LanesSettings
	cmd := a.benchScene("lanes", "Measure two lanes against one",
		`A node reads the same events with one lane and with two, in turn. What counts is
its processor time for each event, without what starting and ending takes; promised
is that two lanes take 1.18 times as much at most (median of the pairs).`,
		`  millrace bench lanes
  millrace bench lanes --pairs 11 --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Lanes(ctx, s) })
	throughputFlags(cmd.Flags(), &s.Settings, 3_000_000)
	cmd.Flags().IntVar(&s.Pairs, "pairs", 7, "how often both run; the median of the ratios is printed")
	return cmd
}

func (a *app) benchScaleCommand() *cobra.Command {
	var s bench.ScaleSettings
	cmd := a.benchScene("scale", "Measure what more partitions, shards and views cost",
		`A node reads the same events from topics of 4, 16 and 64 partitions, into a view of
one shard and of eight, and into one view and a hundred. What counts is its processor
time for each event, without what starting and ending takes, to that of the smallest
(4 partitions, one shard, one view) in the same round. Promised is 1.10 at most;
for views, 1.10 of what they may cost at 15 % of the first for each further one.`,
		`  millrace bench scale
  millrace bench scale --partitions 64 --shards 8 --views "" --pairs 5
  millrace bench scale --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Scale(ctx, s) })
	throughputFlags(cmd.Flags(), &s.Settings, 1_000_000)
	cmd.Flags().IntVar(&s.Lanes, "lanes", 1, "how many lanes the node has")
	cmd.Flags().IntVar(&s.Pairs, "pairs", 11, "how often everything runs; medians of the ratios are printed")
	s.Partitions = []int{16, 64}
	cmd.Flags().Var(counts{&s.Partitions}, "partitions", "how many input partitions, beside 4")
	s.Shards = []int{8}
	cmd.Flags().Var(counts{&s.Shards}, "shards", "how many shards, beside one")
	s.Views = []int{100}
	cmd.Flags().Var(counts{&s.Views}, "views", "how many views, beside one")
	return cmd
}

func (a *app) benchLatencyCommand() *cobra.Command {
	var s bench.LatencySettings
	cmd := a.benchScene("latency", "Measure how long an event takes until it is in a row",
		`First events are made as fast as the broker takes them, which shows how many a
node folds in a second beside that. Then half of that is produced evenly, and then a few events a
second. An observer looks at the ledger in PostgreSQL every 20 ms, which moves in
the transaction that writes the rows: it says which events are in visible rows,
and the generator says when each of them was made. The observer's delay counts. Promised are
250 ms for half of the events and 1 s for 99 of 100 at half of the full load, and
400 ms for 99 of 100 when hardly anything happens.`,
		`  millrace bench latency
  millrace bench latency --for 60s --rate 50000
  millrace bench latency --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Latency(ctx, s) })
	throughputFlags(cmd.Flags(), &s.Settings, 2_000_000)
	cmd.Flags().IntVar(&s.Lanes, "lanes", 0, "how many lanes the node has; 0 is one for each core")
	cmd.Flags().DurationVar(&s.For, "for", 20*time.Second, "how long each load lasts")
	cmd.Flags().IntVar(&s.Rate, "rate", 0, "events a second; half of the full load where not given")
	cmd.Flags().IntVar(&s.Idle, "idle", 5, "events a second when hardly anything happens")
	return cmd
}

func (a *app) benchMemoryCommand() *cobra.Command {
	var s bench.MemorySettings
	cmd := a.benchScene("memory", "Measure how much memory a node takes",
		`A node with default settings folds the same number of events into a thousand groups
and into a million, of count, sum and avg; promised is that its peak is 200 MB more
at most. Then it folds 20 million groups of one event each with
MILLRACE_MEMORY_LIMIT at its default and lower. Promised is that its peak stays
below the setting, and that no tenth of the run is slower than half of
the one before. The peak is the process's physical memory (VmHWM on Linux).

The 20 million groups need about 10 GB of disk in PostgreSQL, and 6 GB of memory
where the broker is embedded.`,
		`  millrace bench memory
  millrace bench memory --distinct 0 --runs 5
  millrace bench memory --limits 0,134217728 --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres`,
		&s.Settings, func(ctx context.Context) error { return bench.Memory(ctx, s) })
	flags := cmd.Flags()
	flags.Int64Var(&s.Events, "events", 3_000_000, "how many events for few groups and for many")
	flags.IntVar(&s.Few, "few", 1000, "how many groups are few")
	flags.IntVar(&s.Many, "many", 1_000_000, "how many groups are many")
	flags.IntVar(&s.Runs, "runs", 3, "how often few and many are compared; medians are printed")
	flags.Int64Var(&s.Distinct, "distinct", 20_000_000, "how many groups of one event each; 0 for none")
	flags.Int64SliceVar(&s.Limits, "limits", []int64{0, 256 << 20}, "values of MILLRACE_MEMORY_LIMIT to fold those with; 0 is the default")
	intervalFlag(flags, &s.Settings)
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each node's runs into this folder")
	return cmd
}

func (a *app) benchStartCommand() *cobra.Command {
	var s bench.StartSettings
	cmd := a.benchScene("start", "Measure a node's start with many views and groups",
		`A node folds a million groups of a hundred views and is stopped in order. Then it
is started again and again, each time with a fresh event waiting in every partition,
and it is taken how long it takes from the start of the process until the first of
them is in a row, and until they are in all views. Promised is 3 s until
the first where the broker's group.initial.rebalance.delay.ms is 0, as it is
in the embedded one; the report says what it is.`,
		`  millrace bench start
  millrace bench start --views 10 --groups 100000 --runs 11
  millrace bench start --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Start(ctx, s) })
	flags := cmd.Flags()
	flags.IntVar(&s.Views, "views", 100, "how many views")
	flags.IntVar(&s.ViewGroups, "groups", 1_000_000, "how many groups they have together")
	flags.IntVar(&s.Runs, "runs", 5, "how many starts; medians are printed")
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each node's runs into this folder")
	return cmd
}

func (a *app) benchEvaluatorCommand() *cobra.Command {
	var s bench.EvaluatorSettings
	cmd := a.benchScene("evaluator", "Measure views with expressions that PostgreSQL evaluates",
		`A node reads the same events into a native view and into views of the same shape
whose expression is a function in SQL, one in PL/pgSQL, and to_char. What counts is
how many events a second are in the view's rows, without what starting takes;
promised is a tenth of the native view's rate at least. Then the native view has
another beside it on its stream, with a function that waits and takes no processor time;
promised is 0.90 of the rate that it has alone. Beside the function in SQL it
shares the processors with PostgreSQL, and nothing is promised.`,
		`  millrace bench evaluator
  millrace bench evaluator --events 500000 --rounds 1
  millrace bench evaluator --kafka localhost:9092 --postgres postgres://postgres@localhost/postgres --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Evaluator(ctx, s) })
	throughputFlags(cmd.Flags(), &s.Settings, 1_000_000)
	cmd.Flags().IntVar(&s.Lanes, "lanes", 1, "how many lanes the node has")
	cmd.Flags().IntVar(&s.Rounds, "rounds", 3, "how often everything runs; medians are printed")
	return cmd
}

func (a *app) benchFoldCommand() *cobra.Command {
	var s bench.FoldSettings
	cmd := a.benchScene("fold", "Measure folds alone against hand-written SQL",
		`Folds of 1,000, 10,000 and 50,000 groups change a table of 100,000 rows, in turn with
two statements as one would write them by hand (unnest with ON CONFLICT, and
MERGE), whose offsets move in the same transaction. It prints groups a second, the
rows that each changes for a group (PostgreSQL's own count; exactly one, or nothing is printed),
the WAL for each group, and the share of updates that stay within their page (HOT).
Promised is 0.80 of the better statement by hand.

WAL is counted for the whole server: let nothing else write to it.`,
		`  millrace bench fold
  millrace bench fold --rows 100000,5000000
  millrace bench fold --sizes 1000 --folds 200 --json`,
		&s.Settings, func(ctx context.Context) error { return bench.Folds(ctx, s) })
	flags := cmd.Flags()
	s.Rows = []int{100_000}
	flags.Var(counts{&s.Rows}, "rows", "how many rows the tables hold")
	s.Sizes = []int{1000, 10_000, 50_000}
	flags.Var(counts{&s.Sizes}, "sizes", "how many groups a fold changes")
	flags.IntVar(&s.Folds, "folds", 0, "how often each size is folded; 0 is 60,000 groups' worth, 3 to 60 times")
	return cmd
}
