package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// How long the registry waits.
const (
	// enterWait is for the session of the name's former process, which ends
	// moments after that process, and for a node that puts its affairs in order.
	enterWait = 5 * time.Second
	// renewWait is for such a node where this process takes its own name again.
	renewWait = time.Second
	// callTimeout ends a call whose connection is there and says nothing.
	callTimeout = 5 * time.Second
	// keepNodes is how long nodes that left are shown (an interval).
	keepNodes = "7 days"
)

// ErrPooled occurs when the registry's connection leads to one session now and to
// another then: a lock of the session says nothing about this process there.
var ErrPooled = errors.New("the connection to PostgreSQL goes through a pooler that changes sessions between transactions; " +
	"a node's lock needs a session of its own: point MILLRACE_DATABASE_URL at the server itself, or at a pool in session mode")

// Registry is this process's entry among the nodes of its cluster: a row in
// millrace.nodes, and a session that holds the node's advisory lock for as long
// as the process lives. It fits consumer.Registry. One goroutine at a time
// calls its methods; [Registry.Seize] alone may run beside the others.
type Registry struct {
	config Config
	log    *slog.Logger

	conn    *pgx.Conn // nil or closed where the session is lost
	session session   // the last one that held the lock
	pooled  bool      // this session was another one meanwhile

	entered bool
	info    topology.NodeInfo
	term    int64     // of this start: rises with each start of the name
	started time.Time // by the server's clock
	joined  bool      // Joined was called
	seen    map[topology.ID]*time.Time

	enterWait time.Duration
}

// OpenRegistry connects the session that will hold this node's lock. The node
// is entered by [Registry.Enter].
func OpenRegistry(ctx context.Context, c Config, log *slog.Logger) (*Registry, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &Registry{config: c, log: log, enterWait: enterWait}
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Enter takes the node's name for this process. It waits up to 5 s for the
// session of a process that has just ended; the error is a
// [topology.NameTakenError] where another process lives.
func (r *Registry) Enter(ctx context.Context, n topology.NodeInfo) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.enterWait+callTimeout, errors.New("PostgreSQL did not answer"))
	defer cancel()
	r.info, r.entered, r.joined, r.seen = n, false, false, nil
	err := r.enter(ctx)
	if err != nil {
		r.disconnect()
		return fmt.Errorf("enter node %q: %w", n.Node, Explain(err))
	}
	r.entered = true
	return nil
}

func (r *Registry) enter(ctx context.Context) error {
	if r.lost() {
		if err := r.connect(ctx); err != nil {
			return err
		}
	}
	if err := r.lock(ctx, r.enterWait); err != nil {
		if code(err) != codeLockTimeout {
			return err
		}
		return r.taken(ctx)
	}
	n := r.info
	err := r.conn.QueryRow(ctx, `INSERT INTO millrace.nodes AS n
			(cluster, node, incarnation, term, host, pid, version, lanes, suffix, backend, started_at)
		VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, pg_catalog.pg_backend_pid(), pg_catalog.now())
		ON CONFLICT (cluster, node) DO UPDATE SET incarnation = excluded.incarnation, term = n.term + 1,
			host = excluded.host, pid = excluded.pid, version = excluded.version, lanes = excluded.lanes, suffix = excluded.suffix,
			backend = excluded.backend, started_at = excluded.started_at,
			joined_at = NULL, fenced_at = NULL, left_at = NULL, expelled_by = NULL
		RETURNING term, started_at`,
		r.config.Cluster, n.Node, [16]byte(n.Incarnation), n.Host, n.PID, n.Version, n.Lanes, n.Suffix).Scan(&r.term, &r.started)
	if err != nil {
		return err
	}
	if _, err := r.conn.Exec(ctx, "DELETE FROM millrace.nodes WHERE cluster = $1 AND left_at < pg_catalog.now() - $2::pg_catalog.interval",
		r.config.Cluster, keepNodes); err != nil {
		return err
	}
	err = r.probe(ctx)
	if err == nil {
		var held bool
		if _, held, err = r.look(ctx); err == nil && !held {
			err = ErrPooled
		}
	}
	if errors.Is(err, ErrPooled) {
		if left := r.withdraw(ctx); left != nil {
			err = fmt.Errorf("%w (and its entry stays: %w)", err, left)
		}
	}
	return err
}

