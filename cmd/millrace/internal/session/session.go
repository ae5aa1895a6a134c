package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/ddl"
	"github.com/millrace/millrace/cmd/millrace/internal/psql"
	"github.com/millrace/millrace/sink"
	"github.com/millrace/millrace/topology"
)

// Millrace carries out the statements that are not PostgreSQL's.
type Millrace interface {
	// Ours reports whether a statement that could be either side's is
	// Millrace's: a plain CREATE VIEW over a stream, say.
	Ours(ctx context.Context, s statement.Statement) (bool, error)
	// Execute carries out a statement of Millrace's.
	Execute(ctx context.Context, sql string) (ddl.Result, error)
	// Flush waits until everything produced before is folded.
	Flush(ctx context.Context) error
	// Stream returns the stream of a name, nil where there is none.
	Stream(ctx context.Context, name statement.Ref) (*topology.Stream, error)
	// Write begins to write records to a stream's topic, about so many bytes.
	Write(ctx context.Context, stream *topology.Stream, bytes int64) (Records, error)
}

// Records are written all or not at all.
type Records interface {
	// Add adds a record, whose value is copied. An error may be about an earlier one.
	Add(ctx context.Context, value []byte) error
	// Records returns how many were added.
	Records() int64
	Commit(ctx context.Context) error
	// Abort throws them away. It does nothing behind a commit.
	Abort()
}

// ErrReported says that a statement failed and that its error was printed.
var ErrReported = errors.New("a statement failed")

// Session is one connection to PostgreSQL, made when first needed, and
// Millrace beside it. One goroutine uses it.
type Session struct {
	// URL names the database.
	URL            string
	ConnectTimeout time.Duration
	Millrace       Millrace
	// Out takes results, Err errors and notices.
	Out, Err io.Writer
	// In is the process's standard input: the data of COPY FROM STDIN where there
	// is no Inline, which is what stands behind the statement in its own text.
	In     io.Reader
	Inline func() io.Reader

	conn    *pgconn.PgConn
	prefix  string                 // of what is said about the statement at hand
	tables  map[statement.Ref]bool // relations of PostgreSQL's that are known to be no streams
	from    io.Reader              // what \copy reads, nil in other statements
	to      io.Writer              // what \copy writes
	closers []func() error         // of what \copy has opened
}

// Close ends the connection, and with it a transaction that is open.
func (s *Session) Close() {
	if s.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = s.conn.Close(ctx)
	}
}

// Script carries out the statements of a text in order and stops at the first
// that fails, or at \q. Name stands before messages, with the line; "" for none.
func (s *Session) Script(ctx context.Context, name string, text io.Reader) error {
	all := &script{from: text}
	if name != "" { // a file, with data in it; behind -c it comes from standard input
		s.Inline = func() io.Reader { return &inline{script: all} }
		defer func() { s.Inline = nil }()
	}
	for {
		piece, err := all.next()
		if err != nil || piece.Text == "" || piece.Text == `\q` {
			return err
		}
		if err := s.Piece(ctx, name, piece); err != nil {
			return err
		}
	}
}

// Piece carries out one statement. An error of SQL is printed and becomes
// [ErrReported]; others (a server that does not answer) are the caller's to print.
func (s *Session) Piece(ctx context.Context, name string, piece statement.Piece) error {
	text := piece.Text
	if piece.Terminated && !piece.Backslash() {
		text += ";"
	}
	s.prefix = ""
	if name != "" {
		s.prefix = fmt.Sprintf("%s:%d: ", name, piece.Line)
	}
	var err error
	if piece.Backslash() {
		text, err = s.backslash(ctx, text)
	} else {
		err = s.execute(ctx, text)
	}
	report, ok := reportOf(s.aboutStream(ctx, err, text), text)
	if !ok {
		return err
	}
	if name != "" && report.Statement == text && report.Position > 0 {
		runes := []rune(text)
		line := piece.Line + strings.Count(string(runes[:min(report.Position-1, len(runes))]), "\n")
		s.prefix = fmt.Sprintf("%s:%d: ", name, line)
	}
	report.Write(s.Err, s.prefix)
	return ErrReported
}

