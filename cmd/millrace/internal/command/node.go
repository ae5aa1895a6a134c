package command

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace/millrace/cmd/millrace/internal/heap"
	"github.com/millrace/millrace/cmd/millrace/internal/httpd"
	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/consumer"
)

// node is a running Millrace: connections, the node itself, its HTTP endpoint.
type node struct {
	service *service.Service
	worker  *consumer.Node
	server  *httpd.Server
}

// openNode connects; it runs nothing yet. The listener becomes the node's.
func openNode(ctx context.Context, settings service.Settings, log *slog.Logger, listener net.Listener) (*node, error) {
	settings.Node.Version = version
	svc, err := service.Open(ctx, settings, log)
	if err != nil {
		return nil, err
	}
	var worker *consumer.Node
	if err = svc.Writable(ctx); err == nil {
		worker, err = svc.Node(ctx)
	}
	if err != nil {
		svc.Close()
		return nil, err
	}
	return &node{service: svc, worker: worker, server: httpd.New(listener, svc.Metrics, worker, svc.Store.Ping, log)}, nil
}

func (n *node) close() { n.service.Close() }

// run runs the node until ctx ends, and leaves in order; abort ends it at once.
func (n *node) run(ctx, abort context.Context) error {
	group, running := errgroup.WithContext(ctx)
	stopped, stop := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error {
		defer stop()
		return n.worker.Run(running, abort)
	})
	group.Go(func() error { return n.server.Run(stopped) })
	return group.Wait()
}

const readyPoll = 20 * time.Millisecond

// ready waits until the node takes part in its cluster.
func (n *node) ready(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for !n.worker.Ready() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// run is `millrace run`.
func (a *app) run(ctx context.Context, settings service.Settings) error {
	if err := settings.Check(); err != nil {
		return err
	}
	// Not for `dev`, whose broker keeps all records in this process.
	defer heap.Pace(heap.Limit(settings.Node.MemoryLimit), heap.Headroom(settings.Node.MemoryLimit))()
	listener, err := httpd.Listen(ctx, settings.Service.HTTPAddr)
	if err != nil {
		return err
	}
	n, err := openNode(ctx, settings, a.log, listener)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer n.close()
	return n.run(ctx, a.signals.second)
}