// Look returns the nodes that have entered and not left, this one included, in
// order of their names. Where the session was lost it makes another and takes
// the name again; the error is a [topology.NameTakenError] where another
// process has it by now.
func (r *Registry) Look(ctx context.Context) ([]topology.NodeState, error) {
	var nodes []topology.NodeState
	err := r.do(ctx, func(ctx context.Context) error {
		all, held, err := r.look(ctx)
		if err == nil && !held {
			// Someone freed the lock or changed the row: take the name again.
			if err = r.renew(ctx); err == nil {
				all, held, err = r.look(ctx)
			}
			if err == nil && !held {
				err = ErrPooled
			}
		}
		nodes = all
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the nodes: %w", err)
	}
	return nodes, nil
}

// lookNodes is one query over as many rows as there are nodes, and the server's
// locks, which it keeps in memory.
const lookNodes = `SELECT pg_catalog.pg_backend_pid(), backend, node, incarnation, host, pid, version, lanes, suffix,
	started_at, alive, joined_at, fenced_at IS NOT NULL
	FROM pipeline_cluster.nodes WHERE cluster = $1 AND left_at IS NULL ORDER BY node`

// look reads the nodes, and whether this session holds the name of this one.
func (r *Registry) look(ctx context.Context) (nodes []topology.NodeState, held bool, err error) {
	rows, err := r.conn.Query(ctx, lookNodes, r.config.Cluster)
	if err != nil {
		return nil, false, err
	}
	seen := map[topology.ID]*time.Time{}
	nodes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s topology.NodeState, err error) {
		var self, backend uint32
		var incarnation [16]byte
		var joined *time.Time
		err = row.Scan(&self, &backend, &s.Node, &incarnation, &s.Host, &s.PID, &s.Version, &s.Lanes, &s.Suffix,
			&s.Started, &s.Alive, &joined, &s.Fenced)
		s.Incarnation, s.Joined = topology.ID(incarnation), joined != nil
		seen[s.Incarnation] = joined
		if s.Node == r.info.Node && s.Incarnation == r.info.Incarnation {
			r.pooled = r.pooled || self != r.session.pid
			held, s.Held = s.Alive && backend == self, r.session.held
		}
		return s, err
	})
	if err != nil {
		return nil, false, err
	}
	if r.pooled {
		return nil, false, ErrPooled
	}
	r.seen = seen
	return nodes, held, nil
}

// Joined notes that this node is a member of the group, with nothing fenced.
func (r *Registry) Joined(ctx context.Context) error {
	err := r.do(ctx, func(ctx context.Context) error {
		_, err := r.conn.Exec(ctx, `UPDATE millrace.nodes SET joined_at = pg_catalog.clock_timestamp(), fenced_at = NULL
			WHERE cluster = $1 AND node = $2 AND incarnation = $3`, r.config.Cluster, r.info.Node, [16]byte(r.info.Incarnation))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that node %q joined: %w", r.info.Node, err)
	}
	r.joined = true
	return nil
}

// Fenced notes that the lanes of a node were fenced. Where that node has joined
// again since the last Look, it notes nothing: what was fenced is over.
func (r *Registry) Fenced(ctx context.Context, silent topology.NodeState) error {
	joined := r.seen[silent.Incarnation]
	err := r.do(ctx, func(ctx context.Context) error {
		_, err := r.conn.Exec(ctx, `UPDATE millrace.nodes SET fenced_at = pg_catalog.clock_timestamp()
			WHERE cluster = $1 AND node = $2 AND incarnation = $3 AND joined_at IS NOT DISTINCT FROM $4`,
			r.config.Cluster, silent.Node, [16]byte(silent.Incarnation), joined)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that node %q was fenced: %w", silent.Node, err)
	}
	return nil
}

// Leave gives the name back. It is no error where this process has not got it any more.
func (r *Registry) Leave(ctx context.Context) error {
	if !r.entered {
		return nil
	}
	err := r.do(ctx, r.noteLeft)
	r.disconnect()
	r.entered = false
	var taken *topology.NameTakenError
	if err != nil && !errors.As(err, &taken) {
		return fmt.Errorf("note that node %q leaves: %w", r.info.Node, err)
	}
	return nil
}

// Close ends the session. Without [Registry.Leave] before it, others take the
// node for dead.
func (r *Registry) Close() {
	r.disconnect()
	r.entered = false
}
