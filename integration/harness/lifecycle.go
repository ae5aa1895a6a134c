package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/childproc"
	"github.com/millrace/millrace/internal/localpg"
)

// errStillRuns is what a wait for an end reports while there is none.
var errStillRuns = errors.New("it still runs")

// poll calls ready until it succeeds; when ctx is done it returns the last
// failure with ctx's cause.
func poll(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := ready(try)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// makeFolder makes a server's folder among the temporary files, and first
// removes those of killed runs.
func makeFolder(prefix string) (*childproc.Folder, error) {
	if err := childproc.SweepFolders(os.TempDir(), prefix, localpg.EndOrphan); err != nil {
		say("%v", err)
	}
	return childproc.MakeFolder(os.TempDir(), prefix)
}

// endServer stops a server and removes what it left. It runs in cleanups, where
// nobody can act on an error: it is said and passed over.
func endServer(s server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(s.stop(ctx), s.remove(ctx)); err != nil {
		say("%v", err)
	}
}

// mustHarness ends the test where the harness itself fails.
func mustHarness(t testing.TB, what string, do func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*readyTimeout)
	defer cancel()
	if err := do(ctx); err != nil {
		t.Fatalf("harness: %s: %v", what, err)
	}
}
