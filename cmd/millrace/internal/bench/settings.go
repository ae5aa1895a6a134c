package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
)

// Settings say what to measure and where.
type Settings struct {
	// Query names the question, or all of them; empty is the first.
	Query  string
	Events int64
	// Groups is how many groups qa has; those of q17 grow with the events.
	Groups int
	Runs   int
	// Only names the contenders to run; empty runs all of them. Those that
	// ratios are taken to are named like the others.
	Only []string
	// Interval is how often Millrace flushes and folds; 0 leaves that to its own
	// settings, with which it waits longer while it is behind.
	Interval time.Duration
	// RivalInterval is how often the rival writes.
	RivalInterval time.Duration
	// Lanes is how many lanes Millrace reads with.
	Lanes int
	// Kafka and Postgres name servers; empty starts one.
	Kafka    []string
	Postgres string
	// Profile is a folder for a CPU profile of each contender's every run, ""
	// for none.
	Profile string
	// Recorded is a file with an earlier report (JSON) whose ratios are printed
	// beside the new ones; "" for none.
	Recorded string
	// JSON prints the report as JSON instead of a table.
	JSON bool

	// Version is printed with the results.
	Version string
	// Base are the settings that the servers' addresses are put into: how to log
	// in to Kafka, for instance.
	Base service.Settings
	// Binary is the program whose hidden commands `bench contend` and `bench
	// broker` are the children.
	Binary string
	Log    *slog.Logger
	// Out takes the report, Progress what is going on.
	Out, Progress io.Writer
}

// Partitions is how many partitions the topic has.
const Partitions = 4

// Validate reports every setting that cannot work.
func (s *Settings) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(s.Events >= Partitions, "--events is %d: use %d or more", s.Events, Partitions)
	check(s.Groups >= 1 && s.Groups <= 10_000_000, "--groups is %d: use 1 to 10000000", s.Groups)
	check(s.Runs >= 1, "--runs is %d: use 1 or more", s.Runs)
	check(s.Lanes >= 1 && s.Lanes <= Partitions, "--lanes is %d: use 1 to %d", s.Lanes, Partitions)
	check(s.Interval == 0 || s.Interval >= time.Millisecond, "--interval is %v: use 1ms or more, or 0 for the node's own settings", s.Interval)
	check(s.RivalInterval >= time.Millisecond, "--rival-interval is %v: use 1ms or more", s.RivalInterval)
	_, err := queryNamed(s.Query)
	check(err == nil || s.Query == nameAll, "--query is %q: there are %s", s.Query, queryNames())
	for _, name := range s.Only {
		check(known(name), "--only names %q: there are %s", name, names())
	}
	return errors.Join(faults...)
}

// environment describes where the numbers come from.
type environment struct {
	Version    string `json:"version"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Cores      int    `json:"cores"`
	Kafka      string `json:"kafka"`
	PostgreSQL string `json:"postgresql"`
}

func (s *Settings) environment(ctx context.Context, at *servers) environment {
	return environment{
		Version: s.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.GOMAXPROCS(0),
		Kafka: at.kafkaVersion(ctx), PostgreSQL: at.postgresVersion(ctx),
	}
}
