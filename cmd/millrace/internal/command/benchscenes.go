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
	flags.DurationVar(&s.Interval, "interval", 100*time.Millisecond, "how often a node flushes and folds")
	flags.StringVar(&s.Profile, "profile", "", "write a CPU profile of each node's runs into this folder")
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
	throughputFlags(cmd.Flags(), &s.Settings, 1_000_000)
	cmd.Flags().IntVar(&s.Lanes, "lanes", 1, "how many lanes the node has")
	cmd.Flags().IntVar(&s.Runs, "runs", 5, "how many rounds; medians are printed")
	cmd.Flags().IntSliceVar(&s.Views, "views", []int{2, 4, 8}, "how many views, beside one")
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
	throughputFlags(cmd.Flags(), &s.Settings, 2_000_000)
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
	cmd.Flags().IntSliceVar(&s.Partitions, "partitions", []int{16, 64}, "how many input partitions, beside 4")
	cmd.Flags().IntSliceVar(&s.Shards, "shards", []int{8}, "how many shards, beside one")
	cmd.Flags().IntSliceVar(&s.Views, "views", []int{100}, "how many views, beside one")
	return cmd
}
