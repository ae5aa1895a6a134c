package sink

import (
	"context"
	"time"

	"github.com/millrace/millrace/topology"
)

// WaitShortly makes Enter give up soon.
func (r *Registry) WaitShortly() { r.enterWait = 50 * time.Millisecond }

// EndHolder is what a claim does that has waited for TakeoverWait.
func (s *Store) EndHolder(ctx context.Context, topic string, p topology.Partition) error {
	return s.endHolder(ctx, topic, p)
}
