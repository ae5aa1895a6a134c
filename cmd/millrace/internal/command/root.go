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
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// app is what every command has at hand.
type app struct {
	in       io.Reader
	out, err io.Writer
	// abort ends at the second signal; a command's own context at the first.
	abort    context.Context
	settings service.Settings
	log      *slog.Logger
}

// errShown is returned by commands that have told the person already.
var errShown = errors.New("already shown")

// Main runs the command line and returns the exit status.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	abort, cancelAbort := context.WithCancel(context.Background())
	defer cancelAbort()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		<-signals
		cancelAbort()
	}()
	a := &app{in: in, out: out, err: errOut, abort: abort}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errShown) {
			fmt.Fprintf(errOut, "millrace: %v\n", service.Explain(err))
		}
		return 1
	}
	return 0
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "millrace",
		Short: "Continuous SQL views over Kafka, folded exactly once into PostgreSQL",
		Long: `Millrace keeps continuous SQL aggregate views over Kafka topics, folded exactly
once into ordinary PostgreSQL tables.

Every setting is an environment variable (MILLRACE_KAFKA_BROKERS) and a flag of
the same name (--kafka-brokers). Commands need no running node: they talk to
Kafka and PostgreSQL.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd)
		},
	}
	addSettings(root)
	root.AddCommand(a.runCommand(), a.sqlCommand(), versionCommand())
	return root
}

// addSettings gives the command a flag for every setting.
func addSettings(cmd *cobra.Command) {
	for _, v := range service.Variables() {
		usage := v.Env
		if v.Default != "" {
			usage += " (default " + v.Default + ")"
		}
		cmd.PersistentFlags().String(v.Flag(), "", usage)
	}
}

// configure reads the settings: the environment's, with the flags' over them.
func (a *app) configure(cmd *cobra.Command) error {
	environment := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, "MILLRACE_") {
			environment[name] = value
		}
	}
	for _, v := range service.Variables() {
		if f := cmd.Flags().Lookup(v.Flag()); f != nil && f.Changed {
			environment[v.Env] = f.Value.String()
		}
	}
	var err error
	if a.settings, err = service.Parse(environment); err != nil {
		return err
	}
	a.log = newLogger(a.err, a.settings.Service)
	return nil
}

// newLogger writes text to a terminal and JSON otherwise, unless told.
func newLogger(w io.Writer, c service.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // refused by Validate
	}
	options := &slog.HandlerOptions{Level: level}
	file, isFile := w.(*os.File)
	text := c.LogFormat == "text" || c.LogFormat == "auto" && isFile && term.IsTerminal(int(file.Fd()))
	if text {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
