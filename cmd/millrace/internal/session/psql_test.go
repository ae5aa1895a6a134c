package session

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/integration/harness"
	"github.com/millrace/millrace/topology"
)

// nothing is a Millrace that has no streams.
type nothing struct{ flushed int }

func (*nothing) Ours(_ context.Context, s statement.Statement) (bool, error) {
	_, stream := s.(*statement.CreateStream)
	return stream, nil
}

func (*nothing) Execute(context.Context, string) (ddl.Result, error) {
	return ddl.Result{Tag: "CREATE STREAM", Notices: []string{"start = latest: 3 existing records are not counted"}}, nil
}

func (n *nothing) Flush(context.Context) error { n.flushed++; return nil }

func (*nothing) Stream(context.Context, statement.Ref) (*topology.Stream, error) { return nil, nil }

func (*nothing) Write(context.Context, *topology.Stream, int64) (Records, error) {
	return nil, errors.New("there is no stream")
}

func newSession(url string, out, errOut *bytes.Buffer) *Session {
	return &Session{URL: url, ConnectTimeout: 5 * time.Second, Millrace: &nothing{}, Out: out, Err: errOut}
}

// location is where in PostgreSQL's source an error was raised: psql shows it
// with VERBOSITY verbose, millrace sql does not.
var location = regexp.MustCompile(`(?m)^LOCATION: .*\n`)

// notice codes are shown by psql as well then.
var noticeCode = regexp.MustCompile(`(?m)^(NOTICE|WARNING):  [0-9A-Z]{5}: `)

// TestPrintsAsPsql runs the statements of testdata/psql. What is printed must be
// what is written there, and what the machine's psql prints, where it has one.
func TestPrintsAsPsql(t *testing.T) {
	url := harness.Get(t).DatabaseURL(t)
	psql, noPsql := exec.LookPath("psql")
	datadriven.Walk(t, "testdata/psql", func(t *testing.T, path string) {
		setup := "" // is carried out before each statement, on both sides
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "setup" {
				setup = d.Input
				return ""
			}
			out, errOut := printed(t, url, setup, d.Input)
			if noPsql == nil {
				printed(t, url, setup, "")
				comparePsql(t, d, psql, url, out, errOut)
			}
			// A blank at a line's end is lost on the way into a file.
			return strings.ReplaceAll(strings.ReplaceAll(out+errOut, " \n", " $\n"), "\n\n", "\n$\n")
		})
	})
}

// printed carries out a script in a session of its own.
func printed(t *testing.T, url, setup, sql string) (out, errOut string) {
	t.Helper()
	var outBuffer, errBuffer bytes.Buffer
	s := newSession(url, &outBuffer, &errBuffer)
	defer s.Close()
	if err := s.Script(t.Context(), "", strings.NewReader(setup)); err != nil {
		t.Fatal(err, errBuffer.String())
	}
	outBuffer.Reset()
	errBuffer.Reset()
	if err := s.Script(t.Context(), "", strings.NewReader(sql)); err != nil && !errors.Is(err, ErrReported) {
		t.Fatal(err)
	}
	return outBuffer.String(), errBuffer.String()
}

func comparePsql(t *testing.T, d *datadriven.TestData, psql, url, out, errOut string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), psql, "-X", "-v", "VERBOSITY=verbose", "-c", d.Input, url)
	var theirs, theirErrors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &theirs, &theirErrors
	_ = cmd.Run() // its status says that the statement failed, which is what some are for
	said := location.ReplaceAllString(theirErrors.String(), "")
	said = noticeCode.ReplaceAllString(said, "$1:  ")
	if out != theirs.String() {
		t.Errorf("%s: printed\n%spsql prints\n%s", d.Pos, out, theirs.String())
	}
	if errOut != said {
		t.Errorf("%s: reported\n%spsql reports\n%s", d.Pos, errOut, said)
	}
}
