package sink_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/internal/localpg"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// endSession ends the session that holds a node's name, and waits until its
// lock is free.
func endSession(t *testing.T, conn *pgx.Conn, node string) {
	t.Helper()
	equal(t, text(t, conn, "SELECT pg_terminate_backend(backend, 60000) FROM pipeline_cluster.nodes WHERE node = $1", node), "true")
}

// unheld leaves out since when a session has the name.
func unheld(n topology.NodeState) topology.NodeState {
	n.Held = time.Time{}
	return n
}

// TestSessionLost ends a node's session: at the next look it has its name again,
// and nothing about it has changed.
func TestSessionLost(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, info := entered(t, url, "a")
	b, _ := entered(t, url, "b")
	must(t, a.Joined(t.Context()))
	before := look(t, a)["a"]
	conn := connect(t, url)
	endSession(t, conn, "a")
	if n := look(t, b)["a"]; n.Alive || !n.Joined || n.NodeInfo != info {
		t.Fatalf("without its session: %+v", n)
	}
	after := look(t, a)["a"]
	if !after.Held.After(before.Held) {
		t.Fatal("nothing says that the name was lost meanwhile")
	}
	if unheld(after) != unheld(before) {
		t.Fatalf("%+v, was %+v", after, before)
	}
	if n := look(t, b)["a"]; n != unheld(before) {
		t.Fatalf("%+v, was %+v", n, before)
	}
	// What it is to note first is noted in the new session too.
	endSession(t, conn, "a")
	must(t, a.Fenced(t.Context(), look(t, b)["b"]))
	must(t, a.Joined(t.Context()))
	endSession(t, conn, "a")
	must(t, a.Leave(t.Context()))
	if len(look(t, b)) != 1 {
		t.Fatal("it has not left")
	}
}

// TestSuperseded: another process entered while the session was lost.
func TestSuperseded(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	old, _ := entered(t, url, "a")
	conn := connect(t, url)
	endSession(t, conn, "a")
	young, info := entered(t, url, "a")
	for range 2 {
		_, err := old.Look(t.Context())
		var taken *topology.NameTakenError
		if !errors.As(err, &taken) || taken.Holder != info {
			t.Fatalf("got %v", err)
		}
	}
	must(t, old.Leave(t.Context()))
	// Nor does it come back when the other one has ended, in whichever way.
	young.Close()
	if _, err := old.Look(t.Context()); err == nil {
		t.Fatal("looks although it has left")
	}
	if n, err := openStore(t, url).Nodes(t.Context()); err != nil || n[0].NodeInfo != info || !n[0].Left.IsZero() {
		t.Fatalf("%+v, %v", n, err)
	}
}

// TestRowLost takes away, or sets back to the node's former start, what Enter
// wrote: as a failover to a standby does that had not got it yet, or a backup.
func TestRowLost(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	former, _ := entered(t, url, "a")
	must(t, former.Leave(t.Context()))
	conn := connect(t, url)
	execute(t, conn, "CREATE TABLE backup AS SELECT * FROM millrace.nodes")
	a, _ := entered(t, url, "a")
	must(t, a.Joined(t.Context()))
	before := look(t, a)["a"]
	for _, restore := range []string{"", "INSERT INTO millrace.nodes SELECT * FROM backup"} {
		for _, lost := range []bool{true, false} {
			execute(t, conn, "DELETE FROM millrace.nodes")
			execute(t, conn, restore)
			if lost {
				execute(t, conn, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace node'")
			}
			if n := look(t, a)["a"]; unheld(n) != unheld(before) {
				t.Fatalf("%+v, was %+v", n, before)
			}
		}
	}
	// Of two starts that a failover brought together the later written stands.
	execute(t, conn, "UPDATE millrace.nodes SET incarnation = gen_random_uuid()")
	var taken *topology.NameTakenError
	if _, err := a.Look(t.Context()); !errors.As(err, &taken) {
		t.Fatalf("got %v", err)
	}
}

// TestServerKeepsDeadConnection: the connection is gone and the server has not
// noticed. The node ends its own former session, and nobody else's.
func TestServerKeepsDeadConnection(t *testing.T) {
	direct := newDatabase(t, "")
	openStore(t, direct)
	through, sever := severable(t, direct)
	a, _ := entered(t, through, "a")
	before := look(t, a)["a"]
	sever()
	if n := look(t, a)["a"]; unheld(n) != unheld(before) {
		t.Fatalf("%+v, was %+v", n, before)
	}
}

// severable returns the URL of a proxy, and a function that ends its
// connections with the clients and keeps those with the server.
func severable(t *testing.T, direct string) (through string, sever func()) {
	t.Helper()
	var mu sync.Mutex // guards clients and servers
	var clients, servers []net.Conn
	through = proxied(t, direct, func(client net.Conn, address string) {
		server, err := net.Dial("tcp", address)
		if err != nil {
			_ = client.Close()
			return
		}
		mu.Lock()
		clients, servers = append(clients, client), append(servers, server)
		mu.Unlock()
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(server, client) })
		both.Go(func() { _, _ = io.Copy(client, server) })
		both.Wait()
	})
	t.Cleanup(func() { // before the proxy waits for what copies
		mu.Lock()
		defer mu.Unlock()
		for _, c := range append(clients, servers...) {
			_ = c.Close()
		}
	})
	return through, func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range clients {
			_ = c.Close()
		}
		clients = nil
	}
}

