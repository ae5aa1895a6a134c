package sink

import (
	"context"

	"github.com/millrace/millrace/sink/schema"
	"github.com/millrace/millrace/topology"
)

// CheckDrop reports what DropView without cascade would refuse; see
// [schema.CheckDrop].
func (s *Store) CheckDrop(ctx context.Context, id topology.ViewID) error {
	return schema.CheckDrop(ctx, s.pool, s.config.Cluster, id)
}
