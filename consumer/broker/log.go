package broker

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slogAdapter gives the client's messages to the logger. The client words as
// errors and as information what it then recovers from by itself, so nothing
// of it is louder than a warning and nothing but trouble louder than debug.
type slogAdapter struct{ logger *slog.Logger }

// Level is asked before each message is made.
func (a slogAdapter) Level() kgo.LogLevel {
	ctx := context.Background()
	switch {
	case a.logger == nil || !a.logger.Enabled(ctx, slog.LevelWarn):
		return kgo.LogLevelNone
	case a.logger.Enabled(ctx, slog.LevelDebug):
		return kgo.LogLevelDebug
	}
	return kgo.LogLevelWarn
}

// Log writes a message with its pairs of keys and values.
func (a slogAdapter) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	to := slog.LevelDebug
	if level == kgo.LogLevelError || level == kgo.LogLevelWarn {
		to = slog.LevelWarn
	}
	a.logger.Log(context.Background(), to, "kafka client: "+msg, keyvals...)
}
