package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/millrace/millrace/cmd/millrace/internal/prompt"
	"github.com/millrace/millrace/cmd/millrace/internal/session"
)

func (a *app) sqlCommand() *cobra.Command {
	var texts, files []string
	cmd := &cobra.Command{
		Use:   "sql [-c STATEMENTS | -f FILE]",
		Short: "Carry out SQL: Millrace's statements and PostgreSQL's",
		Long: `Carry out SQL. Millrace's own statements (CREATE STREAM, CREATE CONTINUOUS VIEW,
DROP of both, SELECT pipelinedb.flush()) are carried out by Millrace, all others
go to the target database as they are, over one connection. Rows, notices and
errors are printed as psql prints them.

INSERT INTO and COPY FROM write into a stream, too: PostgreSQL evaluates the rows,
and all of them go to the stream's topic, or none. The data of COPY FROM STDIN
stands behind the statement in a script, up to a line \., or comes from standard
input behind -c. \copy reads and writes files here, as psql has it.

Without -c and -f: a prompt on a terminal (\? there for help), else the script
on standard input. Scripts hold any number of statements, separated by
semicolons. The first error ends them (as psql does with ON_ERROR_STOP), with
exit status 1.`,
		Example: `  millrace sql
  millrace sql -c "CREATE STREAM clicks (url text, ms int) WITH (partitions = 4)"
  millrace sql -c "SELECT * FROM by_url ORDER BY count DESC LIMIT 10"
  millrace sql -c "INSERT INTO clicks VALUES ('/', 12)" -c "SELECT pipelinedb.flush()"
  millrace sql -c "COPY clicks FROM STDIN WITH (FORMAT csv)" < clicks.csv
  millrace sql -c "\copy clicks FROM 'clicks.csv' WITH (FORMAT csv, HEADER)"
  millrace sql -f schema.sql
  millrace sql < schema.sql`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.sql(cmd.Context(), texts, files)
		},
	}
	cmd.Flags().StringArrayVarP(&texts, "command", "c", nil, "carry out `statements` (may be given several times)")
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "carry out the statements of a `file`, - for standard input")
	cmd.MarkFlagsMutuallyExclusive("command", "file")
	return cmd
}

func (a *app) sql(ctx context.Context, texts, files []string) error {
	if err := a.settings.Check(); err != nil {
		return err
	}
	e := &engine{app: a}
	defer e.close()
	s := a.session(e)
	defer s.Close()
	switch {
	case len(texts) > 0:
		for _, text := range texts {
			if err := s.Script(ctx, "", strings.NewReader(text)); err != nil {
				return err
			}
		}
		return nil
	case len(files) > 0:
		for _, name := range files {
			if err := a.script(ctx, s, name); err != nil {
				return err
			}
		}
		return nil
	}
	if file, ok := a.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return a.interactive(ctx, s, e)
	}
	return a.script(ctx, s, "-")
}

// session returns the SQL session of the settings; the caller closes it.
func (a *app) session(e *engine) *session.Session {
	return &session.Session{
		URL: a.settings.Database.URL, ConnectTimeout: a.settings.Database.ConnectTimeout,
		Millrace: e, Out: a.out, Err: a.err, In: a.in,
	}
}

func (a *app) script(ctx context.Context, s *session.Session, name string) error {
	if name == "-" {
		return s.Script(ctx, "<stdin>", a.in)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the script: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	return s.Script(ctx, name, file)
}

// interactive runs the prompt.
func (a *app) interactive(ctx context.Context, s *session.Session, e *engine) error {
	p := &prompt.Prompt{
		Session: s, Out: a.out, Err: a.err, History: prompt.HistoryFile(),
		Explain: func(err error) []string { return a.lines(err) },
		Interrupts: func(handler func()) func() {
			return a.signals.take(handler)
		},
		Commands: map[string]prompt.Command{
			"views": {Help: "list the continuous views", Run: func(ctx context.Context) error { return a.views(ctx, e, nil, false) }},
			"lag":   {Help: "how far each view is folded", Run: func(ctx context.Context) error { return a.lag(ctx, e, nil, false) }},
		},
	}
	if err := p.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
