package command

import "github.com/spf13/cobra"

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run a node against your Kafka and PostgreSQL",
		Long: `Run a node: it reads the streams' topics, aggregates, and folds the views into
PostgreSQL. /metrics, /healthz and /readyz are served at MILLRACE_HTTP_ADDR.

SIGTERM and Ctrl-C flush what it has and leave the cluster in order; a second
signal aborts, which loses nothing: the next start reads it again.`,
		Example: `  MILLRACE_KAFKA_BROKERS=kafka:9092 MILLRACE_DATABASE_URL=postgres://app@db/app millrace run
  millrace run --kafka-brokers kafka:9092 --database-url postgres://app@db/app --node node-2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context(), a.settings) },
	}
}
