package sink_test

import (
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/millrace/millrace/sink"
)

// pooler gives a client one of its sessions for each transaction, as PgBouncer
// does in transaction mode: the one used last, or each in turn.
type pooler struct {
	mu     sync.Mutex // guards idle
	idle   []*pgconn.HijackedConn
	inTurn bool
}

func (p *pooler) take() *pgconn.HijackedConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := len(p.idle) - 1
	if p.inTurn {
		at = 0
	}
	s := p.idle[at]
	p.idle = append(p.idle[:at:at], p.idle[at+1:]...)
	return s
}

func (p *pooler) give(s *pgconn.HijackedConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, s)
}

// start returns the URL at which the pooler listens.
func (p *pooler) start(t *testing.T, direct string, sessions int) string {
	t.Helper()
	for range sessions {
		conn := connect(t, direct).PgConn()
		session, err := conn.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = session.Conn.Close() })
		p.give(session)
	}
	through := proxied(t, direct, func(client net.Conn, _ string) {
		defer client.Close()
		p.serve(client)
	})
	return withParam(t, through, "default_query_exec_mode", "cache_describe")
}

// serve speaks with one client until it says goodbye.
func (p *pooler) serve(conn net.Conn) {
	client := pgproto3.NewBackend(conn, conn)
	if _, err := client.ReceiveStartupMessage(); err != nil {
		return
	}
	client.Send(&pgproto3.AuthenticationOk{})
	client.Send(&pgproto3.BackendKeyData{ProcessID: 1 << 30, SecretKey: make([]byte, 4)})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	var server *pgconn.HijackedConn
	for client.Flush() == nil {
		asked, err := client.Receive()
		if err != nil {
			return
		}
		if _, bye := asked.(*pgproto3.Terminate); bye {
			return
		}
		if server == nil {
			server = p.take()
		}
		server.Frontend.Send(asked)
		switch asked.(type) {
		case *pgproto3.Sync, *pgproto3.Query:
		default:
			continue
		}
		if server.Frontend.Flush() != nil {
			return
		}
		for done := false; !done; {
			answer, err := server.Frontend.Receive()
			if err != nil {
				return
			}
			client.Send(answer)
			ready, ok := answer.(*pgproto3.ReadyForQuery)
			if done = ok; ok && ready.TxStatus == 'I' {
				p.give(server)
				server = nil
			}
		}
	}
}

// TestPoolerIsNamed: behind a pooler in transaction mode a node does not start,
// and says why.
func TestPoolerIsNamed(t *testing.T) {
	for name, p := range map[string]*pooler{"one session": {}, "the last one": {}, "each in turn": {inTurn: true}} {
		t.Run(name, func(t *testing.T) {
			direct := newDatabase(t, "")
			openStore(t, direct)
			sessions := 3
			if name == "one session" {
				sessions = 1
			}
			r := openRegistry(t, p.start(t, direct, sessions))
			if err := r.Enter(t.Context(), nodeInfo("a")); !errors.Is(err, sink.ErrPooled) {
				t.Fatalf("got %v", err)
			}
			// Its name is free for a process that does without the pooler.
			other := openRegistry(t, direct)
			must(t, other.Enter(t.Context(), nodeInfo("a")))
		})
	}
}
