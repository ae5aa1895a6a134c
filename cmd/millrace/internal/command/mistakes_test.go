package command

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/cmd/millrace/internal/service"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
)

// TestMistakes carries out the wrong statements of testdata/mistakes and compares
// what a person reads: SQLSTATE, message, caret and hint. Commands: setup, run,
// stdin for the data of a COPY. -rewrite records; the diff is to be read as a
// person would.
func TestMistakes(t *testing.T) {
	p := newPlace(t)
	sayOnly15(t, p.url)
	settings, err := service.Parse(map[string]string{
		"MILLRACE_KAFKA_BROKERS": p.flags[1], "MILLRACE_DATABASE_URL": p.url, "MILLRACE_CLUSTER": p.cluster,
		"MILLRACE_KAFKA_REPLICATION_FACTOR": "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{settings: settings, log: slog.New(slog.DiscardHandler)}
	e := &engine{app: a}
	defer e.close()
	datadriven.Walk(t, "testdata/mistakes", func(t *testing.T, path string) {
		stdin, seen := "", map[string]bool{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "stdin" {
				stdin = d.Input
				return ""
			}
			if seen[d.Input] {
				t.Errorf("%s: the same statement stands above", d.Pos)
			}
			seen[d.Input] = true
			var out, errOut bytes.Buffer
			s := a.session(e)
			s.In, s.Out, s.Err = strings.NewReader(stdin), &out, &errOut
			defer s.Close()
			text := strings.ReplaceAll(d.Input, "CLUSTER", p.cluster)
			err := s.Script(t.Context(), "", strings.NewReader(text))
			switch {
			case err != nil && !errors.Is(err, session.ErrReported):
				for _, line := range a.lines(err) {
					errOut.WriteString("millrace: " + line + "\n")
				}
			case err == nil && d.Cmd == "run":
				for _, kind := range []string{"CONTINUOUS VIEW", "STREAM", "TABLE"} { // whichever it has made
					_ = s.Script(t.Context(), "", strings.NewReader("DROP "+kind+" x"))
				}
				return "it is no mistake\n"
			}
			said := errOut.String()
			if d.Cmd == "run" {
				said = out.String() + said
			}
			return strings.ReplaceAll(strings.ReplaceAll(said, p.cluster, "CLUSTER"), " \n", " $\n")
		})
	})
}

// sayOnly15 skips where PostgreSQL is of another version than the recorded one,
// which words some of its errors in another way.
func sayOnly15(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if version := conn.PgConn().ParameterStatus("server_version"); !strings.HasPrefix(version, "15.") {
		t.Skip("the recorded answers are those of PostgreSQL 15, this is " + version)
	}
}
