package harness

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// freshDatabase creates a database with a name of its own on the server that
// admin reaches, and drops it with its connections when the test ends.
func freshDatabase(t testing.TB, admin string) string {
	t.Helper()
	name := uniqueName(t, "_")
	quoted := pgx.Identifier{name}.Sanitize()
	if err := execute(t.Context(), admin, "CREATE DATABASE "+quoted); err != nil {
		t.Fatalf("harness: create a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		// A test may have left its server stopped: then there is nothing to drop.
		if err := execute(ctx, admin, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)"); err != nil {
			t.Logf("harness: drop database %s: %v", name, err)
		}
	})
	address, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("harness: %v", err)
	}
	return address
}

func execute(ctx context.Context, address, sql string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// withDatabase puts another database into a connection URL.
func withDatabase(address, name string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return "", fmt.Errorf("%s must be a URL such as postgres://user@host:5432/postgres", envDatabaseURL)
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}
