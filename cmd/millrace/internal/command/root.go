// Package command holds Millrace's commands: what a person types, and what is
// printed back. The work is done elsewhere.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
)

// app is what every command has at hand.
type app struct {
	in       io.Reader
	out, err io.Writer
	signals  *signals
	settings service.Settings
	given    map[string]string // settings that the environment or a flag names
	log      *slog.Logger
}

// Exit statuses.
const (
	statusOK          = 0
	statusFailed      = 1
	statusInterrupted = 130
)

// Main runs the command line and returns the exit status.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	cobra.EnableCommandSorting = false // help keeps the order of root; for the whole process
	s := watchSignals()
	defer s.stop()
	return execute(s, args, in, out, errOut)
}

func execute(s *signals, args []string, in io.Reader, out, errOut io.Writer) int {
	a := &app{in: in, out: out, err: errOut, signals: s}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(s.first)
	switch {
	case err == nil:
		return statusOK
	case errors.Is(err, session.ErrReported): // the person has been told
	case s.first.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "millrace: interrupted")
		return statusInterrupted
	default:
		for _, line := range a.lines(err) {
			fmt.Fprintln(errOut, "millrace:", line)
		}
	}
	return statusFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "millrace",
		Short: "Continuous SQL views over Kafka, folded exactly once into PostgreSQL",
		Long: `Millrace keeps continuous SQL aggregate views over Kafka topics, folded exactly
once into ordinary PostgreSQL tables.

Commands need no running node: they talk to Kafka and PostgreSQL. Without
settings they talk to those of ` + "`millrace dev`" + `.`,
		Example: `  millrace demo                                  see it work, nothing to install
  millrace dev                                   an empty system to play with
  millrace sql -c "CREATE STREAM clicks (url text, ms int) WITH (partitions = 4)"
  millrace sql -c "CREATE CONTINUOUS VIEW by_url AS
                     SELECT url, count(*), avg(ms) FROM clicks GROUP BY url"
  echo '{"url": "/", "ms": 12}' | millrace produce clicks
  millrace flush && millrace sql -c "SELECT * FROM by_url"`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd)
		},
	}
	addSettings(root)
	root.AddGroup(&cobra.Group{ID: groupUse, Title: "Work with streams and views:"},
		&cobra.Group{ID: groupRun, Title: "Run Millrace:"})
	for group, commands := range map[string][]*cobra.Command{
		groupUse: {a.sqlCommand(), a.produceCommand(), a.flushCommand(), a.viewsCommand(), a.lagCommand(), a.shardsCommand(), a.nodesCommand(), a.deadCommand()},
		groupRun: {a.demoCommand(), a.devCommand(), a.runCommand(), a.benchCommand(), a.settingsCommand(), versionCommand()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	return root
}

const (
	groupUse = "use"
	groupRun = "run"
)

// program is the path by which the person can call this binary again.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return "millrace"
	}
	return path
}
