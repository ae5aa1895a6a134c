package command

import (
	"context"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/millrace/millrace/cmd/millrace/internal/httpd"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run a node against your Kafka and PostgreSQL",
		Example: `  MILLRACE_KAFKA_BROKERS=kafka:9092 MILLRACE_DATABASE_URL=postgres://app@db/app millrace run
  millrace run --kafka-brokers kafka:9092 --database-url postgres://app@db/app --node node-2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd.Context(), a.settings)
		},
	}
}

// run runs a node and its HTTP endpoint until the first signal, and leaves in
// order; the second signal ends it at once.
func (a *app) run(ctx context.Context, settings service.Settings) error {
	svc, err := service.Open(ctx, settings, a.log)
	if err != nil {
		return err
	}
	defer svc.Close()
	node, err := svc.Node()
	if err != nil {
		return err
	}
	listener, err := httpd.Listen(ctx, settings.Service.HTTPAddr)
	if err != nil {
		return err
	}
	server := httpd.New(listener, svc.Metrics, node, svc.Store.Ping, a.log)
	group, running := errgroup.WithContext(ctx)
	stopped, stop := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error {
		defer stop()
		return node.Run(running, a.abort)
	})
	group.Go(func() error { return server.Run(stopped) })
	return group.Wait()
}
