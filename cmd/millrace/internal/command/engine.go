package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
	"github.com/millrace/millrace/cmd/millrace/internal/status"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// engine carries out Millrace's statements. It connects when first asked, so
// that a SELECT needs no Kafka.
type engine struct {
	app     *app
	service *service.Service
	batches *broker.Batches // of INSERT and COPY
}

var _ session.Millrace = (*engine)(nil)

func (e *engine) open(ctx context.Context) (*service.Service, error) {
	if e.service != nil {
		return e.service, nil
	}
	svc, err := service.Open(ctx, e.app.settings, e.app.log)
	if err != nil {
		return nil, err
	}
	e.service = svc
	return svc, nil
}

func (e *engine) close() {
	if e.batches != nil {
		e.batches.Close()
	}
	if e.service != nil {
		e.service.Close()
	}
}

// Ours implements session.Millrace.
func (e *engine) Ours(ctx context.Context, parsed statement.Statement) (bool, error) {
	var match func(c *topology.Catalog) bool
	switch s := parsed.(type) {
	case *statement.CreateView:
		if s.Spelling != statement.SpellingPlain {
			return true, nil
		}
		match = func(c *topology.Catalog) bool { return anyStream(c, statement.StreamNames(s.Select)) }
	case *statement.DropView:
		if s.Continuous {
			return true, nil
		}
		match = func(c *topology.Catalog) bool { return anyView(c, s.Names) }
	case *statement.DropStream:
		if !s.Foreign {
			return true, nil
		}
		match = func(c *topology.Catalog) bool { return anyStream(c, s.Names) }
	default:
		return true, nil
	}
	svc, err := e.open(ctx)
	if err != nil {
		return false, err
	}
	current, err := svc.Catalog.Read(ctx)
	return err == nil && match(current), err
}

func anyStream(c *topology.Catalog, names []statement.Ref) bool {
	for _, name := range names {
		if _, ok := c.Stream(name.Name); ok {
			return true
		}
	}
	return false
}

func anyView(c *topology.Catalog, names []statement.Ref) bool {
	for _, name := range names {
		if _, ok := c.View(name.Name); ok {
			return true
		}
	}
	return false
}

// Execute implements session.Millrace.
func (e *engine) Execute(ctx context.Context, sql string) (ddl.Result, error) {
	svc, err := e.open(ctx)
	if err != nil {
		return ddl.Result{}, err
	}
	return svc.DDL().Execute(ctx, sql)
}

// Stream implements session.Millrace.
func (e *engine) Stream(ctx context.Context, name statement.Ref) (*topology.Stream, error) {
	if name.Schema != "" {
		return nil, nil
	}
	svc, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	current, err := svc.Catalog.Read(ctx)
	if err != nil {
		return nil, err
	}
	stream, _ := current.Stream(name.Name)
	return stream, nil
}

// Write implements session.Millrace.
func (e *engine) Write(ctx context.Context, stream *topology.Stream, bytes int64) (session.Records, error) {
	topic, err := e.service.Admin.Topic(ctx, stream.Topic)
	if err != nil {
		return nil, err
	}
	if topic.ID != stream.TopicID {
		return nil, fmt.Errorf("topic %q was deleted and created again since stream %q was created (topic id %v, was %v): "+
			"drop the stream and create it again", stream.Topic, stream.Name, topic.ID, stream.TopicID)
	}
	if e.batches == nil {
		e.batches = broker.NewBatches(e.service.Settings.Kafka, e.service.Settings.Node.Cluster+".sql.", e.app.log)
	}
	return e.batches.Begin(topic, bytes), nil
}

// flushTimeout is how long a flush waits where nobody says.
const flushTimeout = 60 * time.Second

// Flush implements session.Millrace.
func (e *engine) Flush(ctx context.Context) error {
	return e.flush(ctx, flushTimeout)
}

func (e *engine) flush(ctx context.Context, timeout time.Duration, views ...string) error {
	svc, err := e.open(ctx)
	if err != nil {
		return err
	}
	limit := fmt.Errorf("the timeout of %v has passed", timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, limit)
	defer cancel()
	err = reader(svc).Flush(ctx, views...)
	if err != nil && errors.Is(context.Cause(ctx), limit) && !errors.Is(err, status.ErrNotFolded) {
		return fmt.Errorf("%w: %w", status.ErrNotFolded, limit)
	}
	return err
}

func reader(svc *service.Service) *status.Reader {
	return &status.Reader{Cluster: svc.Settings.Node.Cluster, Kafka: svc.Admin, Catalog: svc.Catalog, Store: svc.Store}
}
