package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// Catalog reads and writes one cluster's catalog. It is safe for concurrent
// use; [Catalog.Follow] runs once at a time.
type Catalog struct {
	topic  string
	opts   []kgo.Opt
	admin  *broker.Admin
	logger *slog.Logger

	// reading guards warm: a reader that stands at some point of the log, kept
	// so that the next read goes on there. nil before the first, and after one
	// that failed. It is taken before mu.
	reading sync.Mutex
	warm    *tail

	// mu guards the followed state and what was reported.
	mu       sync.Mutex
	followed *topology.Catalog
	moved    chan struct{} // closed and replaced when followed changes
	reported map[topology.Damaged]bool
}

// Open returns the catalog of a cluster. Where its topic does not exist yet it
// is created, by whoever comes first. The caller closes the catalog.
func Open(ctx context.Context, cfg broker.Config, cluster string, logger *slog.Logger) (*Catalog, error) {
	opts, err := broker.Options(cfg, logger)
	if err != nil {
		return nil, err
	}
	admin, err := broker.NewAdmin(cfg, logger)
	if err != nil {
		return nil, err
	}
	c := &Catalog{
		topic: topology.CatalogTopic(cluster), opts: opts, admin: admin, logger: logger,
		followed: topology.NewCatalog(), moved: make(chan struct{}), reported: map[topology.Damaged]bool{},
	}
	if err := c.ensureTopic(ctx); err != nil {
		admin.Close()
		return nil, fmt.Errorf("open the catalog of cluster %q: %w", cluster, err)
	}
	return c, nil
}

// ensureTopic creates the topic, and refuses one that is not fit to be a
// catalog: with more partitions there would be no one order of changes.
func (c *Catalog) ensureTopic(ctx context.Context) error {
	t, _, err := c.admin.CreateTopic(ctx, broker.TopicSpec{
		Name: c.topic, Partitions: 1,
		Settings: map[string]string{"cleanup.policy": "compact"},
	})
	if err != nil {
		return err
	}
	if t.Partitions != 1 {
		return fmt.Errorf("topic %q has %d partitions, a catalog has one: choose another MILLRACE_CLUSTER or remove that topic", c.topic, t.Partitions)
	}
	return nil
}

// Topic returns the name of the catalog's topic, which is its transactional id
// too.
func (c *Catalog) Topic() string { return c.topic }

// Close closes the clients. Follow has returned by then.
func (c *Catalog) Close() {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.cool()
	c.admin.Close()
}

// Read returns the state behind everything that was committed before the call.
// It is the caller's own.
func (c *Catalog) Read(ctx context.Context) (*topology.Catalog, error) {
	return c.read(ctx, (*tail).toEnd)
}

// StillHas reads to the end and returns [topology.ErrViewDropped] where a view is not
// there any more. Nodes hear of a drop late.
func (c *Catalog) StillHas(ctx context.Context, v *topology.View) error {
	now, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if current, ok := now.View(v.Name); !ok || current.ID != v.ID {
		return topology.ErrViewDropped
	}
	return nil
}

// read brings the warm tail as far as the step says, and returns a copy of the
// state there.
func (c *Catalog) read(ctx context.Context, step func(*tail, context.Context) error) (*topology.Catalog, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.warm == nil {
		client, err := kgo.NewClient(append(c.readOptions(), c.opts...)...)
		if err != nil {
			return nil, fmt.Errorf("make a client to read the catalog: %w", err)
		}
		if c.warm, err = c.newTail(ctx, client); err != nil {
			c.closeReader(client)
			return nil, err
		}
	}
	if err := step(c.warm, ctx); err != nil {
		c.cool()
		return nil, err
	}
	c.report(c.warm.state)
	return c.warm.state.Clone(), nil
}

// cool gives the warm tail up. The caller holds reading.
func (c *Catalog) cool() {
	if c.warm != nil {
		c.closeReader(c.warm.client)
		c.warm = nil
	}
}

// report logs each record that was set aside, once.
func (c *Catalog) report(state *topology.Catalog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range state.Damaged() {
		if c.reported[d] {
			continue
		}
		c.reported[d] = true
		c.logger.Error("catalog record set aside", "topic", c.topic, "offset", d.Offset, "key", d.Key, "reason", d.Reason)
	}
}
