package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// seizeTimeout is how long the name of a dead node is held at most. PostgreSQL
// itself ends the session of a process that is stopped in the middle, or no
// process of that name could start.
const seizeTimeout = 10 * time.Second

// Seize runs do while this process holds the name of a dead node, and then notes
// that the node is gone. Where that node lives after all, has left or started
// anew, or is seized by another one just now, it does nothing and returns nil.
//
// The lock is that of a transaction in a session of its own: whatever becomes
// of the connection, this node's own lock stays, and the dead one's is free in
// the moment in which the row says that it is gone. do has 8 s.
func (r *Registry) Seize(ctx context.Context, dead topology.NodeState, do func(ctx context.Context) error) error {
	if dead.Node == r.info.Node {
		return nil
	}
	if err := r.seize(ctx, dead, do); err != nil {
		return fmt.Errorf("seize the name of node %q: %w", dead.Node, Explain(err))
	}
	return nil
}

func (r *Registry) seize(ctx context.Context, dead topology.NodeState, do func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, seizeTimeout, fmt.Errorf("a dead node's name is held for %v at most", seizeTimeout))
	defer cancel()
	p, err := r.config.connection(" rescue")
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, p)
	if err != nil {
		return err
	}
	defer closeSoon(conn) // which rolls back what is not committed
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	key := []any{r.config.Cluster, dead.Node}
	var seized, still bool
	if err := tx.QueryRow(ctx, "SELECT pg_catalog.pg_try_advisory_xact_lock(millrace.node_lock($1, $2))", key...).Scan(&seized); err != nil || !seized {
		return err
	}
	// Only who holds the lock writes the row, so what this finds stays true.
	key = append(key, [16]byte(dead.Incarnation))
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM millrace.nodes
		WHERE cluster = $1 AND node = $2 AND incarnation = $3 AND left_at IS NULL)`, key...).Scan(&still); err != nil || !still {
		return err
	}
	if err := r.rescue(ctx, do); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE millrace.nodes SET left_at = pg_catalog.clock_timestamp(), expelled_by = $4,
			fenced_at = coalesce(fenced_at, pg_catalog.clock_timestamp())
		WHERE cluster = $1 AND node = $2 AND incarnation = $3`, append(key, r.info.Node)...); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// rescue runs do, for a little less long than the session may be idle.
func (r *Registry) rescue(ctx context.Context, do func(ctx context.Context) error) error {
	limit := seizeTimeout - 2*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errors.New("not done within "+limit.String()))
	defer cancel()
	return do(ctx)
}