// reportOf finds what there is to print, with the way out as the hint where
// PostgreSQL gives none.
func reportOf(err error, text string) (psql.Report, bool) {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return psql.Report{}, false
	}
	report, ok := psql.ReportOf(err, text)
	var explained *sink.Explained
	if ok && report.Hint == "" && errors.As(sink.Explain(err), &explained) {
		report.Hint = sentence(explained.WayOut)
	}
	return report, ok
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func (s *Session) execute(ctx context.Context, text string) error {
	parsed, err := statement.Parse(text)
	if err != nil {
		return err
	}
	switch p := parsed.(type) {
	case *statement.Postgres:
		return s.postgres(ctx, text)
	case *statement.Insert:
		return s.insert(ctx, text, p)
	case *statement.Copy:
		return s.copy(ctx, text, p)
	case *statement.FlushCall:
		if err := s.Millrace.Flush(ctx); err != nil {
			return err
		}
		flushed := psql.Table{Columns: []psql.Column{{Name: "flush"}}, Rows: [][]string{{""}}}
		return flushed.Write(s.Out)
	}
	ours, err := s.Millrace.Ours(ctx, parsed)
	if err != nil {
		return err
	}
	if !ours {
		return s.postgres(ctx, text)
	}
	return s.millrace(ctx, text)
}

func (s *Session) millrace(ctx context.Context, text string) error {
	if s.InTransaction() {
		words, n := strings.Fields(strings.ToUpper(text)), 2
		if slices.Contains(words[:min(2, len(words))], "CONTINUOUS") {
			n = 3
		}
		return &datum.Error{
			Code: "25001", Message: strings.Join(words[:min(n, len(words))], " ") + " of Millrace cannot run inside a transaction block",
			Hint: "COMMIT or ROLLBACK first: streams and continuous views are made in Kafka too, which takes no part in the transaction.",
		}
	}
	s.tables = nil
	result, err := s.Millrace.Execute(ctx, text)
	if errors.Is(err, ddl.ErrNotOurs) {
		return s.postgres(ctx, text)
	}
	for _, notice := range result.Notices {
		psql.Notice(notice).Write(s.Err, s.prefix)
	}
	if err != nil {
		return withoutForeignPosition(err)
	}
	if result.Rows != nil {
		plan := psql.Table{Columns: []psql.Column{{Name: "QUERY PLAN"}}}
		for _, row := range result.Rows {
			plan.Rows = append(plan.Rows, []string{row})
		}
		return plan.Write(s.Out)
	}
	_, err = fmt.Fprintln(s.Out, result.Tag)
	return err
}

// withoutForeignPosition drops a position that is in a statement of Millrace's
// own making, which nobody sees.
func withoutForeignPosition(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		plain := *pg
		plain.Position = 0
		return &plain
	}
	return err
}

// InTransaction reports whether a transaction block is open.
func (s *Session) InTransaction() bool { return s.TxStatus() != 'I' }

// TxStatus is 'I' outside of a transaction block, 'T' in one, 'E' in one that failed.
func (s *Session) TxStatus() byte {
	if s.conn == nil || s.conn.IsClosed() {
		return 'I'
	}
	return s.conn.TxStatus()
}

// cancelWait is how long the server has to answer a cancel request.
const cancelWait = 3 * time.Second

// connect connects where there is no connection, or none that lives.
func (s *Session) connect(ctx context.Context) error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	config, err := pgconn.ParseConfig(s.URL)
	if err != nil {
		return errors.New("MILLRACE_DATABASE_URL cannot be read") // Validate says more before
	}
	config.ConnectTimeout = s.ConnectTimeout
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "millrace sql"
	}
	config.RuntimeParams["client_encoding"] = "UTF8"
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { psql.NoticeOf(n).Write(s.Err, s.prefix) }
	// The first Ctrl-C cancels the statement, not the connection.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelWait}
	}
	s.conn, err = pgconn.ConnectConfig(ctx, config)
	if err != nil {
		s.conn = nil
		return err
	}
	return nil
}
