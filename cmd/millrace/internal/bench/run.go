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

// round is one run of every contender, by its name.
type round map[string]sample

// bench is one call of the command.
type bench struct {
	*Settings
	at    *servers
	query *query // which is being asked
	topic string
	want  expectation
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
	recorded, err := readRecorded(s.Recorded)
	if err != nil {
		return err
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
	// Comparing hundreds of thousands of rows takes memory.
	if _, err := b.conn.Exec(ctx, "SET work_mem = '256MB'"); err != nil {
		return err
	}
	r := s.report(ctx, b.at)
	for _, q := range s.queries() {
		b.query = &q
		if !b.wants() {
			break
		}
		result, err := b.contend(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		r.Queries = append(r.Queries, *result)
	}
	if b.selected(nameFold) {
		if r.Fold, err = b.fold(ctx); err != nil {
			return err
		}
	}
	return r.print(s.Out, recorded, s.JSON)
}

func (b *bench) selected(name string) bool { return len(b.Only) == 0 || slices.Contains(b.Only, name) }

// wants reports whether any contender is to read events.
func (b *bench) wants() bool {
	return slices.ContainsFunc(Contenders(), func(c Contender) bool { return b.selected(c.Name) })
}

// contend fills a topic and runs the contenders, round by round.
func (b *bench) contend(ctx context.Context) (*queryReport, error) {
	b.topic = b.at.name + "." + b.query.name
	bytes, err := b.at.fill(ctx, b.query, b.topic, b.Settings)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = b.at.admin.DeleteTopic(context.WithoutCancel(ctx), b.topic) }() // makes room; what fails is removed at the end
	b.want = b.query.expect(b.Settings)
	if _, err := b.conn.Exec(ctx, "DROP TABLE IF EXISTS expected"); err != nil {
		return nil, err
	}
	if err := b.want.store(ctx, b.conn); err != nil {
		return nil, fmt.Errorf("store the expected rows: %w", err)
	}
	var rounds []round
	for run := range b.Runs {
		done, err := b.round(ctx, run+1)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, done)
	}
	r := summarize(rounds, b.Events)
	r.Query, r.SQL = b.query.name, b.query.view("bids")
	r.Events, r.Bytes, r.Groups = b.Events, float64(bytes)/float64(b.Events), b.want.size()
	return r, nil
}

// round runs every contender once.
func (b *bench) round(ctx context.Context, run int) (round, error) {
	done := round{}
	for _, c := range Contenders() {
		if !b.selected(c.Name) {
			continue
		}
		s, err := b.measure(ctx, c, run)
		if err != nil {
			return nil, fmt.Errorf("run %d of %q: %w", run, c.Name, err)
		}
		fmt.Fprintf(b.Progress, "%s, run %d of %d: %-8s %6.2f s of processor, %6.2f s\n", b.query.name, run, b.Runs, c.Name, s.CPU.Seconds(), s.Wall.Seconds())
		done[c.Name] = s
	}
	return done, nil
}

// measure runs a contender once and verifies its result.
func (b *bench) measure(ctx context.Context, c Contender, run int) (sample, error) {
	switch c.Name {
	case nameMillrace:
		return b.measureMillrace(ctx, c, run)
	case nameRival:
		if err := createRival(ctx, b.conn, b.query); err != nil {
			return sample{}, err
		}
	}
	s, t, err := b.child(ctx, c.Name, run)
	if err == nil {
		err = b.want.check(c, t)
	}
	if err == nil && c.Name == nameRival {
		err = compare(ctx, b.conn, fmt.Sprintf(b.query.rivalRows, rivalName))
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
	j := job{Contender: name, Topic: b.topic, Events: b.Events, Groups: b.Groups, Runs: b.Runs, Interval: b.RivalInterval}
	if b.query != nil {
		j.Query = b.query.name
	}
	if b.Profile != "" {
		j.Profile = filepath.Join(b.Profile, strings.TrimPrefix(fmt.Sprintf("%s-%s-%d.pprof", j.Query, name, run), "-"))
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
	name := fmt.Sprintf("%s_%d", b.query.name, run)
	system, err := b.at.openQuery(ctx, b.query, name, b.topic, 0)
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
	return s, compare(ctx, b.conn, "SELECT * FROM "+system.view)
}
