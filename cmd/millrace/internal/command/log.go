package command

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// newLogger writes text to a terminal and JSON otherwise, unless told. Commands
// that end write text, and leave out what the Kafka client says about each
// attempt unless a level was asked for: their own error says it.
func newLogger(w io.Writer, levelName, format string, longLived, quiet bool) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(levelName)); err != nil {
		level = slog.LevelInfo // refused by Validate
	}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" || format == "auto" && (!longLived || isTerminal(w)) {
		handler = slog.NewTextHandler(w, options)
	}
	if !longLived && quiet {
		handler = withoutClient{handler}
	}
	return slog.New(handler)
}

// withoutClient drops the Kafka client's messages.
type withoutClient struct{ slog.Handler }

// Handle writes what is not the client's.
func (h withoutClient) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "kafka client: ") {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps dropping.
func (h withoutClient) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutClient{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps dropping.
func (h withoutClient) WithGroup(name string) slog.Handler {
	return withoutClient{h.Handler.WithGroup(name)}
}
