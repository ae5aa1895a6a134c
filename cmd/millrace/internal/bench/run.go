package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/internal/childproc"
)

// stopGrace is how long a node may take to stop before it is killed.
const stopGrace = 20 * time.Second

// sample is one run of one contender.
type sample struct {
	Wall time.Duration
	CPU  time.Duration
}

// bench is one call of the command.
type bench struct {
	*Settings
	at    *servers
	topic string
	want  *expected
	conn  *pgx.Conn // to the bench's database
}

// Run measures and prints.
func Run(ctx context.Context, s Settings) (err error) {
	if err := s.Validate(); err != nil {
		return err
	}
	if s.Profile != "" {
		if err := os.MkdirAll(s.Profile, 0o755); err != nil {
			return fmt.Errorf("the folder for profiles: %w", err)
		}
	}
	b := &bench{Settings: &s}
	if b.at, err = openServers(ctx, &s); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.at.close()) }()
	if b.conn, err = pgx.Connect(ctx, b.at.settings.Database.URL); err != nil {
		return err
	}
	defer func() { _ = b.conn.Close(context.WithoutCancel(ctx)) }()
	r := &report{Environment: s.environment(ctx, b.at), Events: s.Events, Groups: s.Groups, Partitions: Partitions, Runs: s.Runs, Lanes: s.Lanes, Interval: s.Interval.String()}
	if b.wants() {
		if err := b.contend(ctx, r); err != nil {
			return err
		}
	}
	if b.selected(nameFold) {
		if r.Fold, err = b.fold(ctx); err != nil {
			return err
		}
	}
	return r.print(s.Out, s.JSON)
}

func (b *bench) selected(name string) bool { return len(b.Only) == 0 || slices.Contains(b.Only, name) }

// wants reports whether any contender is to read events.
func (b *bench) wants() bool {
	return slices.ContainsFunc(Contenders(), func(c Contender) bool { return b.selected(c.Name) })
}

// contend fills the topic and runs the contenders, round by round.
func (b *bench) contend(ctx context.Context, r *report) error {
	b.topic = b.at.name + ".bids"
	var err error
	if b.want, err = b.at.fill(ctx, b.topic, b.Settings); err != nil {
		return err
	}
	if err := b.want.store(ctx, b.conn); err != nil {
		return fmt.Errorf("store the expected rows: %w", err)
	}
	r.Bytes = float64(b.want.bytes) / float64(b.want.events)
	var rounds []map[string]sample
	for run := range b.Runs {
		round := map[string]sample{}
		for _, c := range Contenders() {
			if !b.selected(c.Name) {
				continue
			}
			s, err := b.measure(ctx, c, run+1)
			if err != nil {
				return fmt.Errorf("run %d of %q: %w", run+1, c.Name, err)
			}
			fmt.Fprintf(b.Progress, "run %d of %d: %-8s %6.2f s of processor, %6.2f s\n", run+1, b.Runs, c.Name, s.CPU.Seconds(), s.Wall.Seconds())
			round[c.Name] = s
		}
		rounds = append(rounds, round)
	}
	r.Contenders = summarize(rounds, b.Events)
	return nil
}

// measure runs a contender once and verifies its result.
func (b *bench) measure(ctx context.Context, c Contender, run int) (sample, error) {
	switch c.Name {
	case nameMillrace:
		return b.measureMillrace(ctx, c, run)
	case nameRival:
		if _, err := b.conn.Exec(ctx, "DROP TABLE IF EXISTS rival, rival_offsets"); err != nil {
			return sample{}, err
		}
		if _, err := b.conn.Exec(ctx, fmt.Sprintf(rivalTable, rivalName, rivalName+"_offsets", Partitions-1)); err != nil {
			return sample{}, err
		}
	}
	s, t, err := b.child(ctx, c.Name, run)
	if err == nil {
		err = b.want.check(c, t)
	}
	if err == nil && c.Name == nameRival {
		err = compare(ctx, b.conn, "SELECT channel, count, sum::numeric, sum::numeric / count, low, high FROM "+rivalName)
	}
	return s, err
}

// child runs a contender that ends by itself.
func (b *bench) child(ctx context.Context, name string, run int, env ...string) (s sample, t tally, err error) {
	p, output, start, err := b.start(name, run, env)
	if err != nil {
		return s, t, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return s, t, context.Cause(ctx)
	}
	s = sample{Wall: time.Since(start), CPU: p.CPU()}
	if err := p.Err(); err != nil {
		return s, t, fmt.Errorf("%w: %s", err, strings.TrimSpace(output.String()))
	}
	if err := json.Unmarshal(output.Bytes(), &t); err != nil {
		return s, t, fmt.Errorf("its result %q: %w", output, err)
	}
	return s, t, nil
}

// start starts a contender's process. The output may be read when it has ended.
func (b *bench) start(name string, run int, env []string) (*childproc.Process, *bytes.Buffer, time.Time, error) {
	j := job{Contender: name, Topic: b.topic, Events: b.Events, Groups: b.Groups, Runs: b.Runs, Interval: b.Interval}
	if b.Profile != "" {
		j.Profile = filepath.Join(b.Profile, fmt.Sprintf("%s-%d.pprof", name, run))
	}
	in, err := json.Marshal(j)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	output := &bytes.Buffer{}
	start := time.Now()
	p, err := childproc.Start(childproc.Spec{
		Path: b.Binary, Args: []string{"bench", "contend"}, Stdin: bytes.NewReader(in), Output: output,
		Env: append(append(os.Environ(),
			"MILLRACE_KAFKA_BROKERS="+strings.Join(b.at.settings.Kafka.Brokers, ","),
			"MILLRACE_DATABASE_URL="+b.at.settings.Database.URL), env...),
	})
	return p, output, start, err
}

// measureMillrace creates a stream and a view, starts a node, and stops it when
// all is folded.
func (b *bench) measureMillrace(ctx context.Context, c Contender, run int) (s sample, err error) {
	name := fmt.Sprint(run)
	system, err := b.at.openCluster(ctx, b.Settings, name, b.topic, 0)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, system.drop(context.WithoutCancel(ctx), name)) }()
	p, output, start, err := b.start(c.Name, run, system.environ(b.Settings))
	if err != nil {
		return s, err
	}
	defer p.Kill()
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		<-p.Done()
		cancel(errors.New("the node has ended"))
	}()
	err = system.folded(waiting)
	s.Wall = time.Since(start)
	if err == nil && !p.Stop(syscall.SIGTERM, stopGrace) {
		err = fmt.Errorf("the node did not stop within %v", stopGrace)
	}
	if err != nil {
		p.Kill()
		return s, fmt.Errorf("%w\n%s", err, output)
	}
	s.CPU = p.CPU()
	return s, compare(ctx, b.conn, "SELECT channel, count, sum, avg, low, high FROM "+system.view)
}
