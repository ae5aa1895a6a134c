package localpg

import (
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// binaries are the host's, or the downloaded ones where it has none.
func binaries(t *testing.T) Binaries {
	t.Helper()
	if found, err := Host(t.Context(), 0); err == nil {
		return found
	}
	found, err := Fetch(t.Context(), FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// folder is one that the server's user can reach, unlike t.TempDir's for root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "millrace-localpg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// TestCommittedSurvivesACrash also shows start, stop and start again.
func TestCommittedSurvivesACrash(t *testing.T) {
	ctx := t.Context()
	s, err := Create(ctx, binaries(t), Options{Dir: folder(t), Port: freePort(t), Parameters: map[string]string{"max_connections": "17"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	query(t, s, "CREATE TABLE kept AS SELECT 42::text AS answer")
	s.StopImmediate()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s, "SELECT answer FROM kept"); got != "42" {
		t.Errorf("after a crash: %q", got)
	}
	s.Stop()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s, "SHOW max_connections"); got != "17" {
		t.Errorf("max_connections is %q", got)
	}
	if got := query(t, s, "SELECT upper('é')||(max(x COLLATE \"default\")) FROM unnest(array['a','B']) x"); got != "Éa" {
		t.Errorf("text is not by code point with Unicode's cases: %q", got)
	}
	if err := s.Start(ctx); err == nil {
		t.Error("started twice")
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	port := listener.Addr().(*net.TCPAddr).Port
	s, err := Create(t.Context(), binaries(t), Options{Dir: folder(t), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if err := syscall.Kill(s.Pid(), 0); err == nil {
		t.Error("the server that could not listen is still there")
	}
}

func TestPidFile(t *testing.T) {
	for _, c := range []struct {
		text  string
		pid   int
		ready bool
	}{
		{"", 0, false},
		{"12\n", 12, false},
		{"12\n/d\n1\n5432\n\n127.0.0.1\n1 2\nstarting\n", 12, false},
		{"12\n/d\n1\n5432\n\n127.0.0.1\n1 2\nready   \n", 12, true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/postmaster.pid", []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if pid, ready := readPidFile(dir); pid != c.pid || ready != c.ready {
			t.Errorf("%q: %d, %v", c.text, pid, ready)
		}
	}
}

func query(t *testing.T, s *Server, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, "\n")
}
