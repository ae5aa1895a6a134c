package command

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestFaultsAreOneLine tries what a new user gets wrong, against real servers.
func TestFaultsAreOneLine(t *testing.T) {
	p := newPlace(t)
	p.must("", "views") // installs
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := listener.Addr().String()
	closed := "127.0.0.1:" + freePort(t)
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"no broker", []string{"views", "--kafka-brokers", closed}, []string{closed, "refused", "MILLRACE_KAFKA_BROKERS"}},
		{"no broker for produce", []string{"produce", "x", "--kafka-brokers", closed}, []string{closed, "refused", "MILLRACE_KAFKA_BROKERS"}},
		{"no such host", []string{"run", "--kafka-brokers", "nowhere.invalid:9092"}, []string{"nowhere.invalid", "MILLRACE_KAFKA_BROKERS"}},
		{"no PostgreSQL", []string{"run", "--database-url", "postgres://postgres@" + closed + "/x"}, []string{"PostgreSQL", closed, "refused", "MILLRACE_DATABASE_URL"}},
		{"no PostgreSQL for SQL", []string{"sql", "-c", "SELECT 1", "--database-url", "postgres://postgres:secret@" + closed + "/x"}, []string{"PostgreSQL", closed, "refused"}},
		{"missing database", []string{"sql", "-c", "SELECT 1", "--database-url", withDatabase(t, p.url, "nowhere")}, []string{`"nowhere" does not exist`, "create the database"}},
		{"missing topic", []string{"produce", "nothing-here"}, []string{`stream "nothing-here" does not exist`, "no topic of that name"}},
		{"missing file", []string{"produce", "x", "/nowhere/file"}, []string{"/nowhere/file", "no such file"}},
		{"missing script", []string{"sql", "-f", "/nowhere/file"}, []string{"/nowhere/file", "no such file"}},
		{"occupied port", []string{"run", "--http-addr", taken}, []string{taken, "in use", "MILLRACE_HTTP_ADDR"}},
		{"setting", []string{"views", "--lanes", "many"}, []string{"MILLRACE_LANES", "whole number"}},
		{"unreadable url", []string{"sql", "-c", "SELECT 1", "--database-url", "postgres://u:se%zzcret@h/d"}, []string{"MILLRACE_DATABASE_URL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Behind the place's own flags: the last of a name wins.
			r := p.with(c.args[1:]...).run("", c.args[0])
			oneLine(t, r, c.says...)
		})
	}
}

func oneLine(t *testing.T, r result, says ...string) {
	t.Helper()
	if r.status != 1 || strings.Count(r.err, "\n") != 1 || strings.Contains(r.err, "cret") || r.out != "" {
		t.Errorf("status %d, printed %q, said\n%s", r.status, r.out, r.err)
	}
	for _, word := range says {
		if !strings.Contains(r.err, word) {
			t.Errorf("%q is missing in\n%s", word, r.err)
		}
	}
}

func withDatabase(t *testing.T, address, name string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Path = "/" + name
	return parsed.String()
}

// TestPrivileges runs as a role that may not create anything, and in a database
// that may not be written to.
func TestPrivileges(t *testing.T) {
	p := newPlace(t)
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	readOnly, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	query := readOnly.Query()
	query.Set("default_transaction_read_only", "on")
	readOnly.RawQuery = query.Encode()
	for _, command := range []string{"run", "views"} {
		oneLine(t, p.with("--database-url", readOnly.String()).run("", command), "read-only", "25006", "primary")
	}
	p.must("", "views") // installs: reading is fine then, a node's start is not
	p.with("--database-url", readOnly.String()).must("", "views")
	oneLine(t, p.with("--database-url", readOnly.String()).run("", "run"), "read-only", "25006", "primary")
	role := strings.ReplaceAll(p.cluster, "-", "_")
	if _, err := conn.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN"); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = conn.Exec(t.Context(), "DROP OWNED BY "+role+"; DROP ROLE "+role) }()
	asRole, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	asRole.User = url.User(role)
	oneLine(t, p.with("--database-url", asRole.String()).run("", "run"), "permission denied", "42501", "GRANT")
	if _, err := conn.Exec(t.Context(), "GRANT USAGE ON SCHEMA millrace TO "+role+"; GRANT SELECT ON ALL TABLES IN SCHEMA millrace TO "+role); err != nil {
		t.Fatal(err)
	}
	oneLine(t, p.with("--database-url", asRole.String()).run("", "run"), "may not write", "42501", "GRANT")
}
