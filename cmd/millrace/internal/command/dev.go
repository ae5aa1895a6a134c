package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

func (a *app) devCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "dev",
		Short: "Run a whole system on this machine, nothing to install",
		Long: `Run an embedded Kafka broker, PostgreSQL 18 (downloaded once) and a node in one
process, on fixed ports where all other commands look by default. The system is
empty at every start and forgotten at the end: it is for trying things out.

Where MILLRACE_KAFKA_BROKERS or MILLRACE_DATABASE_URL is set, that server is
used instead of the embedded one. MILLRACE_DEV_KAFKA_PORT and
MILLRACE_DEV_POSTGRES_PORT choose other ports, MILLRACE_DEV_POSTGRES_MIRROR
another place to download from. The database never runs as root: where root
starts it, it runs as the user postgres or nobody.`,
		Example: `  millrace dev
  MILLRACE_DEV_KAFKA_PORT=29092 MILLRACE_DEV_POSTGRES_PORT=25432 MILLRACE_HTTP_ADDR=:0 millrace dev
  MILLRACE_DATABASE_URL=postgres://app@localhost/app millrace dev`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.dev(cmd.Context()) },
	}
}

func (a *app) dev(ctx context.Context) error {
	out := console.New(a.out)
	return a.withSystem(ctx, a.log, out, func(ctx context.Context, s *system) error {
		out.Printf("\n%s\n\n%s", out.Bold("Millrace runs."), a.places(s))
		out.Printf("\nTry, in another terminal:\n\n%s", a.firstSteps(s))
		out.Printf("\nCtrl-C ends it%s.\n", map[bool]string{true: "; what is in the embedded servers is then gone"}[s.stack.Broker != nil || s.stack.Database != nil])
		<-ctx.Done()
		return nil
	})
}

// places says where everything is. The address of a person's own database may
// hold a password, and stays unsaid.
func (a *app) places(s *system) string {
	var out strings.Builder
	broker := strings.Join(s.stack.Settings.Kafka.Brokers, ",")
	if s.stack.Broker != nil {
		broker += "  (embedded)"
	} else {
		broker += "  (" + envBrokers + ")"
	}
	database := "(" + envDatabase + ")"
	if s.stack.Database != nil {
		database = s.stack.Settings.Database.URL + "  (embedded, PostgreSQL " + s.stack.Database.Version() + ")"
	}
	fmt.Fprintf(&out, "  Kafka       %s\n  PostgreSQL  %s\n  HTTP        http://%s/metrics, /healthz, /readyz\n  binary      %s\n",
		broker, database, s.http, program())
	if mixed := (s.stack.Broker == nil) != (s.stack.Database == nil); mixed {
		fmt.Fprintf(&out, "\nThe embedded server is empty at every start, your own is not: choose a new\nMILLRACE_CLUSTER for each start where views of an earlier one are in the way.\n")
	}
	return out.String()
}

// exports returns the lines by which another terminal's commands find a system
// that is not where they look by default.
func (a *app) exports() string {
	var out strings.Builder
	for _, v := range service.Variables() {
		switch v.Env {
		case envBrokers, envDatabase, "MILLRACE_CLUSTER", envKafkaPort, envPGPort:
		default:
			continue
		}
		value, set := a.given[v.Env]
		switch {
		case !set || value == v.Default:
		case v.Env == envDatabase:
			fmt.Fprintf(&out, "  export %s=…   # as it is set here\n", v.Env)
		default:
			fmt.Fprintf(&out, "  export %s=%s\n", v.Env, value)
		}
	}
	return out.String()
}

// psqlURL is what to give to psql.
func (s *system) psqlURL() string {
	if s.stack.Database == nil {
		return `"$` + envDatabase + `"`
	}
	return "'" + s.stack.Settings.Database.URL + "'"
}

func (a *app) firstSteps(s *system) string {
	m := program()
	return a.exports() + fmt.Sprintf(`  %[1]s sql -c "CREATE STREAM clicks (url text, ms int) WITH (partitions = 4)"
  %[1]s sql -c "CREATE CONTINUOUS VIEW by_url AS SELECT url, count(*), avg(ms) FROM clicks GROUP BY url"
  echo '{"url": "/", "ms": 12}' | %[1]s produce clicks
  %[1]s sql -c "SELECT pipelinedb.flush()" -c "SELECT * FROM by_url"
  psql %[2]s
  kcat -b %[3]s -C -t clicks -e
`, m, s.psqlURL(), s.stack.Settings.Kafka.Brokers[0])
}
