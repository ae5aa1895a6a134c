package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/status"
	"github.com/millrace/millrace/internal/childproc"
)

// trial is a cluster of one node that reads one topic.
type trial struct {
	name       string // what is measured, for people and files
	topic      string
	partitions int
	shards     int // of each view
	lanes      int // 0 is the node's default
	views      []viewSpec
	env        []string // further settings of the node
}

// usage is what a node's process took.
type usage struct {
	CPU, Wall time.Duration
	// Peak is the most memory that it had at a time, in bytes.
	Peak int64
}

// trialCluster is the cluster of a trial, without its node.
type trialCluster struct {
	svc    *service.Service
	trial  *trial
	stream string
	views  []string // their names
}

// sceneStream declares all fields of the events.
const sceneStream = `CREATE STREAM %s (auction bigint, bidder bigint, price bigint, channel text, url text,
	"dateTime" timestamp, currency text, attempt integer, mobile boolean, extra text) WITH (topic = '%s')`

// open creates the stream over the topic and the views, from the topic's beginning.
// The caller drops it.
func (s *scene) open(ctx context.Context, t *trial) (*trialCluster, error) {
	s.trials++
	settings := s.at.settings
	settings.Node.Cluster, settings.Node.Node = fmt.Sprintf("%s-%d", s.at.name, s.trials), "node"
	settings.Service.NumShards = t.shards // and so many partitions of partials
	svc, err := service.Open(ctx, settings, quiet())
	if err != nil {
		return nil, err
	}
	c := &trialCluster{svc: svc, trial: t, stream: fmt.Sprintf("bids_%d", s.trials)}
	statements := []string{fmt.Sprintf(sceneStream, c.stream, t.topic)}
	for i, v := range t.views {
		c.views = append(c.views, fmt.Sprintf("view_%d_%d", s.trials, i))
		statements = append(statements, fmt.Sprintf("CREATE CONTINUOUS VIEW %s WITH (start = 'earliest') AS %s", c.views[i], v.over(c.stream)))
	}
	for _, sql := range statements {
		if _, err := svc.DDL().Execute(ctx, sql); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", sql, err), c.drop(context.WithoutCancel(ctx)))
		}
	}
	return c, nil
}

// drop removes all that open made.
func (c *trialCluster) drop(ctx context.Context) error {
	defer c.svc.Close()
	if _, err := c.svc.DDL().Execute(ctx, "DROP STREAM IF EXISTS "+c.stream+" CASCADE"); err != nil {
		return fmt.Errorf("drop the trial's stream: %w", err)
	}
	return nil
}

// cluster is the name that the ledger knows.
func (c *trialCluster) cluster() string { return c.svc.Settings.Node.Cluster }

// verify holds every view against its expected rows.
func (s *scene) verify(ctx context.Context, c *trialCluster) error {
	for i, v := range c.trial.views {
		if err := v.same(ctx, s.conn, c.views[i]); err != nil {
			return err
		}
	}
	return nil
}

// trialNode is the node of a trial, running.
type trialNode struct {
	process *childproc.Process
	printed *lastPrinted
	began   time.Time
	ended   context.Context // done when the process has ended
}

// start starts the trial's node. run tells the profiles of one trial apart.
func (s *scene) start(c *trialCluster, run int) (*trialNode, error) {
	j := job{Contender: nameMillrace}
	if s.Profile != "" {
		j.Profile = filepath.Join(s.Profile, fmt.Sprintf("%s-%d.pprof", c.trial.name, run))
	}
	in, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(),
		"MILLRACE_KAFKA_BROKERS="+strings.Join(s.at.settings.Kafka.Brokers, ","),
		"MILLRACE_DATABASE_URL="+s.at.settings.Database.URL,
		"MILLRACE_CLUSTER="+c.cluster(), "MILLRACE_NODE=node",
		"MILLRACE_HTTP_ADDR=127.0.0.1:0", "MILLRACE_LOG_LEVEL=warn",
		fmt.Sprintf("MILLRACE_LANES=%d", c.trial.lanes))
	if s.Interval > 0 {
		env = append(env, fmt.Sprintf("MILLRACE_FLUSH_INTERVAL=%v", s.Interval), fmt.Sprintf("MILLRACE_FOLD_INTERVAL=%v", s.Interval))
	}
	n := &trialNode{printed: &lastPrinted{}, began: time.Now()}
	n.process, err = childproc.Start(childproc.Spec{
		Path: s.Binary, Args: []string{"bench", "contend"}, Stdin: bytes.NewReader(in), Output: n.printed, Env: append(env, c.trial.env...),
	})
	if err != nil {
		return nil, err
	}
	ended, end := context.WithCancelCause(context.Background())
	n.ended = ended
	go func() {
		<-n.process.Done()
		end(errNodeEnded)
	}()
	return n, nil
}

var errNodeEnded = errors.New("the node has ended")

// while runs do until it returns, or the node ends.
func (n *trialNode) while(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(n.ended, func() { cancel(context.Cause(n.ended)) })()
	if err := do(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, n.printed)
	}
	return nil
}

// foldWait bounds the waiting for all events to be in all views.
const foldWait = time.Hour

// folded waits until all events are in all views of the trial.
func (n *trialNode) folded(ctx context.Context, c *trialCluster) error {
	return n.while(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, foldWait, fmt.Errorf("not folded within %v", foldWait))
		defer cancel()
		return (&status.Reader{Kafka: c.svc.Admin, Catalog: c.svc.Catalog, Store: c.svc.Store}).Flush(ctx, c.views...)
	})
}

// stop ends the node in order and returns what it took.
func (n *trialNode) stop() (usage, error) {
	u := usage{Wall: time.Since(n.began), Peak: n.process.Peak()}
	if !n.process.Stop(syscall.SIGTERM, stopGrace) {
		return u, fmt.Errorf("the node did not stop within %v\n%s", stopGrace, n.printed)
	}
	if err := n.process.Err(); err != nil {
		return u, fmt.Errorf("the node stopped: %w\n%s", err, n.printed)
	}
	if u.CPU = n.process.CPU(); u.Peak == 0 {
		u.Peak = n.process.Peak()
	}
	return u, nil
}

// run runs a trial's node over everything in its topic.
func (s *scene) run(ctx context.Context, t *trial, run int, verify func(context.Context, *trialCluster) error) (u usage, err error) {
	c, err := s.open(ctx, t)
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, c.drop(context.WithoutCancel(ctx))) }()
	n, err := s.start(c, run)
	if err != nil {
		return u, err
	}
	defer n.process.Kill()
	if err := n.folded(ctx, c); err != nil {
		return u, err
	}
	if u, err = n.stop(); err != nil {
		return u, err
	}
	return u, verify(ctx, c)
}

// describeNode says in the report how the nodes run.
func (s *scene) describeNode() {
	lanes, interval := "default", "default"
	if s.Lanes > 0 {
		lanes = fmt.Sprint(s.Lanes)
	}
	if s.Interval > 0 {
		interval = s.Interval.String()
	}
	s.report.set("lanes", lanes)
	s.report.set("interval", interval)
}
