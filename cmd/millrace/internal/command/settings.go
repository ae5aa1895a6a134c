package command

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/cmd/millrace/internal/psql"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/service/reference"
	"github.com/millrace/millrace/sink"
)

const (
	envBrokers   = "MILLRACE_KAFKA_BROKERS"
	envDatabase  = "MILLRACE_DATABASE_URL"
	envKafkaPort = "MILLRACE_DEV_KAFKA_PORT"
	envPGPort    = "MILLRACE_DEV_POSTGRES_PORT"
	envLogLevel  = "MILLRACE_LOG_LEVEL"
)

// addSettings gives the command, and all below it, a flag for every setting.
// They are many, so that help only says where they are listed.
func addSettings(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	for _, v := range service.Variables() {
		flags.String(v.Flag(), "", reference.Text(v.Env))
		flag := flags.Lookup(v.Flag())
		flag.Hidden = true
		if v.Go == "bool" {
			flag.NoOptDefVal = "true"
		}
	}
	cmd.SetUsageTemplate(cmd.UsageTemplate() + `
Settings are environment variables, such as MILLRACE_KAFKA_BROKERS, and flags,
such as --kafka-brokers: "millrace settings" lists them.
`)
}

func (a *app) settingsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "List every setting: variable, flag, default and meaning",
		Long: `List every setting: an environment variable and a flag that wins over it.

With --json: an array of {"variable", "flag", "default", "meaning", "set"}; set
is true where this environment or command line gives the setting a value.`,
		Example: "  millrace settings\n  millrace settings --json",
		Args:    cobra.NoArgs,
		// A value that cannot be read must not keep the list from being read.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.given = given(cmd, os.Environ())
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return a.settingsJSON()
			}
			for _, v := range service.Variables() {
				fmt.Fprintf(a.out, "%s  --%s", v.Env, v.Flag())
				if v.Default != "" {
					fmt.Fprintf(a.out, "  (default %s)", v.Default)
				}
				fmt.Fprintln(a.out)
				for _, line := range wrap(reference.Text(v.Env), 74) {
					fmt.Fprintf(a.out, "    %s\n", line)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) settingsJSON() error {
	type setting struct {
		Variable string `json:"variable"`
		Flag     string `json:"flag"`
		Default  string `json:"default"`
		Meaning  string `json:"meaning"`
		Set      bool   `json:"set"`
	}
	var all []setting
	for _, v := range service.Variables() {
		_, set := a.given[v.Env]
		all = append(all, setting{v.Env, "--" + v.Flag(), v.Default, reference.Text(v.Env), set})
	}
	return writeJSON(a.out, all)
}

// wrap breaks a text into lines of at most n characters.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > n {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// given returns the settings that have a value: the environment's, with the
// flags' over them. An empty variable is as good as none.
func given(cmd *cobra.Command, environ []string) map[string]string {
	values := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && value != "" && strings.HasPrefix(name, "MILLRACE_") {
			values[name] = value
		}
	}
	for _, v := range service.Variables() {
		if f := cmd.Flags().Lookup(v.Flag()); f != nil && f.Changed {
			values[v.Env] = f.Value.String()
		}
	}
	return values
}

// configure reads the settings. Where `dev` was given other ports, commands
// with the same settings find it there.
func (a *app) configure(cmd *cobra.Command) error {
	a.given = given(cmd, os.Environ())
	var err error
	if a.settings, err = service.Parse(a.given); err != nil {
		return err
	}
	dev := a.settings.Dev
	if a.isDefault(envBrokers) && !a.isDefault(envKafkaPort) {
		a.settings.Kafka.Brokers = []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(dev.KafkaPort))}
	}
	if a.isDefault(envDatabase) && !a.isDefault(envPGPort) {
		a.settings.Database.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", dev.PostgresPort)
	}
	level := a.settings.Service.LogLevel
	longLived := cmd.Name() == "run" || cmd.Name() == "dev"
	if !longLived && a.isDefault(envLogLevel) {
		level = "warn"
	}
	a.log = newLogger(a.err, level, a.settings.Service.LogFormat, longLived, a.isDefault(envLogLevel))
	return nil
}

// isDefault reports whether nobody gave a setting a value.
func (a *app) isDefault(env string) bool {
	_, set := a.given[env]
	return !set
}

// lines words an error for a person: one line for each fault.
func (a *app) lines(err error) []string {
	err = service.Explain(err)
	if report, ok := psql.ReportOf(err, ""); ok {
		return []string{sqlLine(err, report)}
	}
	text := err.Error()
	for _, side := range []struct{ env, server string }{{envBrokers, "Kafka"}, {envDatabase, "PostgreSQL"}} {
		if a.isDefault(side.env) && strings.HasPrefix(text, "cannot connect to "+side.server) {
			what, _, _ := strings.Cut(text, "; ")
			text = what + "; start `millrace dev`, which listens there, or name your own in " + side.env
		}
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}

// sqlLine is an error of SQL outside of `millrace sql`.
func sqlLine(err error, report psql.Report) string {
	var explained *sink.Explained
	if errors.As(err, &explained) {
		return explained.Error()
	}
	line := fmt.Sprintf("%s (SQLSTATE %s)", report.Message, report.Code)
	if report.Hint != "" {
		line += "; " + report.Hint
	}
	return strings.Join(strings.Fields(line), " ")
}
