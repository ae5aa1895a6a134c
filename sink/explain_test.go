package sink_test

import (
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace/millrace/sink"
)

// TestOpenExplains: each way not to reach a database is one line that says what,
// where and the way out, and never the password.
func TestOpenExplains(t *testing.T) {
	url := newDatabase(t, "")
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"no server":   {changed(t, url, "127.0.0.1:1", "/x", "me"), []string{"127.0.0.1:1", "connection refused", "MILLRACE_DATABASE_URL"}},
		"no host":     {changed(t, url, "nowhere.invalid:1", "/x", "me"), []string{"nowhere.invalid", "MILLRACE_DATABASE_URL"}},
		"no database": {changed(t, url, "", "/millrace_none", ""), []string{`database "millrace_none"`, "3D000", "create the database"}},
		"no role":     {changed(t, url, "", "", "millrace_nobody"), []string{`user "millrace_nobody"`, "28000", "correct user and password"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sink.DefaultConfig(c.url)
			cfg.ConnectTimeout = 2 * time.Second
			_, err := sink.Open(t.Context(), cfg, slog.Default(), nil)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "s3cret") {
				t.Fatalf("%q", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Fatalf("%q lacks %q", err, want)
				}
			}
		})
	}
}

// changed returns a URL with another host, path or user, and a password.
func changed(t *testing.T, base, host, path, user string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		u.Host = host
	}
	if path != "" {
		u.Path = path
	}
	if user == "" {
		user = u.User.Username()
	}
	u.User = url.UserPassword(user, "s3cret")
	return u.String()
}

func TestExplainCodes(t *testing.T) {
	for code, want := range map[string]string{"53100": "free space", "53300": "max_connections", "25006": "primary", "42501": "GRANT", "57P01": "by itself"} {
		err := sink.Explain(&pgconn.PgError{Code: code, Message: "m"})
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), code) || sink.Explain(err) != err {
			t.Errorf("%s: %v", code, err)
		}
	}
	if other := (&pgconn.PgError{Code: "42601", Message: "m"}); sink.Explain(other) != error(other) || sink.Explain(nil) != nil {
		t.Error("explained what needs no explaining")
	}
}

func TestConfigValidate(t *testing.T) {
	if err := sink.DefaultConfig("postgres://me:s3cret@h/db").Validate(); err != nil {
		t.Fatal(err)
	}
	bad := sink.Config{URL: "postgres://me:s3cret@h:x/db"}
	err := bad.Validate()
	for _, want := range []string{"_URL", "_CLUSTER", "_POOL", "_CONNECT_TIMEOUT", "_STATEMENT_TIMEOUT", "_IDLE_", "_TCP_", "_COMMIT_", "_TAKEOVER_", "_APPLICATION_NAME"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	for _, text := range []string{err.Error(), bad.String(), sink.DefaultConfig("postgres://me:s3cret@h/db").String()} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("%q tells the password", text)
		}
	}
}

func TestMetrics(t *testing.T) {
	url := newDatabase(t, "")
	reg := prometheus.NewRegistry()
	s, err := sink.Open(t.Context(), sink.DefaultConfig(url), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	spec := makeView(t, s, "v", countAndSum())
	c := claim(t, s)
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: maxBigint}, group{key: "b", n: 1, total: 1}))
	foldNext(t, s, c, rowsOf(spec, group{key: "a", n: 1, total: 1}))
	c.Position = 0
	if _, err := tryFold(t, s, c); err == nil {
		t.Fatal("folded")
	}
	want := `
# HELP millrace_claims_total Partitions of partials topics claimed.
# TYPE millrace_claims_total counter
millrace_claims_total 1
# HELP millrace_fold_errors_total Folds that failed or lost their claim.
# TYPE millrace_fold_errors_total counter
millrace_fold_errors_total 1
# HELP millrace_fold_failed_groups_total Groups that PostgreSQL refused and that were marked in error.
# TYPE millrace_fold_failed_groups_total counter
millrace_fold_failed_groups_total 1
# HELP millrace_fold_rows_total Rows that folds inserted or updated.
# TYPE millrace_fold_rows_total counter
millrace_fold_rows_total 3
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "millrace_claims_total", "millrace_fold_errors_total",
		"millrace_fold_failed_groups_total", "millrace_fold_rows_total"); err != nil {
		t.Fatal(err)
	}
	if n, err := testutil.GatherAndCount(reg, "millrace_fold_seconds"); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
}
