package status

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// flushPoll is how often Flush looks at the ledger.
const flushPoll = 25 * time.Millisecond

// Flush waits until everything that was produced before the call is folded into
// the named views, or into all. It says what is missing when ctx ends first.
func (r *Reader) Flush(ctx context.Context, names ...string) error {
	targets, err := r.Lag(ctx, names...)
	if err != nil {
		return err
	}
	current, err := r.Catalog.Read(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(flushPoll)
	defer tick.Stop()
	for {
		ledger, err := r.folded(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		var missing []Progress
		for _, t := range targets {
			v, ok := current.View(t.View)
			if !ok || err != nil {
				continue
			}
			if now := ledger.progress(v, t.Topic, t.Partition, t.End); now.Lag() > 0 {
				missing = append(missing, now)
			}
		}
		if err == nil && len(missing) == 0 {
			return nil
		}
		if len(missing) > 0 {
			targets = missing
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return late(ctx, targets)
		}
	}
}

// ErrNotFolded occurs when Flush ran out of time.
var ErrNotFolded = errors.New("not everything is folded yet")

func late(ctx context.Context, missing []Progress) error {
	var records int64
	for _, m := range missing {
		records += m.Lag()
	}
	first := missing[0]
	return fmt.Errorf("%w: %d records are missing, the first in view %q, topic %q partition %d: folded up to %d of %d; "+
		"is a node running (`millrace run`), and does its log name a problem? (%w)",
		ErrNotFolded, records, first.View, first.Topic, first.Partition, first.Folded, first.End, context.Cause(ctx))
}
