package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/millrace/millrace/cmd/millrace/internal/console"
	"github.com/millrace/millrace/cmd/millrace/internal/dev"
	"github.com/millrace/millrace/cmd/millrace/internal/httpd"
)

// system is what `dev` and `demo` start: servers and a node.
type system struct {
	*node
	stack *dev.Stack
	http  string // the endpoint's address
}

// withSystem starts a system, has use work with it, and ends it when use
// returns, when a signal comes, or when a part of it fails.
func (a *app) withSystem(ctx context.Context, log *slog.Logger, out *console.Console, use func(context.Context, *system) error) (err error) {
	if err := a.settings.Check(); err != nil {
		return err
	}
	stack := dev.New(a.settings)
	defer func() { err = errors.Join(err, stack.Close()) }()
	if a.isDefault(envBrokers) {
		brokerLog := log
		if !log.Enabled(ctx, slog.LevelDebug) {
			brokerLog = nil // it warns of milliseconds
		}
		if err := stack.StartBroker(ctx, brokerLog); err != nil {
			return err
		}
	}
	listener, err := httpd.Listen(ctx, a.settings.Service.HTTPAddr)
	if err != nil {
		return err
	}
	closeListener := func() { _ = listener.Close() } // nothing was accepted
	if a.isDefault(envDatabase) {
		said := slog.New(consoleHandler{out})
		if err := stack.StartDatabase(ctx, said); err != nil {
			closeListener()
			return err
		}
	}
	n, err := openNode(ctx, stack.Settings, log, listener)
	if err != nil {
		closeListener()
		return err
	}
	defer n.close()
	sys := &system{node: n, stack: stack, http: listener.Addr().String()}
	return sys.run(ctx, a.signals.second, use)
}

func (s *system) run(ctx, abort context.Context, use func(context.Context, *system) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return s.node.run(running, abort) })
	group.Go(func() error { return s.stack.Watch(running) })
	group.Go(func() error {
		defer stop()
		if err := s.ready(running); err != nil {
			return err
		}
		return use(running, s)
	})
	return group.Wait()
}

// consoleHandler writes the messages of a logger as plain lines.
type consoleHandler struct{ out *console.Console }

func (consoleHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle writes a record's message, and its values.
func (h consoleHandler) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	h.out.Printf("%s\n", text)
	return nil
}

// WithAttrs is not needed for what is said while servers start.
func (h consoleHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup likewise.
func (h consoleHandler) WithGroup(string) slog.Handler { return h }
