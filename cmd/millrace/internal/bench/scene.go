package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// A scene measures one promise that is not about the whole path's rate: what one
// more view costs, how late a row is, how much memory a node takes. All of them
// run nodes as child processes, take figures from outside, hold every result
// against the same SELECT over a plain table of the same events, and print
// nothing where one differs.
type scene struct {
	*Settings
	at     *servers
	conn   *pgx.Conn // to the bench's database
	report *sceneReport
	trials int              // names of what trials make
	starts map[string]usage // what a node's start and end cost, by trial
}

// runScene opens the servers, measures and prints.
func runScene(ctx context.Context, s *Settings, name, what string, measure func(context.Context, *scene) error) (err error) {
	if s.Profile != "" {
		if err := os.MkdirAll(s.Profile, 0o755); err != nil {
			return fmt.Errorf("the folder for profiles: %w", err)
		}
	}
	sc := &scene{Settings: s, starts: map[string]usage{}}
	if sc.at, err = openServers(ctx, s); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sc.at.close()) }()
	if sc.conn, err = pgx.Connect(ctx, sc.at.settings.Database.URL); err != nil {
		return err
	}
	defer func() { _ = sc.conn.Close(context.WithoutCancel(ctx)) }()
	sc.report = &sceneReport{Environment: s.environment(ctx, sc.at), Load: loadAverage(), Scene: name, What: what}
	if err := measure(ctx, sc); err != nil {
		return err
	}
	return sc.report.print(s.Out, s.JSON)
}

// say tells what is going on.
func (s *scene) say(format string, args ...any) { fmt.Fprintf(s.Progress, format+"\n", args...) }

// faults collects what is wrong with settings.
type faults []error

func (f *faults) check(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

// run checks what the scenes that run a node on a filled topic have in common.
func (f *faults) run(s *Settings) {
	f.check(s.Events >= 1, "--events is %d: use 1 or more", s.Events)
	f.check(s.Groups >= 1 && s.Groups <= 10_000_000, "--groups is %d: use 1 to 10000000", s.Groups)
	f.check(s.Lanes >= 0 && s.Lanes <= 256, "--lanes is %d: use 0 (one for each core) to 256", s.Lanes)
	f.check(s.Interval == 0 || s.Interval >= time.Millisecond, "--interval is %v: use 1ms or more", s.Interval)
}

func (f *faults) err() error { return errors.Join(*f...) }
