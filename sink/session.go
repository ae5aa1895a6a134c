package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/topology"
)

// session identifies a backend of the server: a number alone is given again to
// another one.
type session struct {
	pid     uint32
	started time.Time
	held    time.Time // when it got the node's lock, by the server's clock
}

const codeLockTimeout = "55P03" // lock_not_available

// connection returns the settings of the registry's sessions. The server has to
// notice within about 11 s that their machine is gone: by keepalives where
// nothing is under way, by tcp_user_timeout where an answer is. A session is
// idle between two looks, however long its process is stopped, and that must
// not end it.
func (c Config) connection(suffix string) (*pgx.ConnConfig, error) {
	p, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	c.configure(p, map[string]string{
		"application_name":                    c.ApplicationName[:min(len(c.ApplicationName), 63-len(suffix))] + suffix,
		"statement_timeout":                   milliseconds(enterWait + time.Second),
		"idle_session_timeout":                "0",
		"idle_in_transaction_session_timeout": milliseconds(seizeTimeout),
		"tcp_keepalives_idle":                 "5",
		"tcp_keepalives_interval":             "2",
		"tcp_keepalives_count":                "3",
		"enable_nestloop":                     "off", // pg_locks is read once then, however many locks others have
	})
	return p, nil
}

func (r *Registry) lost() bool { return r.conn == nil || r.conn.IsClosed() }

// connect opens another session; it holds nothing yet.
func (r *Registry) connect(ctx context.Context) error {
	p, err := r.config.connection(" node")
	if err != nil {
		return err
	}
	r.disconnect()
	if r.conn, err = pgx.ConnectConfig(ctx, p); err != nil {
		return Explain(err)
	}
	r.pooled = false
	return nil
}

// disconnect ends the session, and with it all its locks.
func (r *Registry) disconnect() {
	if r.conn != nil {
		closeSoon(r.conn)
		r.conn = nil
	}
}

// do calls f with a session that holds the name. Where the connection turns out
// to be broken (a restart of PostgreSQL, a failover) it tries once more.
func (r *Registry) do(ctx context.Context, f func(ctx context.Context) error) error {
	if !r.entered {
		return errors.New("the node has not entered")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, fmt.Errorf("PostgreSQL did not answer within %v", callTimeout))
	defer cancel()
	for try := 1; ; try++ {
		err := r.renewed(ctx)
		if err == nil {
			err = f(ctx)
		}
		if err == nil || try == 2 || !r.lost() || ctx.Err() != nil {
			if cause := context.Cause(ctx); err != nil && cause != nil {
				err = fmt.Errorf("%w: %w", cause, err)
			}
			return Explain(err)
		}
	}
}

