package embedded

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// dataDir is one that the server's user can reach, unlike t.TempDir's for root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "millrace-embedded-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
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

// TestDatabaseIsEmptyAtEveryStart starts it twice on one port and looks for what
// the first run made.
func TestDatabaseIsEmptyAtEveryStart(t *testing.T) {
	o := DatabaseOptions{Port: freePort(t), DataDir: dataDir(t)}
	for range 2 {
		database, err := StartDatabase(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(database.Version(), "18.") {
			t.Errorf("it is PostgreSQL %s", database.Version())
		}
		_, err = StartDatabase(t.Context(), o)
		expectPortInUse(t, err, o.Port, DatabasePortSetting)
		if err := create(t.Context(), database.DSN()); err != nil {
			t.Error(err)
		}
		if err := database.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(o.DataDir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// create fails where the table is there already.
func create(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CREATE TABLE made_once ()")
	return err
}
