// Package httpd serves what operators ask of a node: /metrics for Prometheus,
// /healthz (the process lives), /readyz (it takes part, and PostgreSQL answers).
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Node is what the endpoint tells about.
type Node interface {
	// Ready reports whether the node takes part in its cluster.
	Ready() bool
	// Problems returns what stops a stream, a view or a partition, by its name.
	Problems() map[string]string
}

// Server is the endpoint.
type Server struct {
	listener net.Listener
	server   *http.Server
	log      *slog.Logger
}

const (
	pingTimeout = 2 * time.Second
	stopTimeout = 2 * time.Second
)

// Listen takes the address, so that one in use is told before anything starts.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on MILLRACE_HTTP_ADDR %s: %w; set another address, or :0 for any free port", addr, err)
	}
	return l, nil
}

// New makes the endpoint of a node. ping asks whether PostgreSQL answers.
func New(listener net.Listener, registry *prometheus.Registry, node Node, ping func(context.Context) error, log *slog.Logger) *Server {
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { ready(w, r, node, ping) })
	return &Server{
		listener: listener, log: log,
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second},
	}
}

// ready answers 200 where the node works, with what is stopped in the body, and
// 503 where it does not.
func ready(w http.ResponseWriter, r *http.Request, node Node, ping func(context.Context) error) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	switch err := ping(ctx); {
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	case !node.Ready():
		http.Error(w, "starting or stopping", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
	problems := node.Problems()
	names := make([]string, 0, len(problems))
	for name := range problems {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(w, "stopped: %s: %s\n", name, problems[name])
	}
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.log.Info("listening", "http", s.listener.Addr().String())
	ended := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := s.server.Shutdown(closing); err != nil {
			s.log.Debug("http endpoint closed with open connections", "error", err)
		}
	})
	defer ended()
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}
