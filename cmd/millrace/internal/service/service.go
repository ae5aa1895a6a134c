package service

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/aggregator"
	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/cmd/millrace/internal/fault"
	"github.com/millrace/millrace/consumer"
	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/consumer/catalog"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/sink/evaluate"
	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// Service holds the connections of one process to Kafka and PostgreSQL.
type Service struct {
	Settings Settings
	Log      *slog.Logger
	Admin    *broker.Admin
	Catalog  *catalog.Catalog
	Store    *sink.Store
	Metrics  *prometheus.Registry

	registry  *sink.Registry      // of a process that runs a node
	evaluator *evaluate.Evaluator // likewise
}

// Open connects to both sides and makes sure that Millrace's objects exist in
// the database. Errors are one line that says what, where and the way out.
func Open(ctx context.Context, s Settings, log *slog.Logger) (*Service, error) {
	s.Complete()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	svc := &Service{Settings: s, Log: log, Metrics: prometheus.NewRegistry()}
	if err := svc.open(ctx); err != nil {
		svc.Close()
		return nil, err
	}
	return svc, nil
}

func (s *Service) open(ctx context.Context) error {
	var err error
	s.Settings.Database.Inject = fault.Inject()
	if s.Store, err = sink.Open(ctx, s.Settings.Database, s.Log, s.Metrics); err != nil {
		return err
	}
	if err = s.Store.Install(ctx); err != nil {
		return err
	}
	if s.Admin, err = broker.NewAdmin(s.Settings.Kafka, s.Log); err != nil {
		return broker.Explain(err)
	}
	if err = s.Admin.Ping(ctx); err != nil {
		return broker.Explain(err)
	}
	if s.Catalog, err = catalog.Open(ctx, s.Settings.Kafka, s.Settings.Node.Cluster, s.Log); err != nil {
		return broker.Explain(err)
	}
	return nil
}

// Close ends the connections.
func (s *Service) Close() {
	if s.registry != nil {
		s.registry.Close()
	}
	if s.evaluator != nil {
		s.evaluator.Close()
	}
	if s.Catalog != nil {
		s.Catalog.Close()
	}
	if s.Admin != nil {
		s.Admin.Close()
	}
	if s.Store != nil {
		s.Store.Close()
	}
}

// DDL returns what carries out Millrace's statements.
func (s *Service) DDL() *ddl.Executor {
	return &ddl.Executor{
		Cluster: s.Settings.Node.Cluster, Kafka: s.Admin, Catalog: s.Catalog, Store: s.Store,
		Shards:      s.Settings.Service.NumShards,
		Replication: max(0, s.Settings.Kafka.ReplicationFactor),
		Retention:   strconv.FormatInt(s.Settings.Service.PartialsRetention, 10),
	}
}

// Node makes the node that this process is to run.
func (s *Service) Node(ctx context.Context) (*consumer.Node, error) {
	s.Settings.Node.Inject = fault.Inject()
	var err error
	if s.registry, err = sink.OpenRegistry(ctx, s.Settings.Database, s.Log); err != nil {
		return nil, err
	}
	if s.evaluator, err = evaluate.Open(ctx, s.Settings.Evaluator, s.Settings.Database); err != nil {
		return nil, err
	}
	return consumer.NewNode(s.Settings.Node, s.Settings.Kafka, store{s.Store, s.Catalog}, s.registry, s.evaluator, s.Log, s.Metrics)
}

// store fits sink's store to what the shard owners need.
type store struct {
	*sink.Store
	catalog *catalog.Catalog
}

var (
	_ consumer.Store     = store{}
	_ consumer.Registry  = (*sink.Registry)(nil)
	_ consumer.Evaluator = (*evaluate.Evaluator)(nil)
)

// EnsureView makes a view's relations exist.
func (s store) EnsureView(ctx context.Context, v *topology.View, plan *query.Plan, c *topology.Catalog) error {
	partials := ""
	if stream, ok := c.StreamByID(v.Stream); ok {
		partials = stream.Partials
	}
	spec := schema.SpecOf(v, partials, plan)
	spec.Wanted = func(ctx context.Context) error {
		err := s.catalog.StillHas(ctx, v)
		if err != nil && !errors.Is(err, topology.ErrViewDropped) {
			return temporary{err}
		}
		return err
	}
	err := s.Store.EnsureView(ctx, spec, schema.KnownFrom(c))
	if err != nil && sink.Retryable(err) {
		return temporary{err}
	}
	return err
}

// Applied returns what is folded of a partials topic.
func (s store) Applied(ctx context.Context, topic string) (aggregator.State, error) {
	state := aggregator.State{Positions: map[topology.Partition]int64{}}
	partitions, err := s.Partitions(ctx)
	if err != nil {
		return state, err
	}
	ledger, err := s.Ledger(ctx)
	if err != nil {
		return state, err
	}
	for _, p := range partitions {
		if p.Topic == topic {
			state.Positions[p.Partition] = p.Position
		}
	}
	for _, l := range ledger {
		if l.Topic == topic {
			state.Ledger = append(state.Ledger, l.Applied)
		}
	}
	return state, nil
}

// temporary marks an error after which trying again makes sense.
type temporary struct{ error }

// Temporary returns true.
func (temporary) Temporary() bool { return true }

// Unwrap returns the cause.
func (t temporary) Unwrap() error { return t.error }