// renewed makes another session that holds the name, where it was lost.
func (r *Registry) renewed(ctx context.Context) error {
	if !r.lost() {
		return nil
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	if err := r.renew(ctx); err != nil {
		r.disconnect()
		return err
	}
	r.log.Info("node's name taken again in another session of PostgreSQL", "node", r.info.Node)
	return nil
}

// lock takes the node's lock for this session, or fails with codeLockTimeout
// after a while. It is one message, which even a pooler gives to one session.
func (r *Registry) lock(ctx context.Context, wait time.Duration) error {
	b := &pgx.Batch{}
	b.Queue("SELECT pg_catalog.set_config('lock_timeout', $1, true)", milliseconds(wait))
	b.Queue("SELECT pg_catalog.pg_advisory_lock(millrace.node_lock($1, $2))", r.config.Cluster, r.info.Node)
	b.Queue("SELECT pid, backend_start, pg_catalog.clock_timestamp() FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()").
		QueryRow(func(row pgx.Row) error { return row.Scan(&r.session.pid, &r.session.started, &r.session.held) })
	return r.conn.SendBatch(ctx, b).Close()
}

// renew takes the name again for the process that had it. Another process's row
// stands, unless it is that of an earlier start: then a failover has lost ours.
// A node that was taken for dead meanwhile comes back as one whose lanes were fenced.
func (r *Registry) renew(ctx context.Context) error {
	if err := r.superseded(ctx); err != nil {
		return err
	}
	if err := r.endFormer(ctx); err != nil {
		return err
	}
	if err := r.lock(ctx, renewWait); err != nil {
		if code(err) != codeLockTimeout {
			return err
		}
		return r.taken(ctx)
	}
	n := r.info
	done, err := r.conn.Exec(ctx, `INSERT INTO millrace.nodes AS n
			(cluster, node, incarnation, term, host, pid, version, lanes, suffix, backend, started_at, joined_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, pg_catalog.pg_backend_pid(), $10,
			CASE WHEN $11 THEN pg_catalog.clock_timestamp() END)
		ON CONFLICT (cluster, node) DO UPDATE SET incarnation = excluded.incarnation, term = excluded.term,
			host = excluded.host, pid = excluded.pid, version = excluded.version, lanes = excluded.lanes, suffix = excluded.suffix,
			backend = excluded.backend, started_at = excluded.started_at, left_at = NULL, expelled_by = NULL,
			joined_at = CASE WHEN n.incarnation = excluded.incarnation THEN n.joined_at ELSE excluded.joined_at END,
			fenced_at = CASE WHEN n.incarnation = excluded.incarnation THEN coalesce(n.fenced_at, n.left_at) END
		WHERE n.incarnation = excluded.incarnation OR n.term < excluded.term`,
		r.config.Cluster, n.Node, [16]byte(n.Incarnation), r.term, n.Host, n.PID, n.Version, n.Lanes, n.Suffix, r.started, r.joined)
	if err == nil && done.RowsAffected() == 0 {
		err = r.superseded(ctx)
	}
	return err
}

// superseded reports the process that has entered under the name since this one did.
func (r *Registry) superseded(ctx context.Context) error {
	holder, since, term, err := r.holder(ctx)
	if err != nil || holder.Node == "" || holder.Incarnation == r.info.Incarnation || term < r.term {
		return err
	}
	return &topology.NameTakenError{Cluster: r.config.Cluster, Holder: holder, Since: since}
}

// holder reads the name's row; its Node is "" where there is none.
func (r *Registry) holder(ctx context.Context) (h topology.NodeInfo, since time.Time, term int64, err error) {
	var incarnation [16]byte
	err = r.conn.QueryRow(ctx, `SELECT node, incarnation, host, pid, version, lanes, suffix, started_at, term
		FROM millrace.nodes WHERE cluster = $1 AND node = $2`, r.config.Cluster, r.info.Node).
		Scan(&h.Node, &incarnation, &h.Host, &h.PID, &h.Version, &h.Lanes, &h.Suffix, &since, &term)
	h.Incarnation = topology.ID(incarnation)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return h, since, term, err
}

// errSeized says why a name cannot be had just now.
var errSeized = errors.New("its name is held for a moment by another session, such as that of a node that takes its former process out of the group; try again")

// taken says who holds a lock that could not be had.
func (r *Registry) taken(ctx context.Context) error {
	var alive bool
	err := r.conn.QueryRow(ctx, "SELECT alive FROM pipeline_cluster.nodes WHERE cluster = $1 AND node = $2 AND incarnation <> $3",
		r.config.Cluster, r.info.Node, [16]byte(r.info.Incarnation)).Scan(&alive)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return err
	case !alive:
		return errSeized
	}
	holder, since, _, err := r.holder(ctx)
	if err != nil {
		return err
	}
	return &topology.NameTakenError{Cluster: r.config.Cluster, Holder: holder, Since: since}
}

// endFormer ends this process's former session where the server has not noticed
// that its connection is gone, and so keeps the lock.
func (r *Registry) endFormer(ctx context.Context) error {
	_, err := r.conn.Exec(ctx, `SELECT pg_catalog.pg_terminate_backend(a.pid, 1000) FROM pg_catalog.pg_stat_activity a
		WHERE a.pid = $1 AND a.backend_start = $2 AND a.pid <> pg_catalog.pg_backend_pid()`, int32(r.session.pid), r.session.started)
	return err
}

// probe looks for a pooler that gives a session's backend to others as soon as a
// transaction has ended. A connection to the server itself knows its backend
// from the start; behind anything else a second connection, made while the first
// is idle, must not find itself in the first one's backend.
func (r *Registry) probe(ctx context.Context) error {
	if r.conn.PgConn().PID() == r.session.pid {
		return nil
	}
	p, err := r.config.connection(" node")
	if err != nil {
		return err
	}
	second, err := pgx.ConnectConfig(ctx, p)
	if err != nil {
		return err
	}
	defer closeSoon(second)
	var pid uint32
	if err := second.QueryRow(ctx, "SELECT pg_catalog.pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	if pid == r.session.pid {
		return ErrPooled
	}
	return nil
}

// withdraw takes back an entry that was made through a pooler, whose session
// would keep the name for as long as the pool keeps it.
func (r *Registry) withdraw(ctx context.Context) error {
	if err := r.noteLeft(ctx); err != nil {
		return err
	}
	_, err := r.conn.Exec(ctx, `SELECT CASE WHEN pg_catalog.pg_backend_pid() = $1 THEN pg_catalog.pg_advisory_unlock(millrace.node_lock($2, $3))
		ELSE pg_catalog.pg_terminate_backend($1, 1000) END`, int32(r.session.pid), r.config.Cluster, r.info.Node)
	return err
}

// noteLeft notes that this process has left, in its row.
func (r *Registry) noteLeft(ctx context.Context) error {
	_, err := r.conn.Exec(ctx, `UPDATE millrace.nodes SET left_at = pg_catalog.clock_timestamp()
		WHERE cluster = $1 AND node = $2 AND incarnation = $3`, r.config.Cluster, r.info.Node, [16]byte(r.info.Incarnation))
	return err
}

func closeSoon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // it is closed whatever it says
}