// TestServerRestarts stops PostgreSQL at once and starts it again.
func TestServerRestarts(t *testing.T) {
	server := ownServer(t)
	url := server.DSN("postgres")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	b, _ := entered(t, url, "b")
	before := look(t, a)["a"]
	server.StopImmediate()
	_, err := a.Look(t.Context())
	if err == nil || !sink.Retryable(err) {
		t.Fatalf("without a server: %v", err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The other one is here and this one is not yet: that is what the others wait for.
	if n := look(t, b)["a"]; n.Alive {
		t.Fatalf("%+v", n)
	}
	if n := look(t, a)["a"]; unheld(n) != unheld(before) {
		t.Fatalf("%+v, was %+v", n, before)
	}
	if all, err := openStore(t, url).Nodes(t.Context()); err != nil || !all[0].Alive || !all[1].Alive {
		t.Fatalf("%+v, %v", all, err)
	}
}

// ownServer is a PostgreSQL server for one test, which may do to it what it likes.
func ownServer(t *testing.T) *localpg.Server {
	t.Helper()
	bin, err := localpg.Host(t.Context(), 0)
	if errors.Is(err, localpg.ErrNoHost) {
		bin, err = localpg.Fetch(t.Context(), localpg.FetchOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "millrace-sink-") // open to the server's user, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	must(t, l.Close())
	server, err := localpg.Create(t.Context(), bin, localpg.Options{Dir: dir, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.StopImmediate)
	return server
}

// TestLookEndsWithItsContext: a server that says nothing holds no one up, and
// what was under way does not confuse the next look.
func TestLookEndsWithItsContext(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	a, _ := entered(t, url, "a")
	person := connect(t, url)
	execute(t, person, "BEGIN")
	execute(t, person, "LOCK TABLE millrace.nodes")
	ctx, cancel := context.WithCancel(t.Context())
	done := outcome(func() error {
		_, err := a.Look(ctx)
		return err
	})
	observer := connect(t, url)
	waitFor(t, observer, "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'millrace.nodes'::regclass")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	execute(t, person, "COMMIT")
	if n := look(t, a)["a"]; !n.Alive {
		t.Fatalf("%+v", n)
	}
}

// TestSessionSettings: the server notices a machine that is gone, and does not end
// the session of a process that is stopped.
func TestSessionSettings(t *testing.T) {
	url := newDatabase(t, "")
	openStore(t, url)
	conn := connect(t, url)
	execute(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 100', current_database()); END $$")
	r := openRegistry(t, url, func(c *sink.Config) {
		c.ApplicationName = "millrace, whose name takes up all of the 63 bytes it may have  "
	})
	want := map[string]string{
		"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "10000",
		"idle_session_timeout": "0", "application_name": "millrace, whose name takes up all of the 63 bytes it may h node",
	}
	for name, value := range want {
		if got := r.Setting(t, name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}
