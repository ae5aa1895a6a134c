package sink

import (
	"context"
	"testing"
	"time"

	"github.com/millrace/millrace/topology"
)

// WaitShortly makes Enter give up soon.
func (r *Registry) WaitShortly() { r.enterWait = 50 * time.Millisecond }

// EndHolder is what a claim does that has waited for TakeoverWait.
func (s *Store) EndHolder(ctx context.Context, topic string, p topology.Partition) error {
	return s.endHolder(ctx, topic, p)
}

// Setting returns a setting of the registry's session.
func (r *Registry) Setting(t testing.TB, name string) (value string) {
	t.Helper()
	if err := r.conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
