package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelp compares what --help says of every command with testdata/help.
// MILLRACE_TEST_REWRITE=1 writes it anew.
func TestHelp(t *testing.T) {
	a := &app{signals: newSignals()}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			return
		}
		words := strings.Fields(c.CommandPath())[1:]
		r := execution(newSignals(), "", append(words, "--help")...)
		name := filepath.Join("testdata/help", strings.Join(append([]string{"millrace"}, words...), "-"))
		if os.Getenv("MILLRACE_TEST_REWRITE") == "1" {
			if err := os.WriteFile(name, []byte(r.out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil || r.out != string(want) || r.status != 0 {
			t.Errorf("%s --help (%v) says\n%s%s", c.CommandPath(), err, r.out, r.err)
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if strings.Contains(r.out, "--kafka-brokers string") {
			t.Errorf("%s --help lists settings", c.CommandPath())
		}
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(a.root())
}

func TestSettingsAreListed(t *testing.T) {
	r := execution(newSignals(), "", "settings", "--lanes", "many")
	if r.status != 0 || !strings.Contains(r.out, "MILLRACE_KAFKA_BROKERS  --kafka-brokers  (default 127.0.0.1:19092)\n    Some brokers' addresses") {
		t.Errorf("%+v", r)
	}
	r = execution(newSignals(), "", "settings", "--json", "--node", "n1")
	var all []struct {
		Variable string
		Set      bool
	}
	if err := json.Unmarshal([]byte(r.out), &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Variable == "MILLRACE_NODE" && !s.Set {
			t.Error("MILLRACE_NODE is set, and not said to be")
		}
	}
}

// TestDevPortsAreTheCommandsDefaults keeps the three places in step.
func TestDevPortsAreTheCommandsDefaults(t *testing.T) {
	for _, name := range []string{envBrokers, envDatabase, envKafkaPort, envPGPort} {
		t.Setenv(name, "")
	}
	settings := func(args ...string) *app {
		a := &app{signals: newSignals()}
		root := a.root()
		root.AddCommand(&cobra.Command{Use: "nothing", Run: func(*cobra.Command, []string) {}})
		root.SetArgs(append([]string{"nothing"}, args...))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := settings()
	if a.settings.Dev.KafkaPort != 19092 || a.settings.Kafka.Brokers[0] != "127.0.0.1:19092" {
		t.Errorf("the broker's: %+v", a.settings.Dev)
	}
	if a.settings.Dev.PostgresPort != 15432 || a.settings.Database.URL != "postgres://postgres@127.0.0.1:15432/postgres?sslmode=disable" {
		t.Errorf("the database's: %+v", a.settings.Dev)
	}
	a = settings("--dev-kafka-port", "5", "--dev-postgres-port", "6")
	if a.settings.Kafka.Brokers[0] != "127.0.0.1:5" || !strings.Contains(a.settings.Database.URL, ":6/") {
		t.Errorf("commands look at %v and %s", a.settings.Kafka.Brokers, a.settings.Database.URL)
	}
	a = settings("--dev-kafka-port", "5", "--kafka-brokers", "mine:9092")
	if a.settings.Kafka.Brokers[0] != "mine:9092" {
		t.Errorf("commands look at %v", a.settings.Kafka.Brokers)
	}
}
